//! Connecting to a pod by its IP and through the API server.

use super::answers::{Response, assert_refused, assert_response, premise_response};
use super::client::{
    CLIENT, SERVER, create_client_beside, create_server, premise_listening, request_once,
    request_with_retries, until_pod_ip,
};
use crate::cases::case::Case;
use crate::cases::container_restart::{End, MAIN, PAIR, premise_restarted_after_exit, restart_main_once};
use crate::cases::exit_code;
use crate::cases::premise::Disturbance;
use crate::cases::two_pods::premise_one_node;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport, SeenPod};
use podproof_core::judge::Inquiry;

/// The length of a `/proc` clock tick, which is 1/100 s on every architecture.
const NANOSECONDS_PER_TICK: u64 = 10_000_000;

pub(super) const LOOPBACK_NOT_EXPOSED: Case = Case {
    id: "network/loopback-not-exposed",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_and_forward(stage)),
    judge: judge_loopback,
};

pub(super) const UNDECLARED_PORT_REACHABLE: Case = Case {
    id: "network/undeclared-port-reachable",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_pod_ip(stage, 5000)),
    judge: judge_direct,
};

pub(super) const NODE_TO_POD: Case = Case {
    id: "network/node-to-pod",
    pod_profile: PodProfile::Privileged,
    allows: &[],
    drive: |stage| Box::pin(request_pod_ip(stage, 8080)),
    judge: judge_from_node,
};

pub(super) const PORT_FORWARD: Case = Case {
    id: "network/port-forward",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(forward_to_both(stage)),
    judge: judge_forwards,
};

pub(super) const IP_SURVIVES_CONTAINER_RESTART: Case = Case {
    id: "network/ip-survives-container-restart",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN)],
    drive: |stage| Box::pin(request_after_restart(stage)),
    judge: judge_same_address,
};

async fn request_and_forward(stage: &Stage) -> Result<(), StageError> {
    let server = create_server(stage, SERVER).await?;
    stage.until_reported(&server, "outside", 0, "serve").await?;
    let client = create_client_beside(stage, &server).await?;
    let address = until_pod_ip(stage, &server).await?;
    request_with_retries(stage, "outside", &client, (&address, 8081)).await?;
    request_once(stage, "inside", &client, (&address, 8080)).await?;
    forward(stage, "forwarded", &server).await
}

/// Sends a request through the API server, and then runs `identity` in the server's container.
async fn forward(stage: &Stage, label: &str, server: &PodRef) -> Result<(), StageError> {
    stage.fetch(label, server, 8080, "/").await?;
    stage.probe(&identity_label(label), server, SERVER, &["identity"]).await.map(drop)
}

/// Returns the label of the `identity` command after the request `label`.
fn identity_label(label: &str) -> String {
    format!("{label}-there")
}

/// Requires that the server process that listened before the request `label` still ran after it.
fn premise_same_server(seen: &Evidence, uid: &str, label: &str) -> Result<(), Missing> {
    let began = seen.exec_report(&identity_label(label), "identity")?.value.number("pid1_start_ticks")?;
    let listened = since_boot(&seen.log_report(uid, SERVER, 0, "serve")?.value)?;
    let is_same = began.checked_mul(NANOSECONDS_PER_TICK).is_some_and(|began| began <= listened);
    Inquiry::premise(&format!("the first server process after the request {label}"), is_same)
}

/// Returns the time of a report, in nanoseconds since the node's boot.
fn since_boot(report: &ProbeReport) -> Result<u64, Missing> {
    let at = report.field("at")?.get("boottime_ns").and_then(serde_json::Value::as_u64);
    at.ok_or_else(|| Missing::new("the time of a report"))
}

fn judge_loopback(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SERVER, 0)?.uid;
    premise_listening(seen, uid, SERVER)?;
    premise_response(seen, "outside", "outside")?;
    assert_refused(seen, inquiry, "refused-by-address", "inside")?;
    assert_forwarded(seen, inquiry, "reached-by-port-forward", (uid, "forwarded", &seen.token))
}

