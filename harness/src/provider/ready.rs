//! Verifies that nodes are ready by running a pod on each.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use futures::{StreamExt as _, pin_mut};
use k8s_openapi::api::core::v1::{Node, Pod, ServiceAccount};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use serde_json::json;

use super::error::ClusterError;
use super::progress_wait::while_active;
use podproof_core::redact::redacted;

const NAMESPACE: &str = "default";
/// Waiting reasons of containers that do not go away with time.
const PERMANENT_REASONS: [&str; 5] = [
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// Runs a pod on every node and removes it.
pub(super) async fn verify_nodes(client: &Client, patience: Duration) -> Result<(), ClusterError> {
    let nodes: Api<Node> = Api::all(client.clone());
    let nodes = nodes.list(&ListParams::default()).await.map_err(ClusterError::api("list the nodes"))?;
    await_service_account(client, patience).await?;
    try_join_all(nodes.iter().map(|node| verify_node(client, node, patience))).await?;
    Ok(())
}

/// Waits for the default service account, without which pods are rejected.
async fn await_service_account(client: &Client, patience: Duration) -> Result<(), ClusterError> {
    let service_accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), NAMESPACE);
    let seen = watcher::watch_object(service_accounts, "default").default_backoff();
    let exists = async {
        pin_mut!(seen);
        while let Some(account) = seen.next().await {
            if matches!(account, Ok(Some(_))) {
                return;
            }
        }
    };
    Box::pin(while_active(client, patience, exists)).await.map_err(|waited| ClusterError::NotReady {
        node: "any".to_owned(),
        why: format!("namespace `{NAMESPACE}` got no service account {waited}"),
    })
}

async fn verify_node(client: &Client, node: &Node, patience: Duration) -> Result<(), ClusterError> {
    let name = node.metadata.name.clone().unwrap_or_default();
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    let pod = ready_pod(&name, &pause_image(node).unwrap_or_default())
        .map_err(|error| ClusterError::NotReady { node: name.clone(), why: error.to_string() })?;
    let pod_name = pod.metadata.name.clone().unwrap_or_default();
    let at_once = DeleteParams::default().grace_period(0);
    // Remove the pod of an interrupted verification.
    let _ = pods.delete(&pod_name, &at_once).await;
    let start = Instant::now();
    let mut created = pods.create(&PostParams::default(), &pod).await;
    while matches!(&created, Err(kube::Error::Api(status)) if status.code == 409)
        && start.elapsed() < patience
    {
        created = pods.create(&PostParams::default(), &pod).await;
    }
    created.map_err(ClusterError::api("create a pod to verify readiness"))?;
    let ran = await_run(client, &pods, &pod_name, patience).await;
    // A remaining pod is harmless, and the next verification removes it.
    let _ = pods.delete(&pod_name, &at_once).await;
    ran.map_err(|why| ClusterError::NotReady { node: name, why })
}

async fn await_run(client: &Client, pods: &Api<Pod>, name: &str, patience: Duration) -> Result<(), String> {
    let mut last = "nothing".to_owned();
    let seen = watcher::watch_object(pods.clone(), name).default_backoff();
    let watched = async {
        pin_mut!(seen);
        while let Some(pod) = seen.next().await {
            match pod {
                Ok(Some(pod)) if is_running(&pod) => return Ok(()),
                Ok(Some(pod)) => {
                    last = describe_state(&pod);
                    if PERMANENT_REASONS.iter().any(|reason| last.contains(reason)) {
                        return Err(last.clone());
                    }
                }
                Ok(None) => {}
                Err(error) => last = redacted(&error.to_string()).into_owned(),
            }
        }
        Err("the watch ended".to_owned())
    };
    let ended = Box::pin(while_active(client, patience, watched)).await;
    ended.unwrap_or_else(|waited| {
        Err(format!("the last state of its pod was: {last}; it did not run {waited}"))
    })
}

/// The pause image, which every node has.
fn pause_image(node: &Node) -> Option<String> {
    let images = node.status.as_ref()?.images.as_ref()?;
    let mut names = images.iter().flat_map(|image| image.names.iter().flatten());
    names.find(|name| name.contains("/pause:")).cloned()
}

fn ready_pod(node: &str, image: &str) -> Result<Pod, serde_json::Error> {
    serde_json::from_value(json!({
        "metadata": {"name": format!("podproof-ready-{node}"), "labels": {"app.kubernetes.io/managed-by": "podproof"}},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "tolerations": [{"operator": "Exists"}],
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 0,
            "activeDeadlineSeconds": 600,
            "containers": [{"name": "pause", "image": image, "imagePullPolicy": "Never"}],
        },
    }))
}

fn is_running(pod: &Pod) -> bool {
    let statuses =
        pod.status.as_ref().and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
    statuses.iter().any(|status| status.state.as_ref().is_some_and(|state| state.running.is_some()))
}

fn describe_state(pod: &Pod) -> String {
    let status = pod.status.clone().unwrap_or_default();
    let containers = status.container_statuses.unwrap_or_default();
    let waiting = containers.into_iter().filter_map(|container| container.state?.waiting);
    let reasons = waiting.map(|waiting| {
        [waiting.reason, waiting.message].into_iter().flatten().collect::<Vec<_>>().join(": ")
    });
    let unmet =
        status.conditions.unwrap_or_default().into_iter().filter(|condition| condition.status == "False");
    let conditions = unmet.filter_map(|condition| condition.message);
    let words: Vec<_> = status.phase.into_iter().chain(reasons).chain(conditions).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_running_when_its_container_is() {
        let pod = |state: serde_json::Value| -> Pod {
            let status = json!({"name": "pause", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": state});
            serde_json::from_value(json!({"status": {"phase": "Pending", "containerStatuses": [status]}}))
                .unwrap()
        };
        assert!(is_running(&pod(json!({"running": {}}))));
        let waits = pod(json!({"waiting": {"reason": "ErrImageNeverPull", "message": "not there"}}));
        assert!(!is_running(&waits));
        assert_eq!(describe_state(&waits), "Pending, ErrImageNeverPull: not there");
    }

    #[test]
    fn the_pause_image_is_found_in_the_node_status() {
        let images = json!([{"names": ["k/etcd:3"]}, {"names": ["k/pause@sha256:0", "k/pause:3.2"]}]);
        let node: Node = serde_json::from_value(json!({"status": {"images": images}})).unwrap();
        assert_eq!(pause_image(&node).as_deref(), Some("k/pause:3.2"));
    }
}
