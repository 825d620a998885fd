//! The pod network of nodes that were made here: routes between nodes, and a pair of interfaces for each pod.

use std::time::Duration;

use futures::{StreamExt as _, pin_mut};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Node;
use kube::api::{DeleteParams, ListParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use serde_json::json;

use super::Host;
use super::error::Error;
use super::patience::while_active;
use super::program::{CommandError, Program};

/// Pods' addresses are in here unless a cluster's configuration says otherwise; kind's own default.
const POD_SUBNET: &str = "10.244.0.0/16";
/// The addresses that the first node of a cluster gets for its pods.
pub(super) const FIRST_NODE: &str = "10.244.0.0/24";
/// Where a node's container runtime looks for its network.
const CONFLIST: &str = "/etc/cni/net.d/10-podproof.conflist";
/// Services' addresses are in here unless a cluster's configuration says otherwise; kind's own default.
const SERVICE_SUBNET: &str = "10.96.0.0/16";
const PATIENCE: Duration = Duration::from_secs(60);

/// A node as the network sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    name: String,
    address: String,
    pods: String,
}

/// The network of a node whose pods have addresses in `pods`.
///
/// Pairs of interfaces rather than a bridge: all traffic is routed by the node, so that services work also
/// between pods of one node on hosts without bridge filtering.
pub(super) fn conflist(pods: &str) -> String {
    let ipam =
        json!({"type": "host-local", "ranges": [[{"subnet": pods}]], "routes": [{"dst": "0.0.0.0/0"}]});
    let plugins = json!([
        {"type": "ptp", "ipMasq": false, "ipam": ipam},
        {"type": "portmap", "capabilities": {"portMappings": true}},
    ]);
    format!("{:#}\n", json!({"cniVersion": "0.3.1", "name": "podproof", "plugins": plugins}))
}

/// Connects the nodes; may be done again, and must be after a node's container was restarted. It adds what is missing and
/// takes nothing away: pods that run meanwhile keep their network. One podproof does it at a time.
pub(super) async fn connect(host: &Host, client: &Client, nodes: usize) -> Result<(), Error> {
    let members = members(client, nodes).await?;
    for member in &members {
        write_conflist(host, member).await?;
        masquerade(host, member).await?;
        keep_in(host, member).await?;
        for other in members.iter().filter(|other| *other != member) {
            inside(member)
                .args(["ip", "route", "replace", &other.pods, "via", &other.address])
                .run(&host.cancel)
                .await?;
        }
    }
    Ok(())
}

/// Writes the network of a node that has another or none. It is there whole or not at all: pods may start meanwhile.
async fn write_conflist(host: &Host, member: &Member) -> Result<(), Error> {
    let wanted = conflist(&member.pods);
    match inside(member).args(["cat", CONFLIST]).run(&host.cancel).await {
        Ok(present) if present.stdout == wanted => return Ok(()),
        Ok(_) | Err(CommandError::Failed { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let script = "cat > \"$1.new\" && mv \"$1.new\" \"$1\"";
    let write = Program::new("docker").args(["exec", "--interactive", &member.name]);
    let write = write.args(["sh", "-c", script, "sh", CONFLIST]).input(wanted);
    write.run(&host.cancel).await?;
    Ok(())
}

fn inside(member: &Member) -> Program {
    Program::new("docker").args(["exec", &member.name])
}

/// What leaves the cluster leaves under the node's address; what stays keeps the pod's.
async fn masquerade(host: &Host, member: &Member) -> Result<(), Error> {
    let away = ["--source", POD_SUBNET, "!", "--destination", POD_SUBNET, "--jump", "MASQUERADE"];
    have_rule(host, member, ["nat", "POSTROUTING"], &away).await
}

/// An address of a service that nobody has turned into that of a pod is known to nobody yet: its packets stay here
/// instead of leaving by the node's default route, where somebody else may have the address.
async fn keep_in(host: &Host, member: &Member) -> Result<(), Error> {
    let unknown = ["--destination", SERVICE_SUBNET, "--jump", "REJECT"];
    have_rule(host, member, ["filter", "FORWARD"], &unknown).await?;
    have_rule(host, member, ["filter", "OUTPUT"], &unknown).await
}

/// Adds a rule to the node's packet filter unless it is there.
async fn have_rule(
    host: &Host,
    member: &Member,
    [table, chain]: [&str; 2],
    rule: &[&str],
) -> Result<(), Error> {
    let with =
        |verb: &str| inside(member).args(["iptables", "--wait", "--table", table, verb, chain]).args(rule);
    match with("--check").run(&host.cancel).await {
        Err(CommandError::Failed { .. }) => with("--append").run(&host.cancel).await?,
        other => other?,
    };
    Ok(())
}

/// Removes the cluster DNS of a cluster whose nodes have no image for it: it would try for ever.
pub(super) async fn remove_dns(client: &Client) -> Result<(), Error> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "kube-system");
    match deployments.delete("coredns", &DeleteParams::background()).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(Error::api("remove the cluster DNS")(error)),
        Ok(_) => Ok(()),
    }
}

/// The nodes, once each has its addresses for pods.
async fn members(client: &Client, nodes: usize) -> Result<Vec<Member>, Error> {
    let api: Api<Node> = Api::all(client.clone());
    let changes = watcher(api.clone(), watcher::Config::default()).default_backoff();
    let all = async {
        pin_mut!(changes);
        while changes.next().await.is_some() {
            let Ok(list) = api.list(&ListParams::default()).await else { continue };
            let mut members: Vec<_> = list.iter().filter_map(member).collect();
            if members.len() >= nodes {
                members.sort_by(|a, b| a.name.cmp(&b.name));
                return members;
            }
        }
        Vec::new()
    };
    Box::pin(while_active(client, PATIENCE, all)).await.map_err(|waited| Error::NotReady {
        node: "any".to_owned(),
        why: format!("not all {nodes} nodes got addresses for pods {waited}"),
    })
}

fn member(node: &Node) -> Option<Member> {
    let addresses = node.status.as_ref()?.addresses.as_ref()?;
    let address =
        addresses.iter().find(|address| address.type_ == "InternalIP" && address.address.contains('.'))?;
    Some(Member {
        name: node.metadata.name.clone()?,
        address: address.address.clone(),
        pods: node.spec.as_ref()?.pod_cidr.clone()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conflist_gives_pods_addresses_of_their_node() {
        let list: serde_json::Value = serde_json::from_str(&conflist("10.244.1.0/24")).unwrap();
        assert_eq!(list["plugins"][0]["ipam"]["ranges"][0][0]["subnet"], "10.244.1.0/24");
        assert_eq!(list["plugins"][0]["ipMasq"], false);
    }

    #[test]
    fn a_node_without_addresses_for_pods_is_not_a_member_yet() {
        let node = |spec: serde_json::Value| -> Node {
            serde_json::from_value(json!({"metadata": {"name": "n"}, "spec": spec, "status": {"addresses": [
                {"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "172.18.0.2"},
            ]}}))
            .unwrap()
        };
        assert_eq!(member(&node(json!({}))), None);
        let expected =
            Member { name: "n".into(), address: "172.18.0.2".into(), pods: "10.244.0.0/24".into() };
        assert_eq!(member(&node(json!({"podCIDR": "10.244.0.0/24"}))), Some(expected));
    }
}
