//! What the cluster's name server says of services.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::time::Instant;

use super::asking::{CLIENT, client_beside, ready_servers, server, until_told_ready};
use super::readiness::premise_ready_since;
use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const SERVICE: &str = "echo";
const REPLICAS: [&str; 3] = ["one", "two", "three"];

pub(super) const DNS_SERVICE: Case = Case {
    id: "network/dns-service",
    attire: Attire::Restricted,
    drive: |stage| Box::pin(look_up_one(stage)),
    judge: judge_one_address,
};

pub(super) const DNS_HEADLESS: Case = Case {
    id: "network/dns-headless",
    attire: Attire::Restricted,
    drive: |stage| Box::pin(look_up_all(stage)),
    judge: judge_all_addresses,
};

/// A new name needs time.
const RESOLVE: [&str; 5] = ["resolve", "--name", SERVICE, "--retry-for", "15"];

async fn look_up_one(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, "server").await?;
    let client = client_beside(stage, &server).await?;
    stage.apply(SERVICE).await?;
    stage.probe("resolve", &client, CLIENT, &RESOLVE).await.map(drop)
}

/// The service is made when all its pods are ready, so that its name has all of them from its beginning.
async fn look_up_all(stage: &Stage) -> Result<(), Blocked> {
    let servers = ready_servers(stage, &REPLICAS).await?;
    let client = client_beside(stage, &servers[0]).await?;
    stage.apply(SERVICE).await?;
    for server in &servers {
        until_told_ready(stage, SERVICE, server).await?;
    }
    // The name server hears of it later, and of one pod maybe before the others.
    let begun = Instant::now();
    while begun.elapsed() < stage.budgets().controller() {
        let exec = stage.probe("ready", &client, CLIENT, &RESOLVE).await?;
        let report = exec.stdout.lines().filter_map(ProbeReport::parse).find(|one| one.verb() == "resolve");
        let addresses = report.as_ref().and_then(|report| report.field("addresses").ok()?.as_array());
        if addresses.is_some_and(|addresses| addresses.len() >= REPLICAS.len()) {
            break;
        }
        stage.probe("ready", &client, CLIENT, &["pause", "--ms", "500"]).await?;
    }
    stage.probe("resolve", &client, CLIENT, &RESOLVE).await.map(drop)
}

/// The addresses of the service's name. That there is none may mean that the name server has not heard of it yet.
fn addresses(seen: &Evidence) -> Result<(BTreeSet<String>, String), Missing> {
    let report = seen.exec_report("resolve", "resolve")?;
    Inquiry::premise(&format!("an address ({})", report.value), report.value.present()?)?;
    let told = report.value.field("addresses")?.as_array().cloned().unwrap_or_default();
    Ok((told.iter().filter_map(Value::as_str).map(str::to_owned).collect(), report.pointer))
}

fn judge_one_address(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let service = seen.object(&seen.applied(SERVICE, 0)?.uid)?;
    let expected = service.text("/spec/clusterIP").ok_or_else(|| Missing::new("the service's address"))?;
    let (told, pointer) = addresses(seen)?;
    say.assert_equal("is-the-services-address", &BTreeSet::from([expected.to_owned()]), &told, pointer);
    Ok(())
}

fn judge_all_addresses(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let mut expected = BTreeSet::new();
    for name in REPLICAS {
        let uid = &seen.applied(name, 0)?.uid;
        premise_ready_since(seen, SERVICE, uid)?;
        let address =
            seen.last(uid)?.ip().ok_or_else(|| Missing::new(format!("the address of pod {name}")))?;
        expected.insert(address.to_owned());
    }
    let (told, pointer) = addresses(seen)?;
    say.assert_equal("is-all-the-pods-addresses", &expected, &told, pointer);
    Ok(())
}
