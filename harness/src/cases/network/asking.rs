//! Asking a server from a pod, and what the answers mean.
//!
//! Shared by the cases about the network. The pod that asks is called `client`, as its only container is; a server
//! has the probe's `serve` in it, and mostly answers with the case's token.

use futures::future::try_join_all;
use serde_json::Value;

use crate::evidence::{Evidence, Exec, Fact, Missing, Observed, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, ObjectRef, PodRef, Progress, Stage};

pub(super) const CLIENT: &str = "client";
pub(super) const SERVER: &str = "server";

/// A server that says its name, and the services that are made later than what proxies are to know.
pub(super) const BEACON: &str = "beacon";
pub(super) const MARKER: &str = "marker";

/// What the network itself says where nobody answers. Silence is not among it.
const REFUSALS: [&str; 4] = ["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH"];

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

/// Lets the client ask `host` on `port`; whatever comes of it is kept under `label`.
pub(super) async fn ask(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
) -> Result<(), Blocked> {
    ask_with(stage, label, client, place, &[]).await.map(drop)
}

/// Lets the client ask many times, each time over a new connection.
pub(super) async fn ask_often(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
) -> Result<(), Blocked> {
    ask_with(stage, label, client, place, &["--count", "200"]).await.map(drop)
}

/// Lets the client ask until it gets a good answer, for half a minute, and then once more: a new way needs time.
pub(super) async fn ask_patiently(
    stage: &Stage,
    label: &str,
    client: &PodRef,
    place: (&str, u16),
) -> Result<(), Blocked> {
    // One command may not take so long.
    for _ in 0..4 {
        let exec =
            ask_with(stage, READY, client, place, &["--retry-for", "8", "--timeout-ms", "2000"]).await?;
        if exec.stdout.contains(r#""status":200"#) {
            break;
        }
    }
    ask(stage, label, client, place).await
}

/// The label of commands that only wait.
const READY: &str = "ready";

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

/// What the client learnt when it asked.
#[derive(Debug)]
pub(super) enum Answer {
    /// Somebody answered, with this HTTP status and body.
    Page(u64, String),
    /// The network said that nobody does.
    Refused(String),
}

impl Answer {
    /// Reads the answer in a report of the probe's `fetch`; silence is none.
    pub(super) fn read(report: &ProbeReport) -> Result<Self, Missing> {
        if report.ok() {
            return Ok(Self::Page(report.number("status")?, report.text("body")?.to_owned()));
        }
        match report.text("errno") {
            Ok(errno) if REFUSALS.contains(&errno) => Ok(Self::Refused(errno.to_owned())),
            _ => Err(Missing::new(format!("an answer of the network ({report})"))),
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Page(status, body) => format!("status {status} and {body:?}"),
            Self::Refused(errno) => format!("nobody ({errno})"),
        }
    }
}

/// Requires that it was a pod that answered what was asked under `label`, if anybody did: before a cluster knows of an
/// address of a service, requests to it leave the cluster, and who knows what answers there.
pub(super) fn premise_own_answer(seen: &Evidence, label: &str) -> Result<(), Missing> {
    let answer = answer(seen, label)?.value;
    let own = matches!(&answer, Answer::Page(200, _) | Answer::Refused(_));
    Inquiry::premise(&format!("an answer of a pod to {label} ({})", answer.told()), own)
}

/// Requires that somebody answered what was asked under `label`.
pub(super) fn premise_reached(seen: &Evidence, label: &str) -> Result<(), Missing> {
    let answer = answer(seen, label)?.value;
    let reached = matches!(answer, Answer::Page(..));
    Inquiry::premise(&format!("an answer to {label} ({})", answer.told()), reached)
}

/// The answer to what was asked under `label`.
fn answer(seen: &Evidence, label: &str) -> Result<Fact<Answer>, Missing> {
    let report = seen.exec_report(label, "fetch")?;
    Ok(Fact { value: Answer::read(&report.value)?, pointer: report.pointer })
}

/// Asserts that what was asked under `label` was answered, with `body`.
pub(super) fn assert_answered(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    (label, body): (&str, &str),
) -> Result<(), Missing> {
    let answer = answer(seen, label)?;
    let holds = matches!(&answer.value, Answer::Page(200, told) if told == body);
    say.assert(assertion, holds, format!("status 200 and {body:?}"), answer.value.told(), answer.pointer);
    Ok(())
}

/// Asserts that what was asked under `label` reached nobody, and that the network said so.
pub(super) fn assert_refused(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    label: &str,
) -> Result<(), Missing> {
    let answer = answer(seen, label)?;
    let holds = matches!(answer.value, Answer::Refused(_));
    say.assert(assertion, holds, "nobody", answer.value.told(), answer.pointer);
    Ok(())
}

/// Requires that what was asked under `label` was answered with `body`: the way there is no matter of doubt.
pub(super) fn premise_answered(seen: &Evidence, label: &str, body: &str) -> Result<(), Missing> {
    let answer = answer(seen, label)?.value;
    Inquiry::premise(
        &format!("{body:?} in answer to {label} ({})", answer.told()),
        matches!(&answer, Answer::Page(200, told) if told == body),
    )
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
