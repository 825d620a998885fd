//! Checks that the watch is up to date and the nodes respond. Only then does an unseen event count as absent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::core::v1::ContainerStatus;
use kube::api::{AttachParams, ListParams, LogParams};

use super::context::Stage;
use super::error::StageError;
use super::request::{retry, retry_once, with_timeout};
use podproof_core::evidence::{Observations, SeenPod, WatchChange, ended};

/// A path at which no container has a program.
const MISSING_PROGRAM: &str = "/podproof-asks-whether-you-are-there";

/// A container through which podproof checks that its node responds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ProbeTarget {
    pod: String,
    uid: String,
    container: String,
    progress: InstanceProgress,
}

/// How far a container is, as far as podproof knows. A later variant makes a better probe target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum InstanceProgress {
    NotYet,
    /// It has ended, so its log may be gone.
    Ended,
    Runs,
}

impl Stage {
    /// After a wait of `window`: why the observations may be incomplete, because a kubelet or a runtime does not
    /// respond or a watch is stale. `None` if they are complete.
    pub(super) async fn why_incomplete(&self, window: Duration) -> Result<Option<String>, StageError> {
        let probe_targets = probe_targets(&self.recorder.observed().borrow());
        for (node, target) in probe_targets {
            if let Some(why) = self.why_unresponsive(&node, &target, window).await? {
                return Ok(Some(format!("node {node} {why}")));
            }
        }
        self.why_stale().await
    }

    /// Why a node may have been unable to act although its status does not say so.
    async fn why_unresponsive(
        &self,
        node: &str,
        target: &ProbeTarget,
        window: Duration,
    ) -> Result<Option<String>, StageError> {
        if target.progress != InstanceProgress::NotYet {
            // A kubelet asks its runtime before it returns a log.
            let answer = self.log_of(target).await;
            let runs = || is_running(&self.recorder.observed().borrow(), target);
            match answer {
                Ok(()) => return Ok(None),
                Err(why) if target.progress == InstanceProgress::Runs && runs() => {
                    return Ok(Some(format!("does not answer: {why}")));
                }
                // Its log may be gone.
                Err(_) => {}
            }
        }
        if let Err(why) = self.ping_runtime(target).await {
            return Ok(Some(format!("does not answer: {why}")));
        }
        // The kubelet notices only later that its runtime fails at once.
        let patience = self.budgets.runtime_missed().saturating_sub(window);
        let left = self.until_unready(node, patience).await?;
        Ok(left.then(|| "turned out not to be ready".to_owned()))
    }

    async fn log_of(&self, target: &ProbeTarget) -> Result<(), StageError> {
        let ProbeTarget { pod, container, .. } = target;
        let one_byte = LogParams {
            container: Some(container.clone()),
            tail_lines: Some(1),
            limit_bytes: Some(1),
            ..LogParams::default()
        };
        let action = format!("ask for the log of container {container} of pod {pod}");
        let pods = self.pods();
        retry_once(self.budgets.exec(), &action, || pods.logs(pod, &one_byte)).await.map(drop)
    }

