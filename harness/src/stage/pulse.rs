//! Whether the nodes lived while nothing happened: that something did not come counts only then.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{join, join_all, pending};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::runtime::{WatchStreamExt as _, watcher};
use tokio::time::Instant;

use super::blocked::Blocked;
use super::deeds::asked_in;
use super::open::Stage;
use crate::evidence::incurable;

/// Where kubelets renew their leases, each under the name of its node.
const LEASES: &str = "kube-node-lease";

/// How long a lease lasts that does not say so. A kubelet renews it whenever a quarter of that has gone by.
const LEASE: Duration = Duration::from_secs(40);

/// What the nodes of a stage's pods tell of themselves, by name, from a moment on.
#[derive(Debug)]
pub(super) struct Pulse {
    since: Instant,
    beats: BTreeMap<String, Beats>,
}

/// What one node has told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Beats {
    /// As it was in the beginning, where that is known.
    condition: Option<Condition>,
    /// When its kubelet renewed its lease, counted from the beginning. None where leases are not told of.
    renewals: Option<Vec<Duration>>,
    /// How long its lease lasts.
    lease: Duration,
}

/// The condition `Ready` of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    holds: bool,
    /// Since when, by the control plane's clock.
    since: Option<String>,
}

impl Pulse {
    /// The pulse of the nodes on which the pods of `stage` are, from now on.
    pub(super) fn of(stage: &Stage) -> Self {
        let observed = stage.recorder.observed();
        let own: BTreeSet<_> =
            observed.borrow().timeline.iter().filter_map(|seen| seen.node().map(str::to_owned)).collect();
        let untold = Beats { condition: None, renewals: Some(Vec::new()), lease: LEASE };
        Self { since: Instant::now(), beats: own.into_iter().map(|node| (node, untold.clone())).collect() }
    }

    /// Keeps what the nodes tell, for as long as it is asked.
    pub(super) async fn follow(&mut self, stage: &Stage) -> Infallible {
        let since = self.since;
        let nodes = self.beats.iter_mut().map(|(node, beats)| {
            let Beats { condition, renewals, lease } = beats;
            let leases: Api<Lease> = Api::namespaced(stage.client.clone(), LEASES);
            let known = async { *condition = stage.condition(node).await.ok().flatten() };
            join(known, follow_lease(leases, node, (renewals, lease), since))
        });
        join_all(nodes).await;
        pending().await
    }

    /// Why nothing can have come until now, as far as the nodes tell.
    pub(super) async fn failing(&self, stage: &Stage) -> Result<Option<String>, Blocked> {
        let window = self.since.elapsed();
        for (node, beats) in &self.beats {
            let now = stage.condition(node).await?;
            if let Some(why) = lifeless(beats, now.as_ref(), window) {
                return Ok(Some(format!("node {node} {why}")));
            }
        }
        Ok(None)
    }
}

impl Stage {
    /// The condition of a node. None where we may not ask, or where it tells of none.
    async fn condition(&self, node: &str) -> Result<Option<Condition>, Blocked> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let action = format!("look at node {node}");
        let node = match asked_in(self.budgets.request(), &action, nodes.get_opt(node)).await {
            Err(Blocked::Api { source, .. }) if is_forbidden(&source) => return Ok(None),
            answer => answer?,
        };
        let conditions = node.and_then(|node| node.status?.conditions).unwrap_or_default();
        let ready = conditions.into_iter().find(|condition| condition.type_ == "Ready");
        Ok(ready.map(|ready| Condition {
            holds: ready.status == "True",
            since: ready.last_transition_time.map(|time| time.0.to_string()),
        }))
    }
}

