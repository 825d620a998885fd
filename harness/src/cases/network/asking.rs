//! Asking a server from a pod.
//!
//! Shared by the cases about the network. The pod that asks is called `client`, as its only container is; a server
//! has the probe's `serve` in it, and mostly answers with the case's token.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use serde_json::Value;
use tokio::time::Instant;

use crate::evidence::{Evidence, Exec, Missing, Observed, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, ObjectRef, PodRef, Progress, Stage};

pub(super) const CLIENT: &str = "client";
pub(super) const SERVER: &str = "server";

/// A server that says its name, and the services that are made later than what proxies are to know.
pub(super) const BEACON: &str = "beacon";
pub(super) const MARKER: &str = "marker";

/// Creates the client on the node of `other`, and waits until it can be used.
pub(super) async fn client_beside(stage: &Stage, other: &PodRef) -> Result<PodRef, Blocked> {
    let client = stage.create_beside(CLIENT, other).await?;
    stage.until_reported(&client, CLIENT, 0, "hold").await?;
    Ok(client)
}

/// Creates a server and waits until it listens.
pub(super) async fn server(stage: &Stage, name: &str) -> Result<PodRef, Blocked> {
    let server = stage.create(name).await?;
    stage.until_reported(&server, SERVER, 0, "serve").await?;
    Ok(server)
}

/// Waits until the pod is ready.
pub(super) async fn until_ready(stage: &Stage, pod: &PodRef) -> Result<(), Blocked> {
    let what = format!("pod {} ready", pod.name);
    let ready = |seen: &SeenPod| seen.is_ready().then_some(());
    stage.until_pod(&what, stage.budgets().pod_running(), pod, ready).await
}

/// Creates servers and waits until all are ready: a service that is made now has them all from its beginning.
pub(super) async fn ready_servers(stage: &Stage, names: &[&str]) -> Result<Vec<PodRef>, Blocked> {
    let servers = try_join_all(names.iter().map(|name| server(stage, name))).await?;
    try_join_all(servers.iter().map(|pod| until_ready(stage, pod))).await?;
    Ok(servers)
}

/// Waits until the pod has an address, and gives it.
pub(super) async fn address_of(stage: &Stage, pod: &PodRef) -> Result<String, Blocked> {
    let what = format!("the address of pod {}", pod.name);
    stage.until_pod(&what, stage.budgets().pod_running(), pod, |seen| seen.ip().map(str::to_owned)).await
}

/// The address that the API server gave a service.
pub(super) fn cluster_ip(service: &ObjectRef) -> String {
    service.object.pointer("/spec/clusterIP").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Waits until endpoint slices say that the pod is ready behind the service called `service`.
pub(super) async fn until_told_ready(stage: &Stage, service: &str, pod: &PodRef) -> Result<(), Blocked> {
    let what = format!("pod {} behind service {service}", pod.name);
    let look = |seen: &Observed| {
        let ready = seen.endpoints(service).iter().any(|endpoint| endpoint.pod == pod.uid && endpoint.ready);
        if ready { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until(&what, stage.budgets().controller(), look).await
}

/// Waits until the proxy of the client's node knows all that slices told before: then it knows a service that is
/// made after that. `marker` is such a service, with nothing but the beacon behind it.
pub(super) async fn until_proxied(stage: &Stage, client: &PodRef, marker: &str) -> Result<(), Blocked> {
    let service = stage.apply(marker).await?;
    ask_patiently(stage, marker, client, (&cluster_ip(&service), 80)).await
}

/// The port of every node that the API server gave a service; 0 where it gave none.
pub(super) fn node_port(service: &ObjectRef) -> u16 {
    let port = service.object.pointer("/spec/ports/0/nodePort").and_then(Value::as_u64);
    port.and_then(|port| port.try_into().ok()).unwrap_or_default()
}

/// Lets the client ask `host` on `port` once, where nobody is to answer; whatever comes of it is kept under `label`.
pub(super) async fn ask(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
) -> Result<(), Blocked> {
    ask_with(stage, label, client, place, &[]).await.map(drop)
}

/// Lets the client ask many times, each time over a new connection, until those who answer are as `settled` wants them,
/// and then as often once more: proxies learn of what changes at a time of their own.
pub(super) async fn ask_often(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
    settled: impl Fn(&BTreeSet<String>) -> bool,
) -> Result<(), Blocked> {
    const MANY: [&str; 2] = ["--count", "200"];
    let begun = Instant::now();
    loop {
        let exec = ask_with(stage, READY, client, place, &MANY).await?;
        if settled(&who_answered(&exec)) || begun.elapsed() >= stage.budgets().controller() {
            break;
        }
        stage.probe(READY, client, CLIENT, &["pause", "--ms", "500"]).await?;
    }
    ask_with(stage, label, client, place, &MANY).await.map(drop)
}

/// The texts in the answers to what was asked many times.
fn who_answered(exec: &Exec) -> BTreeSet<String> {
    let report = exec.stdout.lines().filter_map(ProbeReport::parse).find(|report| report.verb() == "fetch");
    let bodies = report.as_ref().and_then(|report| report.field("bodies").ok()?.as_object());
    bodies.into_iter().flat_map(|bodies| bodies.keys().cloned()).collect()
}

/// Lets the client ask until it gets a good answer, for half a minute, and then once more: a new way needs time.
pub(super) async fn ask_patiently(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
) -> Result<(), Blocked> {
    let begun = Instant::now();
    // One command may not take so long.
    while begun.elapsed() < stage.budgets().controller() {
        let exec =
            ask_with(stage, READY, client, place, &["--retry-for", "4", "--timeout-ms", "2000"]).await?;
        if exec.stdout.contains(r#""status":200"#) {
            break;
        }
    }
    ask(stage, label, client, place).await
}

/// The label of commands that only wait.
pub(super) const READY: &str = "ready";

async fn ask_with(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    (host, port): (&str, u16),
    more: &[&str],
) -> Result<Exec, Blocked> {
    let port = port.to_string();
    let asked = ["fetch", "--host", host, "--port", &port];
    let verbs: Vec<_> = asked.iter().chain(more).copied().collect();
    stage.probe(label, client, CLIENT, &verbs).await
}

/// Requires that the pods with these UIDs were on one node.
pub(super) fn premise_one_node(seen: &Evidence, one: &str, other: &str) -> Result<(), Missing> {
    let node = seen.last(one)?.node();
    Inquiry::premise("both pods on one node", node.is_some() && node == seen.last(other)?.node())
}

/// Requires that the server in this container listened.
pub(super) fn premise_listening(seen: &Evidence, uid: &str, container: &str) -> Result<(), Missing> {
    let listening = seen.log_report(uid, container, 0, "serve")?.value.ok();
    Inquiry::premise(&format!("a server that listens in container {container}"), listening)
}
