//! Node ports and host ports.

use super::answers::{assert_response, premise_any_response, premise_response};
use super::client::{
    BEACON, CLIENT, MARKER, SERVER, create_client_beside, create_ready_servers, create_server, node_port,
    premise_listening, request_with_retries, until_endpoint_ready, until_pod_ip, until_proxy_synced,
};
use super::readiness::premise_endpoint_stays_ready;
use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::cases::two_pods::premise_one_node;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Kind, Missing, SeenObject, SeenPod};
use podproof_core::judge::Inquiry;

pub(super) const NODEPORT_EVERY_NODE: Case = Case {
    id: "network/nodeport-every-node",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_every_node(stage)),
    judge: judge_every_node,
};

pub(super) const HOSTPORT: Case = Case {
    id: "network/hostport",
    pod_profile: PodProfile::Privileged,
    allows: &[Disturbance::Reason("NodePorts")],
    drive: |stage| Box::pin(take_a_host_port(stage)),
    judge: judge_host_port,
};

const SERVICE: &str = "echo";

/// Returns the label of the request to a node.
fn label(node: &SeenObject) -> String {
    format!("node-{}", node.name)
}

/// Returns the node's `InternalIP`.
fn internal_address(node: &SeenObject) -> Option<&str> {
    let addresses = node.object.pointer("/status/addresses")?.as_array()?;
    addresses.iter().find(|one| one["type"] == "InternalIP")?["address"].as_str()
}

async fn request_every_node(stage: &Stage) -> Result<(), StageError> {
    let server = create_server(stage, SERVER).await?;
    let client = create_client_beside(stage, &server).await?;
    create_ready_servers(stage, &[BEACON]).await?;
    let port = node_port(&stage.apply(SERVICE).await?);
    until_endpoint_ready(stage, SERVICE, &server).await?;
    until_proxy_synced(stage, &client, MARKER).await?;
    for node in stage.look_at_nodes().await? {
        if let Some(address) = internal_address(&node) {
            request_with_retries(stage, &label(&node), &client, (address, port)).await?;
        }
    }
    Ok(())
}

fn judge_every_node(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let server = &seen.applied(SERVER, 0)?.uid;
    premise_listening(seen, server, SERVER)?;
    premise_endpoint_stays_ready(seen, SERVICE, server)?;
    premise_response(seen, MARKER, BEACON)?;
    let here = seen.pod(&seen.applied(CLIENT, 0)?.uid)?.node();
    let nodes = || seen.objects.iter().filter(|object| object.kind == Kind::Node);
    let (own, others): (Vec<_>, Vec<_>) = nodes().partition(|node| here == Some(&node.name));
    Inquiry::premise("the client's node", !own.is_empty())?;
    for node in own {
        assert_response(seen, inquiry, "every-node-answers", (&label(node), &seen.token))?;
    }
    for node in others {
        // The proxies of other nodes may not know the service yet.
        premise_any_response(seen, &label(node))?;
        assert_response(seen, inquiry, "every-node-answers", (&label(node), &seen.token))?;
    }
    Ok(())
}

const SECOND: &str = "second";

async fn take_a_host_port(stage: &Stage) -> Result<(), StageError> {
    let server = create_server(stage, SERVER).await?;
    let client = create_client_beside(stage, &server).await?;
    until_pod_ip(stage, &server).await?;
    let host_address = |seen: &SeenPod| Some((seen.host_ip()?.to_owned(), host_port(seen)?));
    let (address, port) =
        stage.until_pod("the node's port", stage.budgets().pod_running(), &server, host_address).await?;
    request_with_retries(stage, "by-node", &client, (&address, port)).await?;
    let second = stage.create_beside(SECOND, &server).await?;
    let decided = |seen: &SeenPod| matches!(seen.phase(), "Running" | "Succeeded" | "Failed").then_some(());
    stage.until_pod("the second pod to run or to end", stage.budgets().pod_running(), &second, decided).await
}

fn host_port(seen: &SeenPod) -> Option<u16> {
    let ports =
        seen.pod.spec.as_ref()?.containers.iter().flat_map(|container| container.ports.iter().flatten());
    ports.filter_map(|port| port.host_port).find_map(|port| u16::try_from(port).ok())
}

fn judge_host_port(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (server, second) = (&seen.applied(SERVER, 0)?.uid, &seen.applied(SECOND, 0)?.uid);
    premise_listening(seen, server, SERVER)?;
    premise_one_node(seen, server, &seen.applied(CLIENT, 0)?.uid)?;
    assert_response(seen, inquiry, "reached-by-the-node", ("by-node", &seen.token))?;

    premise_one_node(seen, server, second)?;
    let second = seen.pod(second)?;
    let reason = second.reason().unwrap_or_default();
    let outcome = format!("{} {reason}", second.phase());
    Inquiry::premise(&format!("a second pod that is not pending ({outcome})"), second.phase() != "Pending")?;
    // The claim says nothing about pods that a node rejects for other reasons.
    let decided = reason.is_empty() || reason == "NodePorts";
    Inquiry::premise(&format!("no other status reason of the second pod ({outcome})"), decided)?;
    inquiry.assert_equal(
        "second-does-not-fit",
        &"Failed NodePorts",
        &outcome.as_str(),
        format!("timeline/{SECOND}"),
    );
    Ok(())
}
