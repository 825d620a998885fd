//! Whether what is known of the pods is what there is: that something was not seen counts only then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::core::v1::ContainerStatus;
use kube::api::{AttachParams, ListParams, LogParams};
use tokio::time::timeout;

use super::asking::{asked_again, asked_of_kept};
use super::blocked::Blocked;
use super::open::Stage;
use crate::evidence::{Change, Observed, SeenPod, ended};

/// No program in a container.
const NO_PROGRAM: &str = "/podproof-asks-whether-you-are-there";

/// A container by which its node can be asked whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Witness {
    pod: String,
    uid: String,
    container: String,
    begun: Begun,
}

/// How far a container has come, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Begun {
    NotYet,
    /// It has ended: its log may be gone.
    Ended,
    Runs,
}

impl Stage {
    /// Why what is known may not be what there is, after a wait of `window`: a kubelet or runtime that does not answer,
    /// or a watch that is behind.
    pub(super) async fn blind(&self, window: Duration) -> Result<Option<String>, Blocked> {
        let witnesses = witnesses(&self.recorder.observed().borrow());
        for (node, witness) in witnesses {
            if let Some(why) = self.speechless(&node, &witness, window).await? {
                return Ok(Some(format!("node {node} {why}")));
            }
        }
        self.behind().await
    }

    /// Why a node may have done nothing, though it said nothing of that.
    async fn speechless(
        &self,
        node: &str,
        witness: &Witness,
        window: Duration,
    ) -> Result<Option<String>, Blocked> {
        if witness.begun != Begun::NotYet {
            // A kubelet asks its runtime before it hands over a log.
            let told = self.log_of(witness).await;
            let runs = || is_running(&self.recorder.observed().borrow(), witness);
            match told {
                Ok(()) => return Ok(None),
                Err(why) if witness.begun == Begun::Runs && runs() => {
                    return Ok(Some(format!("does not answer: {why}")));
                }
                // Its log may be gone.
                Err(_) => {}
            }
        }
        if let Err(why) = self.call(witness).await {
            return Ok(Some(format!("does not answer: {why}")));
        }
        // A runtime that refuses at once is noticed by its kubelet, if later.
        let patience = self.budgets.runtime_missed().saturating_sub(window);
        let left = self.until_unready(node, patience).await?;
        Ok(left.then(|| "turned out not to be ready".to_owned()))
    }

    async fn log_of(&self, witness: &Witness) -> Result<(), Blocked> {
        let Witness { pod, container, .. } = witness;
        let one_byte = LogParams {
            container: Some(container.clone()),
            tail_lines: Some(1),
            limit_bytes: Some(1),
            ..LogParams::default()
        };
        let action = format!("ask for the log of container {container} of pod {pod}");
        let pods = self.pods();
        asked_of_kept(self.budgets.exec(), &action, || pods.logs(pod, &one_byte)).await.map(drop)
    }

    /// Calls for a program that is not there, in a container that need not be there. Whatever the answer is: a kubelet
    /// looks first which containers its runtime has.
    async fn call(&self, witness: &Witness) -> Result<(), Blocked> {
        let Witness { pod, container, .. } = witness;
        let (action, patience) = (format!("call container {container} of pod {pod}"), self.budgets.exec());
        let order = AttachParams::default().container(container).stdin(false);
        let pods = self.pods();
        match timeout(patience, pods.exec(pod, [NO_PROGRAM], &order)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Blocked::Silent { action, waited: patience }),
        }
    }

    /// Which pod is another than the watch has told, even after a while.
    pub(super) async fn behind(&self) -> Result<Option<String>, Blocked> {
        let mut observed = self.recorder.observed();
        let known: BTreeSet<_> =
            present(&observed.borrow_and_update()).map(|state| state.uid().to_owned()).collect();
        let pods = self.pods();
        let all = ListParams::default();
        let list = asked_again(self.budgets.request(), "list the pods", || pods.list_metadata(&all)).await?;
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

fn is_running(seen: &Observed, witness: &Witness) -> bool {
    let state = seen.pod(&witness.uid).filter(|seen| seen.change == Change::Applied);
    let status = state.and_then(|state| state.container(&witness.container));
    status.is_some_and(|status| begun(status) == Begun::Runs)
}

fn begun(status: &ContainerStatus) -> Begun {
    match &status.state {
        Some(state) if state.running.is_some() => Begun::Runs,
        Some(_) if ended(status).is_some() => Begun::Ended,
        _ => Begun::NotYet,
    }
}

/// The last state of each pod that is there.
fn present(seen: &Observed) -> impl Iterator<Item = &SeenPod> {
    seen.last_states().into_iter().filter(|state| state.change == Change::Applied)
}

/// The nodes of the pods that are there, each with the container that has come furthest.
fn witnesses(seen: &Observed) -> BTreeMap<String, Witness> {
    let mut witnesses: BTreeMap<String, Witness> = BTreeMap::new();
    for state in present(seen) {
        let furthest = state.containers().max_by_key(|status| begun(status));
        let Some((node, status)) = state.node().zip(furthest) else { continue };
        let witness = Witness {
            pod: state.name().to_owned(),
            uid: state.uid().to_owned(),
            container: status.name.clone(),
            begun: begun(status),
        };
        if witnesses.get(node).is_none_or(|known| known.begun < witness.begun) {
            witnesses.insert(node.to_owned(), witness);
        }
    }
    witnesses
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
    let is_gone = |uid: &str| known.contains(uid) && !list.contains_key(uid);
    unseen.or_else(|| present(seen).map(SeenPod::uid).find(|uid| is_gone(uid)).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use k8s_openapi::api::core::v1::Pod;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn with_containers(uid: &str, statuses: &[&Value]) -> SeenPod {
        let mut seen = state(uid, "1", Change::Applied);
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

    fn state(uid: &str, version: &str, change: Change) -> SeenPod {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": { "name": format!("pod-{uid}"), "uid": uid, "resourceVersion": version },
            "spec": { "nodeName": "one", "containers": [] },
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
    fn the_container_that_has_come_furthest_speaks_for_its_node() {
        let ended = json!({ "name": "ended", "state": { "terminated": { "exitCode": 0, "startedAt": "2026-01-01T00:00:00Z" } } });
        let waits = json!({ "name": "waits", "state": { "waiting": {} } });
        let runs = json!({ "name": "runs", "state": { "running": {} } });
        let told = |states: Vec<SeenPod>| {
            let witness = witnesses(&observed(states)).remove("one");
            witness.map(|witness| (witness.container, witness.begun))
        };
        let pod = |uid: &str, statuses: &[&Value]| with_containers(uid, statuses);
        let told_runs = Some(("runs".to_owned(), Begun::Runs));
        assert_eq!(told(vec![pod("a", &[&ended, &runs])]), told_runs);
        assert_eq!(told(vec![pod("a", &[&ended]), pod("b", &[&runs])]), told_runs);
        assert_eq!(told(vec![pod("a", &[&runs]), pod("b", &[&ended])]), told_runs);
        assert_eq!(told(vec![pod("a", &[&waits, &ended])]), Some(("ended".to_owned(), Begun::Ended)));
        assert_eq!(told(vec![pod("a", &[&waits])]), Some(("waits".to_owned(), Begun::NotYet)));
        assert_eq!(told(vec![pod("a", &[&runs]), state("a", "2", Change::Deleted)]), None);
        assert_eq!(told(Vec::new()), None);
    }
}
