//! Liveness of kubelets and controllers. An event counts as absent only if those that would cause it were alive.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{join, join_all, pending};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use tokio::time::Instant;

use super::context::Stage;
use super::error::StageError;
use super::request::{retry, status_code};
use crate::cluster::is_ready;
use crate::stage::watch::{Refusals, why_refused};
use podproof_core::plan::{Budgets, LONGEST_LEASE_SILENCE};

/// The namespace in which each kubelet renews a lease named after its node.
const KUBELET_LEASES: &str = "kube-node-lease";

/// The namespace and the name of the controller manager's lease.
const CONTROLLER_LEASE: (&str, &str) = ("kube-system", "kube-controller-manager");

/// The liveness of the nodes and controllers, observed from a moment on.
#[derive(Debug)]
pub(super) struct Liveness {
    since: Instant,
    nodes: BTreeMap<String, NodeLiveness>,
    controllers: Renewals,
}

#[derive(Debug, Default)]
struct NodeLiveness {
    /// The state at the beginning; `None` if it did not arrive in time.
    before: Option<NodeState>,
    kubelet: Renewals,
}

/// The `Ready` condition of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NodeState {
    /// Ready, since a time by the control plane's clock.
    Ready(Option<String>),
    Unready,
    /// The node does not exist.
    Gone,
    /// Reading nodes is forbidden, or the node has no `Ready` condition.
    Unknown,
}

/// The observed renewals of a lease.
#[derive(Debug)]
enum Renewals {
    /// The times of the renewals since the beginning, and the duration of the lease.
    Observed { at: Vec<Duration>, lease: Duration },
    /// The lease does not exist, or reading it is forbidden.
    Unavailable,
}

impl Liveness {
    /// Observes from now on the controllers and the nodes that have pods of `stage`.
    pub(super) fn of(stage: &Stage) -> Self {
        let observed = stage.recorder.observed();
        let observed = observed.borrow();
        let own = observed.timeline.iter().filter_map(|seen| seen.node().map(str::to_owned));
        let nodes = own.map(|node| (node, NodeLiveness::default())).collect();
        Self { since: Instant::now(), nodes, controllers: Renewals::default() }
    }

    /// Records node states and renewals; never returns. Leases are ignored in a `window` too short to miss a renewal.
    pub(super) async fn record_forever(&mut self, stage: &Stage, window: Duration) -> Infallible {
        let (since, client, budgets) = (self.since, &stage.client, stage.budgets);
        let is_long = window > LONGEST_LEASE_SILENCE;
        let nodes = self.nodes.iter_mut().map(|(node, liveness)| {
            let NodeLiveness { before, kubelet } = liveness;
            let look = async { *before = stage.state_of(node).await.ok() };
            join(look, async move {
                if is_long {
                    kubelet.follow(client, (KUBELET_LEASES, node), since, budgets).await;
                }
            })
        });
        let controllers = async {
            if is_long {
                self.controllers.follow(client, CONTROLLER_LEASE, since, budgets).await;
            }
        };
        join(join_all(nodes), controllers).await;
        pending().await
    }

    /// Why an awaited event could not have happened until now; `None` if nothing speaks against it.
    pub(super) async fn failure(&self, stage: &Stage) -> Result<Option<String>, StageError> {
        let window = self.since.elapsed();
        for (node, NodeLiveness { before, kubelet }) in &self.nodes {
            let now = stage.state_of(node).await?;
            if let Some(why) = unready(before.as_ref(), &now) {
                return Ok(Some(format!("node {node} {why}")));
            }
            if let Some(seconds) = kubelet.silence(window) {
                return Ok(Some(format!("the kubelet of node {node} renewed no lease for {seconds} s")));
            }
        }
        let controllers = self.controllers.silence(window);
        Ok(controllers.map(|seconds| format!("the controller manager renewed no lease for {seconds} s")))
    }
}