    /// Executes a program that does not exist, in a container that may be gone. Any answer will do: the kubelet lists
    /// the runtime's containers first.
    async fn ping_runtime(&self, target: &ProbeTarget) -> Result<(), StageError> {
        let ProbeTarget { pod, container, .. } = target;
        let (action, patience) = (format!("ping container {container} of pod {pod}"), self.budgets.exec());
        let order = AttachParams::default().container(container).stdin(false);
        let pods = self.pods();
        match with_timeout(patience, &action, pods.exec(pod, [MISSING_PROGRAM], &order)).await {
            Err(silent @ StageError::Silent { .. }) => Err(silent),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Returns a pod that the watch reports wrongly, even after a grace period.
    pub(super) async fn why_stale(&self) -> Result<Option<String>, StageError> {
        let mut observed = self.recorder.observed();
        let known: BTreeSet<_> =
            existing(&observed.borrow_and_update()).map(|state| state.uid().to_owned()).collect();
        let pods = self.pods();
        let all = ListParams::default();
        let list = retry(self.budgets.request(), "list the pods", || pods.list_metadata(&all)).await?;
        let there: BTreeMap<_, _> = list
            .items
            .into_iter()
            .filter_map(|pod| Some((pod.metadata.uid?, pod.metadata.resource_version?)))
            .collect();
        let unsynced = |seen: &Observations| {
            let uid = unsynced_pod(seen, &known, &there)?;
            Some(format!("the watch on pods is behind (pod with UID {uid})"))
        };
        if unsynced(&observed.borrow()).is_none() {
            return Ok(None);
        }
        let (what, budget) = ("the watch on pods to report what a list shows", self.budgets.watch_delay());
        let caught_up = async {
            drop(observed.wait_for(|seen| unsynced(seen).is_none()).await);
            Ok(())
        };
        let now = || unsynced(&self.recorder.observed().borrow());
        let timed_out = || StageError::TimedOut {
            what: what.to_owned(),
            waited: budget,
            last: now().unwrap_or_default(),
        };
        let _ = self.wait_for(what, budget, caught_up, timed_out).await;
        Ok(now())
    }
}

fn is_running(seen: &Observations, target: &ProbeTarget) -> bool {
    let state = seen.pod(&target.uid).filter(|seen| seen.change == WatchChange::Applied);
    let status = state.and_then(|state| state.container(&target.container));
    status.is_some_and(|status| progress_of(status) == InstanceProgress::Runs)
}

fn progress_of(status: &ContainerStatus) -> InstanceProgress {
    match &status.state {
        Some(state) if state.running.is_some() => InstanceProgress::Runs,
        Some(_) if ended(status).is_some() => InstanceProgress::Ended,
        _ => InstanceProgress::NotYet,
    }
}

/// The last state of each pod that exists.
fn existing(seen: &Observations) -> impl Iterator<Item = &SeenPod> {
    seen.last_states().into_iter().filter(|state| state.change == WatchChange::Applied)
}

/// For each node with pods, the container that is furthest along.
fn probe_targets(seen: &Observations) -> BTreeMap<String, ProbeTarget> {
    let mut probe_targets: BTreeMap<String, ProbeTarget> = BTreeMap::new();
    for state in existing(seen) {
        let furthest = state.containers().max_by_key(|status| progress_of(status));
        let Some((node, status)) = state.node().zip(furthest) else { continue };
        let target = ProbeTarget {
            pod: state.name().to_owned(),
            uid: state.uid().to_owned(),
            container: status.name.clone(),
            progress: progress_of(status),
        };
        if probe_targets.get(node).is_none_or(|known| known.progress < target.progress) {
            probe_targets.insert(node.to_owned(), target);
        }
    }
    probe_targets
}

/// Returns the UID of a pod whose listed version `seen` has not reported, or that `seen` still has although it was
/// `known` before the list was made and is missing there.
fn unsynced_pod(
    seen: &Observations,
    known: &BTreeSet<String>,
    list: &BTreeMap<String, String>,
) -> Option<String> {
    let has = |uid: &str, version: &str| {
        let is_it = |state: &&SeenPod| {
            state.uid() == uid && state.pod.metadata.resource_version.as_deref() == Some(version)
        };
        seen.timeline.iter().rev().any(|state| is_it(&state))
    };
    let unseen = list.iter().find(|(uid, version)| !has(uid, version)).map(|(uid, _)| uid.clone());
    let is_gone = |uid: &str| known.contains(uid) && !list.contains_key(uid);
    unseen.or_else(|| existing(seen).map(SeenPod::uid).find(|uid| is_gone(uid)).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use k8s_openapi::api::core::v1::Pod;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn with_containers(uid: &str, statuses: &[&Value]) -> SeenPod {
        let mut seen = state(uid, "1", WatchChange::Applied);
        let of = |status: &&Value| {
            let mut status = (*status).clone();
            for (field, value) in [
                ("image", json!("")),
                ("imageID", json!("")),
                ("ready", json!(false)),
                ("restartCount", json!(0)),
            ] {
                status[field] = value;
            }
            status
        };
        let status = json!({ "containerStatuses": statuses.iter().map(of).collect::<Vec<_>>() });
        seen.pod.status = serde_json::from_value(status).expect("a status");
        seen
    }

    fn state(uid: &str, version: &str, change: WatchChange) -> SeenPod {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": format!("pod-{uid}"), "uid": uid, "resourceVersion": version },
            "spec": { "nodeName": "one", "containers": [] },
        }))
        .expect("a pod");
        SeenPod { at: Timestamp::UNIX_EPOCH, change, pod }
    }

    fn observed(timeline: Vec<SeenPod>) -> Observations {
        Observations { timeline, ..Observations::default() }
    }

    #[rstest]
    #[case::up_to_date(&[("a", "1"), ("a", "2")], &[("a", "2")], None)]
    #[case::further_than_the_list(&[("a", "1"), ("a", "2")], &[("a", "1")], None)]
    #[case::behind(&[("a", "1")], &[("a", "2")], Some("a"))]
    #[case::unknown(&[("a", "1")], &[("a", "1"), ("b", "1")], Some("b"))]
    #[case::gone_unseen(&[("a", "1")], &[], Some("a"))]
    #[case::newer_than_the_list(&[("a", "1"), ("new", "1")], &[("a", "1")], None)]
    fn a_pod_that_the_watch_has_not_reported_is_found(
        #[case] seen: &[(&str, &str)],
        #[case] list: &[(&str, &str)],
        #[case] expected: Option<&str>,
    ) {
        let seen =
            observed(seen.iter().map(|(uid, version)| state(uid, version, WatchChange::Applied)).collect());
        let list = list.iter().map(|(uid, version)| ((*uid).to_owned(), (*version).to_owned())).collect();
        let known = BTreeSet::from(["a".to_owned()]);
        assert_eq!(unsynced_pod(&seen, &known, &list).as_deref(), expected);
    }

    #[test]
    fn the_container_furthest_along_is_the_probe_target_of_its_node() {
        let ended = json!({ "name": "ended", "state": { "terminated": { "exitCode": 0, "startedAt": "2026-01-01T00:00:00Z" } } });
        let waits = json!({ "name": "waits", "state": { "waiting": {} } });
        let runs = json!({ "name": "runs", "state": { "running": {} } });
        let target_of = |states: Vec<SeenPod>| {
            let target = probe_targets(&observed(states)).remove("one");
            target.map(|target| (target.container, target.progress))
        };
        let pod = |uid: &str, statuses: &[&Value]| with_containers(uid, statuses);
        let runs_target = Some(("runs".to_owned(), InstanceProgress::Runs));
        assert_eq!(target_of(vec![pod("a", &[&ended, &runs])]), runs_target);
        assert_eq!(target_of(vec![pod("a", &[&ended]), pod("b", &[&runs])]), runs_target);
        assert_eq!(target_of(vec![pod("a", &[&runs]), pod("b", &[&ended])]), runs_target);
        assert_eq!(
            target_of(vec![pod("a", &[&waits, &ended])]),
            Some(("ended".to_owned(), InstanceProgress::Ended))
        );
        assert_eq!(
            target_of(vec![pod("a", &[&waits])]),
            Some(("waits".to_owned(), InstanceProgress::NotYet))
        );
        assert_eq!(target_of(vec![pod("a", &[&runs]), state("a", "2", WatchChange::Deleted)]), None);
        assert_eq!(target_of(Vec::new()), None);
    }
}
