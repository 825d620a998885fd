//! Network resources that the containers of one pod share.

use std::net::IpAddr;

use futures::future::try_join_all;
use serde_json::Value;

use super::answers::assert_response;
use super::client::{CLIENT, SERVER, create_client_beside, premise_listening, request_with_retries};
use crate::cases::case::Case;
use crate::cases::two_pods::premise_one_node;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "three";
const CONTAINERS: [&str; 3] = ["init", "left", "right"];
const OTHER: &str = "other";

/// The errors of a server that cannot bind its port.
const BIND_REFUSALS: [&str; 2] = ["EADDRINUSE", "EACCES"];

pub(super) const SHARED_NETNS: Case = Case {
    id: "network/shared-netns",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(compare_networks(stage)),
    judge: judge_networks,
};

pub(super) const HOSTNAME: Case = Case {
    id: "network/hostname",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(report_hostnames(stage)),
    judge: judge_names,
};

pub(super) const LOCALHOST: Case = Case {
    id: "network/localhost",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_localhost(stage)),
    judge: judge_localhost,
};

pub(super) const PORT_CONFLICT: Case = Case {
    id: "network/port-conflict",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(bind_twice(stage)),
    judge: judge_ports,
};

async fn until_all_reported(
    stage: &Stage,
    pod: &PodRef,
    names: &[&str],
    verb: &str,
) -> Result<(), StageError> {
    try_join_all(names.iter().map(|name| stage.until_reported(pod, name, 0, verb))).await.map(drop)
}

async fn compare_networks(stage: &Stage) -> Result<(), StageError> {
    let three = stage.create(POD).await?;
    // Namespace numbers can be compared only on one node.
    let other = stage.create_beside(OTHER, &three).await?;
    until_all_reported(stage, &three, &CONTAINERS, "addresses").await?;
    stage.until_reported(&other, OTHER, 0, "addresses").await?;
    // Both pods must be alive at the same time: the kernel reuses the number of a namespace that is gone.
    stage.probe("net-of-three", &three, CONTAINERS[1], &["identity"]).await?;
    stage.probe("net-of-other", &other, OTHER, &["identity"]).await?;
    Ok(())
}

fn judge_networks(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (three, other) = (&seen.applied(POD, 0)?.uid, &seen.applied(OTHER, 0)?.uid);
    premise_one_node(seen, three, other)?;
    let here = seen.exec_report("net-of-three", "identity")?;
    let link = here.value.namespace("net")?;
    let address = seen.pod(three)?.ip().ok_or_else(|| Missing::new("the pod's IP"))?;
    for container in CONTAINERS {
        let identity = seen.log_report(three, container, 0, "identity")?;
        inquiry.assert_equal("one-namespace", &link, &identity.value.namespace("net")?, identity.pointer);
        let report = seen.log_report(three, container, 0, "addresses")?;
        let addresses = report.value.field("addresses")?;
        let all = addresses.as_array().map(Vec::as_slice).unwrap_or_default();
        let has_pod_ip = all.iter().any(|one| one["address"] == address);
        inquiry.assert("the-pods-address", has_pod_ip, address, addresses.to_string(), report.pointer);
    }
    let elsewhere = seen.exec_report("net-of-other", "identity")?;
    // If each pod has a kernel of its own, equal numbers mean nothing.
    let one_kernel = here.value.text("boot_id")? == elsewhere.value.text("boot_id")?;
    Inquiry::premise("both pods on one kernel", one_kernel)?;
    let theirs = elsewhere.value.namespace("net")?;
    inquiry.assert_differ("another-in-another-pod", "network namespaces", &link, &theirs, elsewhere.pointer);
    Ok(())
}

async fn report_hostnames(stage: &Stage) -> Result<(), StageError> {
    let three = stage.create(POD).await?;
    until_all_reported(stage, &three, &CONTAINERS, "identity").await
}

fn judge_names(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let name = seen.pod(uid)?.name();
    let first = seen.log_report(uid, CONTAINERS[0], 0, "identity")?;
    for container in CONTAINERS {
        let report = seen.log_report(uid, container, 0, "identity")?;
        inquiry.assert_equal("is-the-pods-name", &name, &report.value.text("hostname")?, &report.pointer);
        let (one, other) = (first.value.namespace("uts")?, report.value.namespace("uts")?);
        inquiry.assert_equal("one-namespace", &one, &other, &report.pointer);
    }
    Ok(())
}

/// The client is in the pod of the server, unless the manifest has a separate client pod.
async fn request_localhost(stage: &Stage) -> Result<(), StageError> {
    let server = super::client::create_server(stage, "pair").await?;
    let apart = stage.object_names().iter().any(|name| name == CLIENT);
    let client = if apart { create_client_beside(stage, &server).await? } else { server };
    stage.until_reported(&client, CLIENT, 0, "hold").await?;
    request_with_retries(stage, "localhost", &client, ("localhost", 8080)).await
}

fn judge_localhost(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    premise_listening(seen, &seen.applied("pair", 0)?.uid, SERVER)?;
    let asked = seen.exec_report("localhost", "fetch")?;
    let addresses = asked.value.field("addresses")?;
    let listed = addresses.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_loopback = |address: &Value| {
        address
            .as_str()
            .and_then(|text| text.parse::<IpAddr>().ok())
            .is_some_and(|address| address.is_loopback())
    };
    let resolves = !listed.is_empty() && listed.iter().all(is_loopback);
    inquiry.assert("name-resolves", resolves, "loopback addresses", addresses.to_string(), asked.pointer);
    if !resolves {
        return Ok(());
    }
    assert_response(seen, inquiry, "answers-on-localhost", ("localhost", &seen.token))
}

async fn bind_twice(stage: &Stage) -> Result<(), StageError> {
    let three = stage.create(POD).await?;
    until_all_reported(stage, &three, &["first", "second", "apart"], "serve").await
}

/// Either of the two servers may get the port.
fn judge_ports(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let apart = seen.log_report(uid, "apart", 0, "serve")?;
    Inquiry::errno_among(&apart.value, &BIND_REFUSALS)?;
    inquiry.assert(
        "another-port-is-free",
        apart.value.ok(),
        "a server",
        apart.value.to_string(),
        apart.pointer,
    );
    let first = seen.log_report(uid, "first", 0, "serve")?;
    let second = seen.log_report(uid, "second", 0, "serve")?;
    for server in [&first, &second] {
        Inquiry::errno_among(&server.value, &BIND_REFUSALS)?;
    }
    let listening = usize::from(first.value.ok()) + usize::from(second.value.ok());
    inquiry.assert_equal("one-gets-the-port", &1, &listening, format!("logs/{POD}"));
    for refused in [first, second].iter().filter(|server| !server.value.ok()) {
        let errno = refused.value.text("errno")?;
        inquiry.assert_equal("the-other-is-told", &"EADDRINUSE", &errno, &refused.pointer);
    }
    Ok(())
}