impl Stage {
    /// Returns whether `node` becomes unready or disappears within `patience`. False if reading nodes is forbidden.
    pub(super) async fn until_unready(&self, node: &str, patience: Duration) -> Result<bool, StageError> {
        if self.state_of(node).await? == NodeState::Unknown || patience.is_zero() {
            return Ok(false);
        }
        let what = format!("node {node} to become unready");
        let is_unready = |node: Option<&Node>| node.is_none_or(|node| !is_ready(node));
        Ok(self.until_node(&what, node, patience, is_unready).await.is_ok())
    }

    /// Waits until `is_met` accepts a state of `node`; it gets `None` if the node does not exist. Unobserved if reading
    /// the node is still forbidden at the end.
    pub(super) async fn until_node(
        &self,
        what: &str,
        node: &str,
        patience: Duration,
        is_met: impl Fn(Option<&Node>) -> bool,
    ) -> Result<(), StageError> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        // The last state, or why reading it is refused.
        let last = Mutex::new(Ok("no answer"));
        let saw = |seen| *last.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        let event = async {
            let mut stream = watcher::watch_object(nodes, node).default_backoff().boxed();
            while let Some(item) = stream.next().await {
                match item {
                    Ok(node) if is_met(node.as_ref()) => return Ok(()),
                    Ok(node) => saw(Ok(node.as_ref().map_or(NodeState::Gone, NodeState::of).word())),
                    // Not final: an API server that restarts may refuse at first.
                    Err(error) => saw(why_refused(&error).map_or(Ok("no answer"), Err)),
                }
            }
            pending().await
        };
        let timed_out = || match &*last.lock().unwrap_or_else(PoisonError::into_inner) {
            Err(why) => StageError::Unobserved { what: format!("node {node}"), why: why.clone() },
            Ok(last) => {
                StageError::TimedOut { what: what.to_owned(), waited: patience, last: (*last).to_owned() }
            }
        };
        self.wait_for(what, patience, event, timed_out).await
    }

    async fn state_of(&self, node: &str) -> Result<NodeState, StageError> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let only = ListParams::default().fields(&format!("metadata.name={node}"));
        let action = format!("look at node {node}");
        let found = retry(self.budgets.request(), &action, || nodes.list(&only)).await;
        match found {
            Ok(found) => Ok(found.items.first().map_or(NodeState::Gone, NodeState::of)),
            Err(StageError::Api { source, .. }) if status_code(&source) == Some(403) => {
                Ok(NodeState::Unknown)
            }
            Err(other) => Err(other),
        }
    }
}

