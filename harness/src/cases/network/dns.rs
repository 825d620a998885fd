//! DNS records of services.

use std::collections::BTreeSet;

use serde_json::Value;

use super::client::{
    CLIENT, cluster_ip, create_client_beside, create_ready_servers, create_server, until_endpoint_ready,
    until_pod_ip,
};
use super::readiness::premise_endpoint_stays_ready;
use crate::cases::case::Case;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Exec, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const SERVICE: &str = "echo";
const REPLICAS: [&str; 3] = ["one", "two", "three"];

/// The labels of the lookup that is judged, and of the lookups that only wait.
const RESOLVE: &str = "resolve";
const READY: &str = "ready";

pub(super) const DNS_SERVICE: Case = Case {
    id: "network/dns-service",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look_up_one(stage)),
    judge: judge_one_address,
};

pub(super) const DNS_HEADLESS: Case = Case {
    id: "network/dns-headless",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look_up_all(stage)),
    judge: judge_all_addresses,
};

/// Looks up the service's addresses of the same IP family as `address`. Retries, because a new name takes time to
/// resolve.
async fn look_up(stage: &Stage, label: &str, client: &PodRef, address: &str) -> Result<Exec, StageError> {
    let kind = if address.contains(':') { "AAAA" } else { "A" };
    let asked = ["resolve", "--name", SERVICE, "--type", kind, "--retry-for", "15"];
    stage.probe(label, client, CLIENT, &asked).await
}

async fn look_up_one(stage: &Stage) -> Result<(), StageError> {
    let server = create_server(stage, "server").await?;
    let client = create_client_beside(stage, &server).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    look_up(stage, RESOLVE, &client, &service).await.map(drop)
}

/// Creates the service when all its pods are ready, so that its name has all of them from the start.
async fn look_up_all(stage: &Stage) -> Result<(), StageError> {
    let servers = create_ready_servers(stage, &REPLICAS).await?;
    let client = create_client_beside(stage, &servers[0]).await?;
    let first = until_pod_ip(stage, &servers[0]).await?;
    stage.apply(SERVICE).await?;
    for server in &servers {
        until_endpoint_ready(stage, SERVICE, server).await?;
    }
    // The DNS server learns of the pods later, possibly of one before the others.
    let attempt = || async {
        let exec = look_up(stage, READY, &client, &first).await?;
        let report =
            exec.stdout.lines().filter_map(ProbeReport::parse).find(|report| report.verb() == "resolve");
        let addresses = report.as_ref().and_then(|report| report.field("addresses").ok()?.as_array());
        let has_all = addresses.is_some_and(|addresses| addresses.len() >= REPLICAS.len());
        if !has_all {
            stage.probe(READY, &client, CLIENT, &["pause", "--ms", "500"]).await?;
        }
        Ok(has_all)
    };
    let what = format!("an address of service {SERVICE} for each of its pods");
    stage.repeat_until(&what, stage.budgets().controller(), attempt).await?;
    look_up(stage, RESOLVE, &client, &first).await.map(drop)
}

/// Returns the addresses of the service's name. Requires at least one: the DNS server may not know the name yet.
fn addresses(seen: &Evidence) -> Result<(BTreeSet<String>, String), Missing> {
    let report = seen.exec_report(RESOLVE, "resolve")?;
    Inquiry::premise(&format!("an address ({})", report.value), report.value.present()?)?;
    let addresses = report.value.field("addresses")?.as_array().cloned().unwrap_or_default();
    Ok((addresses.iter().filter_map(Value::as_str).map(str::to_owned).collect(), report.pointer))
}

fn judge_one_address(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let service = seen.object(&seen.applied(SERVICE, 0)?.uid)?;
    let expected = service.text("/spec/clusterIP").ok_or_else(|| Missing::new("the service's address"))?;
    let (actual, pointer) = addresses(seen)?;
    inquiry.assert_equal("is-the-services-address", &BTreeSet::from([expected.to_owned()]), &actual, pointer);
    Ok(())
}

fn judge_all_addresses(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let mut expected = BTreeSet::new();
    for name in REPLICAS {
        let uid = &seen.applied(name, 0)?.uid;
        premise_endpoint_stays_ready(seen, SERVICE, uid)?;
        let address =
            seen.pod(uid)?.ip().ok_or_else(|| Missing::new(format!("the address of pod {name}")))?;
        expected.insert(address.to_owned());
    }
    let (actual, pointer) = addresses(seen)?;
    inquiry.assert_equal("is-all-the-pods-addresses", &expected, &actual, pointer);
    Ok(())
}
