//! What a server learns of the address of who asks it.

use std::net::IpAddr;

use super::answers::{Answer, answer, assert_answered};
use super::asking::{CLIENT, SERVER, address_of, ask_patiently, client_beside, server};
use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

pub(super) const POD_TO_POD_NO_NAT: Case = Case {
    id: "network/pod-to-pod-no-nat",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_on_one_node(stage)),
    judge: |seen, say| judge_peer(seen, say, true),
};

pub(super) const NODE_TO_NODE_NO_NAT: Case = Case {
    id: "network/node-to-node-no-nat",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_across_nodes(stage)),
    judge: |seen, say| judge_peer(seen, say, false),
};

async fn ask_on_one_node(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, SERVER).await?;
    let client = client_beside(stage, &server).await?;
    ask_who_asks(stage, &server, &client).await
}

/// The manifest keeps the client away from the server's node.
async fn ask_across_nodes(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, SERVER).await?;
    let client = stage.create(CLIENT).await?;
    stage.until_reported(&client, CLIENT, 0, "hold").await?;
    ask_who_asks(stage, &server, &client).await
}

async fn ask_who_asks(stage: &Stage, server: &PodRef, client: &PodRef) -> Result<(), Blocked> {
    stage.until_running(server).await?;
    address_of(stage, client).await?;
    let address = address_of(stage, server).await?;
    ask_patiently(stage, "who-asks", client, (&address, 8080)).await
}

fn judge_peer(seen: &Evidence, say: &mut Inquiry, one_node: bool) -> Result<(), Missing> {
    let (server, client) = (&seen.applied(SERVER, 0)?.uid, seen.last(&seen.applied(CLIENT, 0)?.uid)?);
    let (here, there) = (seen.last(server)?.node(), client.node());
    let known = here.is_some() && there.is_some();
    let what = if one_node { "both pods on one node" } else { "the pods on two nodes" };
    Inquiry::premise(what, known && (here == there) == one_node)?;
    let address = client.ip().ok_or_else(|| Missing::new("the client's address"))?;
    // Who comes from the loopback address is a proxy in the server's own pod: the network had no part in that.
    if let Answer::Page(_, body) = answer(seen, "who-asks")?.value {
        let peer = body.rsplit(' ').next().and_then(|peer| peer.parse::<IpAddr>().ok());
        let from_within = peer.is_some_and(|peer| peer.is_loopback());
        Inquiry::premise(&format!("a server that no proxy of its pod asks ({body:?})"), !from_within)?;
    }
    let expected = format!("{} {address}", seen.token);
    assert_answered(seen, say, "server-sees-the-clients-address", ("who-asks", &expected))
}
