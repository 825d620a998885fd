//! What the cluster's name server says of services.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::time::Instant;

use super::asking::{CLIENT, address_of, client_beside, cluster_ip, ready_servers, server, until_told_ready};
use super::readiness::premise_ready_since;
use crate::cases::case::Case;
use crate::evidence::{Evidence, Exec, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

const SERVICE: &str = "echo";
const REPLICAS: [&str; 3] = ["one", "two", "three"];

/// The labels of the look-up that is judged, and of those that only wait.
const RESOLVE: &str = "resolve";
const READY: &str = "ready";

pub(super) const DNS_SERVICE: Case = Case {
    id: "network/dns-service",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look_up_one(stage)),
    judge: judge_one_address,
};

pub(super) const DNS_HEADLESS: Case = Case {
    id: "network/dns-headless",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look_up_all(stage)),
    judge: judge_all_addresses,
};

/// Asks for the addresses of the service that are of the version of `address`. A new name needs time.
async fn look_up(stage: &Stage, label: &str, client: &PodRef, address: &str) -> Result<Exec, Blocked> {
    let kind = if address.contains(':') { "AAAA" } else { "A" };
    let asked = ["resolve", "--name", SERVICE, "--type", kind, "--retry-for", "15"];
    stage.probe(label, client, CLIENT, &asked).await
}

async fn look_up_one(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, "server").await?;
    let client = client_beside(stage, &server).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    look_up(stage, RESOLVE, &client, &service).await.map(drop)
}

/// The service is made when all its pods are ready, so that its name has all of them from its beginning.
async fn look_up_all(stage: &Stage) -> Result<(), Blocked> {
    let servers = ready_servers(stage, &REPLICAS).await?;
    let client = client_beside(stage, &servers[0]).await?;
    let first = address_of(stage, &servers[0]).await?;
    stage.apply(SERVICE).await?;
    for server in &servers {
        until_told_ready(stage, SERVICE, server).await?;
    }
    // The name server hears of it later, and of one pod maybe before the others.
    let begun = Instant::now();
    while begun.elapsed() < stage.budgets().controller() {
        let exec = look_up(stage, READY, &client, &first).await?;
        let report =
            exec.stdout.lines().filter_map(ProbeReport::parse).find(|report| report.verb() == "resolve");
        let addresses = report.as_ref().and_then(|report| report.field("addresses").ok()?.as_array());
        if addresses.is_some_and(|addresses| addresses.len() >= REPLICAS.len()) {
            break;
        }
        stage.probe(READY, &client, CLIENT, &["pause", "--ms", "500"]).await?;
    }
    look_up(stage, RESOLVE, &client, &first).await.map(drop)
}

/// The addresses of the service's name. That there is none may mean that the name server has not heard of it yet.
fn addresses(seen: &Evidence) -> Result<(BTreeSet<String>, String), Missing> {
    let report = seen.exec_report(RESOLVE, "resolve")?;
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
