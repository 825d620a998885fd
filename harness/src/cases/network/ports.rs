//! Ports of the nodes that lead to pods.

use super::answers::{assert_answered, premise_answered, premise_reached};
use super::asking::{
    BEACON, CLIENT, MARKER, SERVER, address_of, ask_patiently, client_beside, node_port, premise_listening,
    premise_one_node, ready_servers, server, until_proxied, until_told_ready,
};
use super::readiness::premise_ready_since;
use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Kind, Missing, SeenObject, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

pub(super) const NODEPORT_EVERY_NODE: Case = Case {
    id: "network/nodeport-every-node",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_every_node(stage)),
    judge: judge_every_node,
};

pub(super) const HOSTPORT: Case = Case {
    id: "network/hostport",
    attire: Attire::Privileged,
    expects: &[Expected::Reason("NodePorts")],
    drive: |stage| Box::pin(take_a_host_port(stage)),
    judge: judge_host_port,
};

const SERVICE: &str = "echo";

/// Under which name the answer of a node is kept.
fn label(node: &SeenObject) -> String {
    format!("node-{}", node.name)
}

/// The address by which the other nodes know a node.
fn internal_address(node: &SeenObject) -> Option<&str> {
    let addresses = node.object.pointer("/status/addresses")?.as_array()?;
    addresses.iter().find(|one| one["type"] == "InternalIP")?["address"].as_str()
}

async fn ask_every_node(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, SERVER).await?;
    let client = client_beside(stage, &server).await?;
    ready_servers(stage, &[BEACON]).await?;
    let port = node_port(&stage.apply(SERVICE).await?);
    until_told_ready(stage, SERVICE, &server).await?;
    until_proxied(stage, &client, MARKER).await?;
    for node in stage.look_at_nodes().await? {
        if let Some(address) = internal_address(&node) {
            ask_patiently(stage, &label(&node), &client, (address, port)).await?;
        }
    }
    Ok(())
}

fn judge_every_node(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let server = &seen.applied(SERVER, 0)?.uid;
    premise_listening(seen, server, SERVER)?;
    premise_ready_since(seen, SERVICE, server)?;
    premise_answered(seen, MARKER, BEACON)?;
    let here = seen.last(&seen.applied(CLIENT, 0)?.uid)?.node();
    let nodes = || seen.objects.iter().filter(|object| object.kind == Kind::Node);
    let (own, others): (Vec<_>, Vec<_>) = nodes().partition(|node| here == Some(&node.name));
    Inquiry::premise("the client's node", !own.is_empty())?;
    for node in own {
        assert_answered(seen, say, "every-node-answers", (&label(node), &seen.token))?;
    }
    for node in others {
        // The proxies of other nodes may be late.
        premise_reached(seen, &label(node))?;
        assert_answered(seen, say, "every-node-answers", (&label(node), &seen.token))?;
    }
    Ok(())
}

const SECOND: &str = "second";

async fn take_a_host_port(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, SERVER).await?;
    let client = client_beside(stage, &server).await?;
    address_of(stage, &server).await?;
    let place = |seen: &SeenPod| Some((seen.host_ip()?.to_owned(), host_port(seen)?));
    let (address, port) =
        stage.until_pod("the node's port", stage.budgets().pod_running(), &server, place).await?;
    ask_patiently(stage, "by-node", &client, (&address, port)).await?;
    let second = stage.create_beside(SECOND, &server).await?;
    let decided = |seen: &SeenPod| matches!(seen.phase(), "Running" | "Succeeded" | "Failed").then_some(());
    stage.until_pod("what becomes of the second pod", stage.budgets().pod_running(), &second, decided).await
}

fn host_port(seen: &SeenPod) -> Option<u16> {
    let ports =
        seen.pod.spec.as_ref()?.containers.iter().flat_map(|container| container.ports.iter().flatten());
    ports.filter_map(|port| port.host_port).find_map(|port| u16::try_from(port).ok())
}

fn judge_host_port(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (server, second) = (&seen.applied(SERVER, 0)?.uid, &seen.applied(SECOND, 0)?.uid);
    premise_listening(seen, server, SERVER)?;
    premise_one_node(seen, server, &seen.applied(CLIENT, 0)?.uid)?;
    assert_answered(seen, say, "reached-by-the-node", ("by-node", &seen.token))?;

    premise_one_node(seen, server, second)?;
    let second = seen.last(second)?;
    let reason = second.reason().unwrap_or_default();
    let told = format!("{} {reason}", second.phase());
    Inquiry::premise(&format!("an answer to the second pod ({told})"), second.phase() != "Pending")?;
    // A node may refuse a pod for other reasons, about which nothing is claimed.
    let decided = reason.is_empty() || reason == "NodePorts";
    Inquiry::premise(&format!("no other reason against the second pod ({told})"), decided)?;
    say.assert_equal(
        "second-does-not-fit",
        &"Failed NodePorts",
        &told.as_str(),
        format!("timeline/{SECOND}"),
    );
    Ok(())
}
