//! Whether what is known of the pods is what there is: that something was not seen counts only then.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::ContainerStatus;
use kube::api::{ListParams, LogParams};
use tokio::time::timeout;

use super::blocked::Blocked;
use super::deeds::asked_in;
use super::open::Stage;
use crate::evidence::{Change, Observed, SeenPod};

/// A container that runs, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Running {
    pod: String,
    uid: String,
    container: String,
}

impl Stage {
    /// Why what is known may not be what there is: a kubelet that does not answer, or a watch that is behind. A kubelet
    /// answers for its runtime too: it asks it before it hands over a log.
    pub(super) async fn blind(&self) -> Result<Option<String>, Blocked> {
        let running = one_for_each_node(&self.recorder.observed().borrow());
        for (node, running) in running {
            if let Some(why) = self.unanswered(&running).await {
                return Ok(Some(format!("the kubelet of node {node} does not answer: {why}")));
            }
        }
        self.behind().await
    }

    /// Why no line of the log of a container is to be had, though it runs.
    async fn unanswered(&self, running: &Running) -> Option<String> {
        let Running { pod, uid, container } = running;
        let one_line = LogParams {
            container: Some(container.clone()),
            tail_lines: Some(1),
            limit_bytes: Some(1),
            ..LogParams::default()
        };
        let pods = self.pods();
        let action = format!("ask for the log of container {container} of pod {pod}");
        let asked = asked_in(self.budgets.exec(), &action, pods.logs(pod, &one_line)).await;
        let why = asked.err()?.to_string();
        // It may have ended meanwhile, and its log be gone.
        let runs = |seen: &Observed| {
            let state = seen.pod(uid).filter(|seen| seen.change == Change::Applied);
            state.and_then(|state| state.container(container)).is_some_and(is_running)
        };
        runs(&self.recorder.observed().borrow()).then_some(why)
    }

    /// Which pod is another than the watch has told, even after a while.
    async fn behind(&self) -> Result<Option<String>, Blocked> {
        let mut observed = self.recorder.observed();
        let known = present(&observed.borrow_and_update());
        let pods = self.pods();
        let all = ListParams::default();
        let list = asked_in(self.budgets.request(), "list the pods", pods.list_metadata(&all)).await?;
        let there: BTreeMap<_, _> = list
            .items
            .into_iter()
            .filter_map(|pod| Some((pod.metadata.uid?, pod.metadata.resource_version?)))
            .collect();
        let caught_up = observed.wait_for(|seen| untold(seen, &known, &there).is_none());
        drop(timeout(self.budgets.connect(), caught_up).await);
        let untold = untold(&self.recorder.observed().borrow(), &known, &there);
        Ok(untold.map(|uid| format!("the watch on pods is behind (pod with UID {uid})")))
    }
}

fn is_running(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.running.is_some())
}

/// The last state of each pod that is there.
fn last_states(seen: &Observed) -> impl Iterator<Item = &SeenPod> {
    let mut last: BTreeMap<&str, &SeenPod> = BTreeMap::new();
    last.extend(seen.timeline.iter().map(|state| (state.uid(), state)));
    last.into_values().filter(|state| state.change == Change::Applied)
}

fn present(seen: &Observed) -> BTreeSet<String> {
    last_states(seen).map(|state| state.uid().to_owned()).collect()
}

/// One container that runs, on each node that has one.
fn one_for_each_node(seen: &Observed) -> BTreeMap<String, Running> {
    let running = last_states(seen).filter_map(|state| {
        let container = state.containers().find(|status| is_running(status))?.name.clone();
        let (pod, uid) = (state.name().to_owned(), state.uid().to_owned());
        Some((state.node()?.to_owned(), Running { pod, uid, container }))
    });
    running.collect()
}

/// A pod of which `seen` has not what a list of all pods has, by UID and version, or that it still has though it is
/// `known` for longer than the list.
fn untold(seen: &Observed, known: &BTreeSet<String>, list: &BTreeMap<String, String>) -> Option<String> {
    let has = |uid: &str, version: &str| {
        let is_it = |state: &&SeenPod| {
            state.uid() == uid && state.pod.metadata.resource_version.as_deref() == Some(version)
        };
        seen.timeline.iter().rev().any(|state| is_it(&state))
    };
    let unseen = list.iter().find(|(uid, version)| !has(uid, version)).map(|(uid, _)| uid.clone());
    unseen.or_else(|| present(seen).into_iter().find(|uid| known.contains(uid) && !list.contains_key(uid)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use k8s_openapi::api::core::v1::Pod;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn state(uid: &str, version: &str, change: Change) -> SeenPod {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": format!("pod-{uid}"), "uid": uid, "resourceVersion": version },
            "spec": { "nodeName": "one", "containers": [] },
            "status": { "containerStatuses": [
                { "name": "ended", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                  "state": { "terminated": { "exitCode": 0 } } },
                { "name": "runs", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                  "state": { "running": {} } },
            ] },
        }))
        .expect("a pod");
        SeenPod { at: Timestamp::UNIX_EPOCH, change, pod }
    }

    fn observed(timeline: Vec<SeenPod>) -> Observed {
        Observed { timeline, ..Observed::default() }
    }

    #[rstest]
    #[case::up_to_date(&[("a", "1"), ("a", "2")], &[("a", "2")], None)]
    #[case::further_than_the_list(&[("a", "1"), ("a", "2")], &[("a", "1")], None)]
    #[case::behind(&[("a", "1")], &[("a", "2")], Some("a"))]
    #[case::unknown(&[("a", "1")], &[("a", "1"), ("b", "1")], Some("b"))]
    #[case::gone_unseen(&[("a", "1")], &[], Some("a"))]
    #[case::newer_than_the_list(&[("a", "1"), ("new", "1")], &[("a", "1")], None)]
    fn what_is_not_seen_must_not_be_there(
        #[case] seen: &[(&str, &str)],
        #[case] list: &[(&str, &str)],
        #[case] expected: Option<&str>,
    ) {
        let seen = observed(seen.iter().map(|(uid, version)| state(uid, version, Change::Applied)).collect());
        let list = list.iter().map(|(uid, version)| ((*uid).to_owned(), (*version).to_owned())).collect();
        let known = BTreeSet::from(["a".to_owned()]);
        assert_eq!(untold(&seen, &known, &list).as_deref(), expected);
    }

    #[test]
    fn one_container_that_runs_speaks_for_its_node() {
        let seen = observed(vec![
            state("a", "1", Change::Applied),
            state("b", "1", Change::Applied),
            state("b", "2", Change::Deleted),
        ]);
        let running = Running { pod: "pod-a".to_owned(), uid: "a".to_owned(), container: "runs".to_owned() };
        assert_eq!(one_for_each_node(&seen), BTreeMap::from([("one".to_owned(), running)]));
        assert_eq!(one_for_each_node(&Observed::default()), BTreeMap::new());
    }
}
