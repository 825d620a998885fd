//! Sending requests from a client pod to servers.
//!
//! Shared by the cases about the network. The client pod and its only container are called `client`. A server runs the
//! probe's `serve`, and usually responds with the case's token.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::Value;

use crate::stage::{ObjectRef, PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Exec, Missing, Observations, ProbeReport, SeenPod};
use podproof_core::judge::Inquiry;

pub(super) const CLIENT: &str = "client";
pub(super) const SERVER: &str = "server";

/// A server that responds with its name, and a service for it that is created to see whether the proxies are up to
/// date.
pub(super) const BEACON: &str = "beacon";
pub(super) const MARKER: &str = "marker";

/// Creates the client on the node of `other`, and waits until it holds.
pub(super) async fn create_client_beside(stage: &Stage, other: &PodRef) -> Result<PodRef, StageError> {
    let client = stage.create_beside(CLIENT, other).await?;
    stage.until_reported(&client, CLIENT, 0, "hold").await?;
    Ok(client)
}

/// Creates a server and waits until it listens.
pub(super) async fn create_server(stage: &Stage, name: &str) -> Result<PodRef, StageError> {
    let server = stage.create(name).await?;
    stage.until_reported(&server, SERVER, 0, "serve").await?;
    Ok(server)
}

/// Waits until the pod is ready.
pub(super) async fn until_ready(stage: &Stage, pod: &PodRef) -> Result<(), StageError> {
    let what = format!("pod {} ready", pod.name);
    let ready = |seen: &SeenPod| seen.all_containers_ready().then_some(());
    stage.until_pod(&what, stage.budgets().pod_running(), pod, ready).await
}

/// Creates servers and waits until all are ready. A service created afterwards has all of them from the start.
pub(super) async fn create_ready_servers(stage: &Stage, names: &[&str]) -> Result<Vec<PodRef>, StageError> {
    let servers = try_join_all(names.iter().map(|name| create_server(stage, name))).await?;
    try_join_all(servers.iter().map(|pod| until_ready(stage, pod))).await?;
    Ok(servers)
}

/// Waits until the pod has an IP, and returns it.
pub(super) async fn until_pod_ip(stage: &Stage, pod: &PodRef) -> Result<String, StageError> {
    let what = format!("the IP of pod {}", pod.name);
    stage.until_pod(&what, stage.budgets().pod_running(), pod, |seen| seen.ip().map(str::to_owned)).await
}

/// Returns the cluster IP of a service, or an empty string if it has none.
pub(super) fn cluster_ip(service: &ObjectRef) -> String {
    service.object.pointer("/spec/clusterIP").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Waits until the endpoint slices of `service` list the pod as ready.
pub(super) async fn until_endpoint_ready(
    stage: &Stage,
    service: &str,
    pod: &PodRef,
) -> Result<(), StageError> {
    let what = format!("pod {} behind service {service}", pod.name);
    let look = |seen: &Observations| {
        let ready = seen.endpoints(service).iter().any(|endpoint| endpoint.pod == pod.uid && endpoint.ready);
        if ready { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until(&what, stage.budgets().controller(), look).await
}

/// Waits until the proxy of the client's node has processed all earlier endpoint slices. Creates the service
/// `marker`, with only the beacon behind it: a proxy that knows this newer service knows the older changes too.
pub(super) async fn until_proxy_synced(
    stage: &Stage,
    client: &PodRef,
    marker: &str,
) -> Result<(), StageError> {
    let service = stage.apply(marker).await?;
    request_with_retries(stage, marker, client, (&cluster_ip(&service), 80)).await
}

/// Returns the node port of a service, or 0 if it has none.
pub(super) fn node_port(service: &ObjectRef) -> u16 {
    let port = service.object.pointer("/spec/ports/0/nodePort").and_then(Value::as_u64);
    port.and_then(|port| port.try_into().ok()).unwrap_or_default()
}

/// Sends one request from the client to `(host, port)`. The result is recorded under `label`.
pub(super) async fn request_once(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
) -> Result<(), StageError> {
    fetch_with(stage, label, client, place, &[]).await.map(drop)
}

/// Sends batches of 200 requests, each over a new connection, until the bodies of a batch satisfy `settled` or the
/// budget is spent; then sends one more batch under `label`. Proxies learn of changes with a delay.
pub(super) async fn request_in_batches(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
    settled: impl Fn(&BTreeSet<String>) -> bool,
) -> Result<(), StageError> {
    const MANY: [&str; 2] = ["--count", "200"];
    let what = format!("the awaited answers of {}:{}", place.0, place.1);
    let attempt = || async {
        let is_settled = settled(&distinct_bodies(&fetch_with(stage, READY, client, place, &MANY).await?));
        if !is_settled {
            stage.probe(READY, client, CLIENT, &["pause", "--ms", "500"]).await?;
        }
        Ok(is_settled)
    };
    stage.repeat_until(&what, stage.budgets().controller(), attempt).await?;
    fetch_with(stage, label, client, place, &MANY).await.map(drop)
}

/// Returns the distinct bodies of a batch of requests.
fn distinct_bodies(exec: &Exec) -> BTreeSet<String> {
    let report = exec.stdout.lines().filter_map(ProbeReport::parse).find(|report| report.verb() == "fetch");
    let bodies = report.as_ref().and_then(|report| report.field("bodies").ok()?.as_object());
    bodies.into_iter().flat_map(|bodies| bodies.keys().cloned()).collect()
}

/// Sends requests until one gets status 200 or the controller budget is spent, and then one more under `label`. A new
/// network path takes time to work.
pub(super) async fn request_with_retries(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
) -> Result<(), StageError> {
    let what = format!("an answer of {}:{}", place.0, place.1);
    let attempt = || async {
        // One command may not run for the whole budget.
        let asked = ["--retry-for", "4", "--timeout-ms", "2000"];
        let exec = fetch_with(stage, READY, client, place, &asked).await?;
        Ok(exec.stdout.contains(r#""status":200"#))
    };
    stage.repeat_until(&what, stage.budgets().controller(), attempt).await?;
    request_once(stage, label, client, place).await
}

/// The label of requests that only wait.
pub(super) const READY: &str = "ready";

async fn fetch_with(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    (host, port): (&str, u16),
    more: &[&str],
) -> Result<Exec, StageError> {
    let port = port.to_string();
    let asked = ["fetch", "--host", host, "--port", &port];
    let verbs: Vec<_> = asked.iter().chain(more).copied().collect();
    stage.probe(label, client, CLIENT, &verbs).await
}

/// Requires that the server in this container listened.
pub(super) fn premise_listening(seen: &Evidence, uid: &str, container: &str) -> Result<(), Missing> {
    let listening = seen.log_report(uid, container, 0, "serve")?.value.ok();
    Inquiry::premise(&format!("a listening server in container {container}"), listening)
}
