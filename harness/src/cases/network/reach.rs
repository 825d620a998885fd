//! How a pod is reached by its own address, by a port of its node, and through the API server.

use super::answers::{Answer, assert_answered, assert_refused, premise_answered};
use super::asking::{
    CLIENT, SERVER, address_of, ask, ask_patiently, client_beside, premise_listening, premise_one_node,
    server,
};
use crate::cases::case::Case;
use crate::cases::comeback::{End, MAIN, PAIR, came_back, end_once};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

/// The exit code of a process that SIGKILL ended.
const KILLED: i32 = 137;

/// `/proc` counts times in hundredths of a second on every architecture.
const NANOSECONDS_OF_A_TICK: u64 = 10_000_000;

pub(super) const LOOPBACK_NOT_EXPOSED: Case = Case {
    id: "network/loopback-not-exposed",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_both_ways(stage)),
    judge: judge_loopback,
};

pub(super) const UNDECLARED_PORT_REACHABLE: Case = Case {
    id: "network/undeclared-port-reachable",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_directly(stage, 5000)),
    judge: judge_direct,
};

pub(super) const NODE_TO_POD: Case = Case {
    id: "network/node-to-pod",
    attire: Attire::Privileged,
    expects: &[],
    drive: |stage| Box::pin(ask_directly(stage, 8080)),
    judge: judge_from_node,
};

pub(super) const PORT_FORWARD: Case = Case {
    id: "network/port-forward",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(forward_to_each(stage)),
    judge: judge_forwards,
};

pub(super) const IP_SURVIVES_CONTAINER_RESTART: Case = Case {
    id: "network/ip-survives-container-restart",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN)],
    drive: |stage| Box::pin(ask_after_restart(stage)),
    judge: judge_same_address,
};

async fn ask_both_ways(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, SERVER).await?;
    stage.until_reported(&server, "outside", 0, "serve").await?;
    let client = client_beside(stage, &server).await?;
    let address = address_of(stage, &server).await?;
    ask_patiently(stage, "outside", &client, (&address, 8081)).await?;
    ask(stage, "inside", &client, (&address, 8080)).await?;
    forward(stage, "forwarded", &server).await
}

/// Asks the server through the API server, and then its container who it is.
async fn forward(stage: &Stage, label: &str, server: &PodRef) -> Result<(), Blocked> {
    stage.fetch(label, server, 8080, "/").await?;
    stage.probe(&there(label), server, SERVER, &["identity"]).await.map(drop)
}

/// The label of the command that says who was there after the request called `label`.
fn there(label: &str) -> String {
    format!("{label}-there")
}

/// Requires that the server that listened before the request called `label` was there after it.
fn premise_there(seen: &Evidence, uid: &str, label: &str) -> Result<(), Missing> {
    let began = seen.exec_report(&there(label), "identity")?.value.number("pid1_start_ticks")?;
    let listened = since_boot(&seen.log_report(uid, SERVER, 0, "serve")?.value)?;
    let same = began.checked_mul(NANOSECONDS_OF_A_TICK).is_some_and(|began| began <= listened);
    Inquiry::premise(&format!("the server that listened first after the request {label}"), same)
}

/// When the probe reported, in nanoseconds since the node began.
fn since_boot(report: &ProbeReport) -> Result<u64, Missing> {
    let at = report.field("at")?.get("boottime_ns").and_then(serde_json::Value::as_u64);
    at.ok_or_else(|| Missing::new("the time of a report"))
}

fn judge_loopback(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SERVER, 0)?.uid;
    premise_listening(seen, uid, SERVER)?;
    premise_answered(seen, "outside", "outside")?;
    assert_refused(seen, say, "refused-by-address", "inside")?;
    assert_forwarded(seen, say, "reached-by-port-forward", (uid, "forwarded", &seen.token))
}

/// Asserts that a request through the API server was answered with `body`.
fn assert_forwarded(
    seen: &Evidence,
    say: &mut Inquiry,
    assertion: &str,
    (uid, label, body): (&str, &str, &str),
) -> Result<(), Missing> {
    let fetch = seen.fetch(label)?;
    let answer = match &fetch.answer {
        Ok((status, body)) => Answer::Page(u64::from(*status), body.clone()),
        Err(why) if nobody_in_the_pod(why, fetch.port) => Answer::Refused("connection refused".to_owned()),
        Err(why) => return Err(Missing::new(format!("the answer to the request {label} ({why})"))),
    };
    answer.premise_ours(seen, label)?;
    premise_there(seen, uid, label)?;
    let expected = format!("status 200 and {body:?}");
    say.assert(assertion, answer.is_page(body), expected, answer.to_string(), format!("fetches/{label}"));
    Ok(())
}

/// Whether this is the runtime's word that nobody listens on the port within the pod. A request may be refused on its way
/// there as well, by a kubelet that is not there for one, which says nothing.
fn nobody_in_the_pod(why: &str, port: u16) -> bool {
    let refused = |host| why.contains(&format!("{host}:{port}: connect: connection refused"));
    refused("127.0.0.1") || refused("[::1]")
}

async fn ask_directly(stage: &Stage, port: u16) -> Result<(), Blocked> {
    let server = server(stage, SERVER).await?;
    let client = client_beside(stage, &server).await?;
    let address = address_of(stage, &server).await?;
    ask_patiently(stage, "direct", &client, (&address, port)).await
}

fn judge_direct(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    premise_listening(seen, &seen.applied(SERVER, 0)?.uid, SERVER)?;
    assert_answered(seen, say, "answers", ("direct", &seen.token))
}

fn judge_from_node(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (server, client) = (&seen.applied(SERVER, 0)?.uid, &seen.applied(CLIENT, 0)?.uid);
    premise_one_node(seen, server, client)?;
    let client = seen.last(client)?;
    Inquiry::premise(
        "a client with the node's address",
        client.ip().is_some() && client.ip() == client.host_ip(),
    )?;
    judge_direct(seen, say)
}

async fn forward_to_each(stage: &Stage) -> Result<(), Blocked> {
    for name in ["one", "two"] {
        let pod = server(stage, name).await?;
        forward(stage, name, &pod).await?;
    }
    Ok(())
}

fn judge_forwards(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    for name in ["one", "two"] {
        let uid = &seen.applied(name, 0)?.uid;
        premise_listening(seen, uid, SERVER)?;
        assert_forwarded(seen, say, "each-answers-for-itself", (uid, name, name))?;
    }
    Ok(())
}

async fn ask_after_restart(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_once(stage, "serve", End::Killed("serve")).await?;
    let client = client_beside(stage, &pair).await?;
    let address = address_of(stage, &pair).await?;
    ask_patiently(stage, "after", &client, (&address, 8080)).await
}

fn judge_same_address(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, KILLED)?;
    let told: Vec<_> = seen.states(uid).filter_map(SeenPod::ip).collect();
    let (Some(first), Some(last)) = (told.first(), told.last()) else {
        return Err(Missing::new("the pod's address"));
    };
    say.assert_equal("same-address", first, last, format!("timeline/{PAIR}"));
    let listening = seen.log_report(uid, MAIN, 1, "serve")?;
    Inquiry::premise("a server that listens again", listening.value.ok())?;
    let again = seen.container(uid, MAIN)?.value.restarts;
    Inquiry::premise(&format!("a server that was restarted once (not {again} times)"), again == 1)?;
    let asked = seen.exec_report("after", "fetch")?;
    Inquiry::premise("a request to the first address", asked.value.text("host")? == *first)?;
    assert_answered(seen, say, "reached-again", ("after", &seen.token))
}