impl NodeState {
    fn of(node: &Node) -> Self {
        let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
        match conditions.into_iter().find(|condition| condition.type_ == "Ready") {
            Some(ready) if ready.status == "True" => {
                Self::Ready(ready.last_transition_time.as_ref().map(|time| time.0.to_string()))
            }
            Some(_) => Self::Unready,
            None => Self::Unknown,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Ready(_) => "ready",
            Self::Unready => "not ready",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a node in the state `now` was not ready all the time; `None` if it was, or if that is unknown.
fn unready(before: Option<&NodeState>, now: &NodeState) -> Option<&'static str> {
    match (before, now) {
        (_, NodeState::Gone) => Some("is gone"),
        (_, NodeState::Unready) => Some("is not ready"),
        (Some(NodeState::Ready(before)), NodeState::Ready(now)) if before == now => None,
        (Some(NodeState::Ready(_) | NodeState::Unready), NodeState::Ready(_)) => {
            Some("was not ready all the time")
        }
        (_, NodeState::Ready(_) | NodeState::Unknown) => None,
    }
}

impl Default for Renewals {
    fn default() -> Self {
        Self::Observed { at: Vec::new(), lease: Duration::ZERO }
    }
}

impl Renewals {
    /// Records each renewal of a lease. Returns once the lease turns out to be unavailable.
    async fn follow(
        &mut self,
        client: &Client,
        (namespace, name): (&str, &str),
        since: Instant,
        budgets: Budgets,
    ) {
        let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
        let only = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let mut stream = watcher(leases, only).default_backoff().boxed();
        let (mut known, mut refusals) = (None, Refusals::within(budgets));
        while let Some(item) = stream.next().await {
            refusals.note(&item);
            match item {
                Ok(watcher::Event::Apply(lease) | watcher::Event::InitApply(lease)) => {
                    let version = lease.metadata.resource_version;
                    // Only a changed version is a renewal; a repeated list shows the same version again.
                    let is_renewal = known.is_some() && known != version;
                    known = version;
                    let seconds = lease.spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
                    self.note(
                        is_renewal.then(|| since.elapsed()),
                        u64::try_from(seconds).unwrap_or_default(),
                    );
                }
                Ok(watcher::Event::InitDone) if known.is_none() => break,
                Err(error) if refusals.final_reason(&error).is_some() => break,
                // The watcher restarts a broken watch by itself.
                Ok(_) | Err(_) => {}
            }
        }
        *self = Self::Unavailable;
    }

    fn note(&mut self, renewed: Option<Duration>, seconds: u64) {
        if let Self::Observed { at, lease } = self {
            at.extend(renewed);
            *lease = Duration::from_secs(seconds);
        }
    }

    /// The longest time in seconds without a renewal within `window`, if it is too long. A long lease may be renewed
    /// rarely, but at least twice in its duration.
    fn silence(&self, window: Duration) -> Option<u64> {
        let Self::Observed { at, lease } = self else { return None };
        let ends = at.iter().copied().chain([window]);
        let begins = [Duration::ZERO].into_iter().chain(at.iter().copied());
        let longest = begins.zip(ends).map(|(begin, end)| end.saturating_sub(begin)).max()?;
        (longest > LONGEST_LEASE_SILENCE.max(*lease / 2)).then_some(longest.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{NodeState, Renewals, unready};

    fn renewed(seconds: &[u64]) -> Renewals {
        let at = seconds.iter().copied().map(Duration::from_secs).collect();
        Renewals::Observed { at, lease: Duration::from_secs(40) }
    }

    fn lasting(seconds: u64) -> Renewals {
        Renewals::Observed { at: Vec::new(), lease: Duration::from_secs(seconds) }
    }

    #[rstest]
    #[case::alive(renewed(&[4, 14, 24]), 30, None)]
    #[case::window_too_short(renewed(&[]), 20, None)]
    #[case::never_renewed(Renewals::default(), 30, Some(30))]
    #[case::silent_first(renewed(&[22]), 30, Some(22))]
    #[case::silent_between(renewed(&[3, 49]), 60, Some(46))]
    #[case::silent_at_the_end(renewed(&[3]), 30, Some(27))]
    #[case::longer_leases(lasting(400), 60, None)]
    #[case::shorter_leases(lasting(4), 20, None)]
    #[case::unavailable(Renewals::Unavailable, 60, None)]
    fn silence_is_the_longest_time_without_a_renewal(
        #[case] renewals: Renewals,
        #[case] window: u64,
        #[case] expected: Option<u64>,
    ) {
        assert_eq!(renewals.silence(Duration::from_secs(window)), expected);
    }

    fn ready(since: &str) -> NodeState {
        NodeState::Ready(Some(since.to_owned()))
    }

    #[rstest]
    #[case::alive(Some(ready("9:00")), ready("9:00"), None)]
    #[case::unknown_before(None, ready("9:00"), None)]
    #[case::unknown(Some(NodeState::Unknown), NodeState::Unknown, None)]
    #[case::gone(Some(ready("9:00")), NodeState::Gone, Some("is gone"))]
    #[case::not_ready(Some(ready("9:00")), NodeState::Unready, Some("is not ready"))]
    #[case::away_for_a_while(Some(ready("9:00")), ready("9:31"), Some("was not ready all the time"))]
    #[case::back(Some(NodeState::Unready), ready("9:31"), Some("was not ready all the time"))]
    fn a_node_is_alive_if_it_was_ready_all_the_time(
        #[case] before: Option<NodeState>,
        #[case] now: NodeState,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(unready(before.as_ref(), &now), expected);
    }
}