/// Asserts that a request through the API server was answered with `body`.
fn assert_forwarded(
    seen: &Evidence,
    inquiry: &mut Inquiry,
    assertion: &str,
    (uid, label, body): (&str, &str, &str),
) -> Result<(), Missing> {
    let fetch = seen.fetch(label)?;
    let response = match &fetch.answer {
        Ok((status, body)) => Response::Http(u64::from(*status), body.clone()),
        Err(why) if port_is_closed(why, fetch.port) => Response::Refused("connection refused".to_owned()),
        Err(why) => return Err(Missing::new(format!("the response to the request {label} ({why})"))),
    };
    response.premise_own_server(seen, label)?;
    premise_same_server(seen, uid, label)?;
    let expected = format!("status 200 and {body:?}");
    inquiry.assert(
        assertion,
        response.is_ok_with(body),
        expected,
        response.to_string(),
        format!("fetches/{label}"),
    );
    Ok(())
}

/// Returns whether the error says that nothing listens on the port in the pod. A refused connection on the way there,
/// for example to a stopped kubelet, does not count.
fn port_is_closed(why: &str, port: u16) -> bool {
    let refused = |host| why.contains(&format!("{host}:{port}: connect: connection refused"));
    refused("127.0.0.1") || refused("[::1]")
}

async fn request_pod_ip(stage: &Stage, port: u16) -> Result<(), StageError> {
    let server = create_server(stage, SERVER).await?;
    let client = create_client_beside(stage, &server).await?;
    let address = until_pod_ip(stage, &server).await?;
    request_with_retries(stage, "direct", &client, (&address, port)).await
}

fn judge_direct(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    premise_listening(seen, &seen.applied(SERVER, 0)?.uid, SERVER)?;
    assert_response(seen, inquiry, "answers", ("direct", &seen.token))
}

fn judge_from_node(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (server, client) = (&seen.applied(SERVER, 0)?.uid, &seen.applied(CLIENT, 0)?.uid);
    premise_one_node(seen, server, client)?;
    let client = seen.pod(client)?;
    Inquiry::premise(
        "a client with the node's address",
        client.ip().is_some() && client.ip() == client.host_ip(),
    )?;
    judge_direct(seen, inquiry)
}

async fn forward_to_both(stage: &Stage) -> Result<(), StageError> {
    for name in ["one", "two"] {
        let pod = create_server(stage, name).await?;
        forward(stage, name, &pod).await?;
    }
    Ok(())
}

fn judge_forwards(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    for name in ["one", "two"] {
        let uid = &seen.applied(name, 0)?.uid;
        premise_listening(seen, uid, SERVER)?;
        assert_forwarded(seen, inquiry, "each-answers-for-itself", (uid, name, name))?;
    }
    Ok(())
}

async fn request_after_restart(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_main_once(stage, "serve", End::Killed("serve")).await?;
    let client = create_client_beside(stage, &pair).await?;
    let address = until_pod_ip(stage, &pair).await?;
    request_with_retries(stage, "after", &client, (&address, 8080)).await
}

fn judge_same_address(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, exit_code::SIGKILL)?;
    let addresses: Vec<_> = seen.states(uid).filter_map(SeenPod::ip).collect();
    let (Some(first), Some(last)) = (addresses.first(), addresses.last()) else {
        return Err(Missing::new("the pod's IP"));
    };
    inquiry.assert_equal("same-address", first, last, format!("timeline/{PAIR}"));
    let listening = seen.log_report(uid, MAIN, 1, "serve")?;
    Inquiry::premise("a server that listens again", listening.value.ok())?;
    let restarts = seen.container(uid, MAIN)?.value.restarts;
    Inquiry::premise(&format!("a server that was restarted once (not {restarts} times)"), restarts == 1)?;
    let request = seen.exec_report("after", "fetch")?;
    Inquiry::premise("a request to the first address", request.value.text("host")? == *first)?;
    assert_response(seen, inquiry, "reached-again", ("after", &seen.token))
}
