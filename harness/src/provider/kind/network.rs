//! The pod network of podproof's own node images: routes between nodes, and a veth pair for each pod.

use std::time::Duration;

use futures::{StreamExt as _, pin_mut};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Node;
use kube::api::{DeleteParams, ListParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use serde_json::json;

use crate::host::{CommandError, Host, Program};
use crate::provider::error::ClusterError;
use crate::provider::progress_wait::while_active;

/// kind's default `podSubnet`.
const POD_SUBNET: &str = "10.244.0.0/16";
/// The pod CIDR of the first node of a cluster.
pub(super) const FIRST_NODE: &str = "10.244.0.0/24";
/// The path of the CNI configuration on a node.
const CONFLIST: &str = "/etc/cni/net.d/10-podproof.conflist";
/// kind's default `serviceSubnet`.
const SERVICE_SUBNET: &str = "10.96.0.0/16";
const PATIENCE: Duration = Duration::from_secs(60);

/// A node's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    name: String,
    address: String,
    pods: String,
}

/// The CNI configuration of a node with the pod CIDR `pods`.
///
/// It uses veth pairs and no bridge. All traffic is then routed by the node, so that services also work between pods of
/// one node on hosts without bridge filtering.
pub(super) fn conflist(pods: &str) -> String {
    let ipam =
        json!({"type": "host-local", "ranges": [[{"subnet": pods}]], "routes": [{"dst": "0.0.0.0/0"}]});
    let plugins = json!([
        {"type": "ptp", "ipMasq": false, "ipam": ipam},
        {"type": "portmap", "capabilities": {"portMappings": true}},
    ]);
    format!("{:#}\n", json!({"cniVersion": "0.3.1", "name": "podproof", "plugins": plugins}))
}

/// Sets up the pod network between the nodes. This is needed again after a node container was restarted. It only adds
/// missing settings, so running pods keep their network. The caller makes sure that one podproof does it at a time.
pub(super) async fn connect(host: &Host, client: &Client, nodes: usize) -> Result<(), ClusterError> {
    let members = members(client, nodes).await?;
    for member in &members {
        write_conflist(host, member).await?;
        masquerade(host, member).await?;
        reject_unknown_services(host, member).await?;
        for other in members.iter().filter(|other| *other != member) {
            exec_in(member)
                .args(["ip", "route", "replace", &other.pods, "via", &other.address])
                .run(&host.cancel)
                .await?;
        }
    }
    Ok(())
}

/// Writes the CNI configuration unless it is up to date. The file is replaced atomically because pods may start
/// meanwhile.
async fn write_conflist(host: &Host, member: &Member) -> Result<(), ClusterError> {
    let wanted = conflist(&member.pods);
    match exec_in(member).args(["cat", CONFLIST]).run(&host.cancel).await {
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

fn exec_in(member: &Member) -> Program {
    Program::new("docker").args(["exec", &member.name])
}

/// Uses the node's address as the source of traffic that leaves the cluster; traffic between pods keeps its addresses.
async fn masquerade(host: &Host, member: &Member) -> Result<(), ClusterError> {
    let away = ["--source", POD_SUBNET, "!", "--destination", POD_SUBNET, "--jump", "MASQUERADE"];
    ensure_rule(host, member, ["nat", "POSTROUTING"], &away).await
}

/// Rejects packets to service addresses that kube-proxy has not translated yet. Otherwise they would leave through the
/// node's default route, where another host may have the address.
async fn reject_unknown_services(host: &Host, member: &Member) -> Result<(), ClusterError> {
    let unknown = ["--destination", SERVICE_SUBNET, "--jump", "REJECT"];
    ensure_rule(host, member, ["filter", "FORWARD"], &unknown).await?;
    ensure_rule(host, member, ["filter", "OUTPUT"], &unknown).await
}

/// Adds an iptables rule unless it exists.
async fn ensure_rule(
    host: &Host,
    member: &Member,
    [table, chain]: [&str; 2],
    rule: &[&str],
) -> Result<(), ClusterError> {
    let with =
        |verb: &str| exec_in(member).args(["iptables", "--wait", "--table", table, verb, chain]).args(rule);
    match with("--check").run(&host.cancel).await {
        Err(CommandError::Failed { .. }) => with("--append").run(&host.cancel).await?,
        other => other?,
    };
    Ok(())
}

/// Removes the deployment `coredns`, because podproof's node images do not contain its image and its pods could never
/// start.
pub(super) async fn remove_dns(client: &Client) -> Result<(), ClusterError> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "kube-system");
    match deployments.delete("coredns", &DeleteParams::background()).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(ClusterError::api("remove the cluster DNS")(error)),
        Ok(_) => Ok(()),
    }
}

/// Waits until each node has a pod CIDR.
async fn members(client: &Client, nodes: usize) -> Result<Vec<Member>, ClusterError> {
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
    Box::pin(while_active(client, PATIENCE, all)).await.map_err(|waited| ClusterError::NotReady {
        node: "any".to_owned(),
        why: format!("not all {nodes} nodes got a pod CIDR {waited}"),
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
    fn the_conflist_uses_the_nodes_pod_cidr() {
        let list: serde_json::Value = serde_json::from_str(&conflist("10.244.1.0/24")).unwrap();
        assert_eq!(list["plugins"][0]["ipam"]["ranges"][0][0]["subnet"], "10.244.1.0/24");
        assert_eq!(list["plugins"][0]["ipMasq"], false);
    }

    #[test]
    fn a_node_without_a_pod_cidr_is_not_a_member() {
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
