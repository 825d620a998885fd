//! What the containers of one pod share of the network.

use std::net::IpAddr;

use futures::future::try_join_all;
use serde_json::Value;

use super::answers::assert_answered;
use super::asking::{CLIENT, SERVER, ask_patiently, client_beside, premise_listening};
use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

const POD: &str = "three";
const MEMBERS: [&str; 3] = ["init", "left", "right"];
const OTHER: &str = "other";

/// What the system says to a server that may not have its port.
const BIND_REFUSALS: [&str; 2] = ["EADDRINUSE", "EACCES"];

pub(super) const SHARED_NETNS: Case = Case {
    id: "network/shared-netns",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(compare_networks(stage)),
    judge: judge_networks,
};

pub(super) const HOSTNAME: Case = Case {
    id: "network/hostname",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_for_names(stage)),
    judge: judge_names,
};

pub(super) const LOCALHOST: Case = Case {
    id: "network/localhost",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_localhost(stage)),
    judge: judge_localhost,
};

pub(super) const PORT_CONFLICT: Case = Case {
    id: "network/port-conflict",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(bind_twice(stage)),
    judge: judge_ports,
};

async fn until_all_reported(stage: &Stage, pod: &PodRef, names: &[&str], verb: &str) -> Result<(), Blocked> {
    try_join_all(names.iter().map(|name| stage.until_reported(pod, name, 0, verb))).await.map(drop)
}

async fn compare_networks(stage: &Stage) -> Result<(), Blocked> {
    let three = stage.create(POD).await?;
    // The numbers of namespaces can be compared on one node only.
    let other = stage.create_beside(OTHER, &three).await?;
    until_all_reported(stage, &three, &MEMBERS, "addresses").await?;
    stage.until_reported(&other, OTHER, 0, "addresses").await?;
    // Alive at one time: the kernel gives the number of a dead namespace to a new one.
    stage.probe("net-of-three", &three, MEMBERS[1], &["identity"]).await?;
    stage.probe("net-of-other", &other, OTHER, &["identity"]).await?;
    Ok(())
}

fn judge_networks(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (three, other) = (&seen.applied(POD, 0)?.uid, &seen.applied(OTHER, 0)?.uid);
    super::asking::premise_one_node(seen, three, other)?;
    let here = seen.exec_report("net-of-three", "identity")?;
    let link = here.value.namespace("net")?;
    let address = seen.last(three)?.ip().ok_or_else(|| Missing::new("the pod's address"))?;
    for member in MEMBERS {
        let told = seen.log_report(three, member, 0, "identity")?;
        say.assert_equal("one-namespace", &link, &told.value.namespace("net")?, told.pointer);
        let told = seen.log_report(three, member, 0, "addresses")?;
        let addresses = told.value.field("addresses")?;
        let all = addresses.as_array().map(Vec::as_slice).unwrap_or_default();
        let has_it = all.iter().any(|one| one["address"] == address);
        say.assert("the-pods-address", has_it, address, addresses.to_string(), told.pointer);
    }
    let elsewhere = seen.exec_report("net-of-other", "identity")?;
    // Where each pod has a kernel of its own, equal numbers mean nothing.
    let one_kernel = here.value.text("boot_id")? == elsewhere.value.text("boot_id")?;
    Inquiry::premise("both pods under one kernel", one_kernel)?;
    let theirs = elsewhere.value.namespace("net")?;
    say.assert_differ("another-in-another-pod", "network namespaces", &link, &theirs, elsewhere.pointer);
    Ok(())
}

async fn ask_for_names(stage: &Stage) -> Result<(), Blocked> {
    let three = stage.create(POD).await?;
    until_all_reported(stage, &three, &MEMBERS, "identity").await
}

fn judge_names(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let name = seen.last(uid)?.name();
    let first = seen.log_report(uid, MEMBERS[0], 0, "identity")?;
    for member in MEMBERS {
        let told = seen.log_report(uid, member, 0, "identity")?;
        say.assert_equal("is-the-pods-name", &name, &told.value.text("hostname")?, &told.pointer);
        let (one, other) = (first.value.namespace("uts")?, told.value.namespace("uts")?);
        say.assert_equal("one-namespace", &one, &other, &told.pointer);
    }
    Ok(())
}

/// The client is in the pod of the server, unless the manifest gives it one of its own.
async fn ask_localhost(stage: &Stage) -> Result<(), Blocked> {
    let server = super::asking::server(stage, "pair").await?;
    let apart = stage.objects().iter().any(|name| name == CLIENT);
    let client = if apart { client_beside(stage, &server).await? } else { server };
    stage.until_reported(&client, CLIENT, 0, "hold").await?;
    ask_patiently(stage, "localhost", &client, ("localhost", 8080)).await
}

fn judge_localhost(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
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
    say.assert("name-resolves", resolves, "loopback addresses", addresses.to_string(), asked.pointer);
    if !resolves {
        return Ok(());
    }
    assert_answered(seen, say, "answers-on-localhost", ("localhost", &seen.token))
}

async fn bind_twice(stage: &Stage) -> Result<(), Blocked> {
    let three = stage.create(POD).await?;
    until_all_reported(stage, &three, &["first", "second", "apart"], "serve").await
}

/// Which of the two is first does not matter.
fn judge_ports(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let apart = seen.log_report(uid, "apart", 0, "serve")?;
    Inquiry::errno_among(&apart.value, &BIND_REFUSALS)?;
    say.assert("another-port-is-free", apart.value.ok(), "a server", apart.value.to_string(), apart.pointer);
    let first = seen.log_report(uid, "first", 0, "serve")?;
    let second = seen.log_report(uid, "second", 0, "serve")?;
    for server in [&first, &second] {
        Inquiry::errno_among(&server.value, &BIND_REFUSALS)?;
    }
    let listening = usize::from(first.value.ok()) + usize::from(second.value.ok());
    say.assert_equal("one-gets-the-port", &1, &listening, format!("logs/{POD}"));
    for refused in [first, second].iter().filter(|told| !told.value.ok()) {
        let errno = refused.value.text("errno")?;
        say.assert_equal("the-other-is-told", &"EADDRINUSE", &errno, &refused.pointer);
    }
    Ok(())
}
