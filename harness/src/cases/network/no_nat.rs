//! The client address that a server sees.

use std::net::IpAddr;

use super::answers::{Response, assert_response, response};
use super::client::{
    CLIENT, SERVER, create_client_beside, create_server, request_with_retries, until_pod_ip,
};
use crate::cases::case::Case;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

pub(super) const POD_TO_POD_NO_NAT: Case = Case {
    id: "network/pod-to-pod-no-nat",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_on_one_node(stage)),
    judge: |seen, inquiry| judge_peer(seen, inquiry, true),
};

pub(super) const NODE_TO_NODE_NO_NAT: Case = Case {
    id: "network/node-to-node-no-nat",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_across_nodes(stage)),
    judge: |seen, inquiry| judge_peer(seen, inquiry, false),
};

async fn request_on_one_node(stage: &Stage) -> Result<(), StageError> {
    let server = create_server(stage, SERVER).await?;
    let client = create_client_beside(stage, &server).await?;
    request_peer_address(stage, &server, &client).await
}

/// The manifest's anti-affinity keeps the client off the server's node.
async fn request_across_nodes(stage: &Stage) -> Result<(), StageError> {
    let server = create_server(stage, SERVER).await?;
    let client = stage.create(CLIENT).await?;
    stage.until_reported(&client, CLIENT, 0, "hold").await?;
    request_peer_address(stage, &server, &client).await
}

async fn request_peer_address(stage: &Stage, server: &PodRef, client: &PodRef) -> Result<(), StageError> {
    stage.until_running(server).await?;
    until_pod_ip(stage, client).await?;
    let address = until_pod_ip(stage, server).await?;
    request_with_retries(stage, "who-asks", client, (&address, 8080)).await
}

fn judge_peer(seen: &Evidence, inquiry: &mut Inquiry, one_node: bool) -> Result<(), Missing> {
    let (server, client) = (&seen.applied(SERVER, 0)?.uid, seen.pod(&seen.applied(CLIENT, 0)?.uid)?);
    let (here, there) = (seen.pod(server)?.node(), client.node());
    let known = here.is_some() && there.is_some();
    let what = if one_node { "both pods on one node" } else { "the pods on two nodes" };
    Inquiry::premise(what, known && (here == there) == one_node)?;
    let address = client.ip().ok_or_else(|| Missing::new("the client's IP"))?;
    // A request from a loopback address comes from a proxy in the server's pod, so it says nothing about the network.
    if let Response::Http(_, body) = response(seen, "who-asks")?.value {
        let peer = body.rsplit(' ').next().and_then(|peer| peer.parse::<IpAddr>().ok());
        let from_within = peer.is_some_and(|peer| peer.is_loopback());
        Inquiry::premise(
            &format!("a request that did not come from a proxy in the server's pod ({body:?})"),
            !from_within,
        )?;
    }
    let expected = format!("{} {address}", seen.token);
    assert_response(seen, inquiry, "server-sees-the-clients-address", ("who-asks", &expected))
}