/// Notes each renewal of the lease of `node`, until leases turn out not to be told of.
async fn follow_lease(
    leases: Api<Lease>,
    node: &str,
    (renewals, lasts): (&mut Option<Vec<Duration>>, &mut Duration),
    since: Instant,
) {
    let only = watcher::Config::default().fields(&format!("metadata.name={node}"));
    let mut stream = watcher(leases, only).default_backoff().boxed();
    let mut known = None;
    while let Some(item) = stream.next().await {
        match item {
            Ok(watcher::Event::Apply(lease) | watcher::Event::InitApply(lease)) => {
                let version = lease.metadata.resource_version;
                // A renewal is what changes a lease that was there; a list that is asked for again repeats it.
                if known.is_some() && known != version {
                    renewals.get_or_insert_default().push(since.elapsed());
                }
                known = version;
                let seconds = lease.spec.and_then(|spec| spec.lease_duration_seconds);
                if let Some(seconds) = seconds.and_then(|seconds| u64::try_from(seconds).ok()) {
                    *lasts = Duration::from_secs(seconds);
                }
            }
            Ok(watcher::Event::InitDone) if known.is_none() => break,
            Err(error) if incurable(&error).is_some() => break,
            // A watch that broke begins again by itself.
            Ok(_) | Err(_) => {}
        }
    }
    *renewals = None;
}

fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403)
}

/// Why nothing can have come in `window` on a node of which that was told: it was not ready, or its kubelet silent for
/// longer than half of its lease, in which it renews it twice.
fn lifeless(beats: &Beats, now: Option<&Condition>, window: Duration) -> Option<String> {
    let now = now?;
    if !now.holds {
        return Some("is not ready".to_owned());
    }
    if beats.condition.as_ref().is_some_and(|before| before != now) {
        return Some("was not ready all the time".to_owned());
    }
    let renewals = beats.renewals.as_ref()?;
    let ends = renewals.iter().copied().chain([window]);
    let begins = [Duration::ZERO].into_iter().chain(renewals.iter().copied());
    let silence = begins.zip(ends).map(|(begin, end)| end.saturating_sub(begin)).max()?;
    let silent = silence > beats.lease / 2;
    silent.then(|| format!("was silent for {} s: its kubelet did not renew its lease", silence.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{Beats, Condition, lifeless};

    fn condition(holds: bool, since: &str) -> Condition {
        Condition { holds, since: Some(since.to_owned()) }
    }

    fn beats(seconds: &[u64]) -> Beats {
        let renewals = seconds.iter().copied().map(Duration::from_secs).collect();
        let lease = Duration::from_secs(40);
        Beats { condition: Some(condition(true, "9:00")), renewals: Some(renewals), lease }
    }

    #[rstest]
    #[case::alive(beats(&[4, 14, 24]), Some(condition(true, "9:00")), 30, None)]
    #[case::too_short_to_tell(beats(&[]), Some(condition(true, "9:00")), 20, None)]
    #[case::never_heard(beats(&[]), Some(condition(true, "9:00")), 30, Some("was silent for 30 s"))]
    #[case::silent_first(beats(&[22]), Some(condition(true, "9:00")), 30, Some("was silent for 22 s"))]
    #[case::silent_between(beats(&[3, 49]), Some(condition(true, "9:00")), 60, Some("was silent for 46 s"))]
    #[case::silent_at_the_end(beats(&[3]), Some(condition(true, "9:00")), 30, Some("was silent for 27 s"))]
    #[case::not_ready(beats(&[4, 14, 24]), Some(condition(false, "9:10")), 30, Some("is not ready"))]
    #[case::back(beats(&[4, 14, 24]), Some(condition(true, "9:11")), 30, Some("was not ready all the time"))]
    #[case::leases_not_told(Beats { renewals: None, ..beats(&[]) }, Some(condition(true, "9:00")), 60, None)]
    #[case::longer_leases(
        Beats { lease: Duration::from_secs(400), ..beats(&[]) }, Some(condition(true, "9:00")), 60, None
    )]
    #[case::nodes_not_told(beats(&[]), None, 30, None)]
    fn that_nothing_came_counts_only_while_the_node_lived(
        #[case] beats: Beats,
        #[case] now: Option<Condition>,
        #[case] seconds: u64,
        #[case] expected: Option<&str>,
    ) {
        let why = lifeless(&beats, now.as_ref(), Duration::from_secs(seconds));
        match (&why, expected) {
            (Some(why), Some(expected)) => assert!(why.starts_with(expected), "{why}"),
            (why, expected) => assert_eq!(why.as_deref(), expected),
        }
    }
}
