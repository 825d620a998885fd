//! Whether those lived who would have done what did not come: that it did not come counts only then.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{join, join_all, pending};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use tokio::time::{Instant, timeout};

use super::asking::{asked_again, code};
use super::blocked::Blocked;
use super::open::Stage;
use crate::cluster::is_ready;
use crate::evidence::Refusals;

/// Where kubelets renew their leases, each under the name of its node.
const OF_KUBELETS: &str = "kube-node-lease";

/// Where the controller manager renews its lease, under its own name.
const OF_CONTROLLERS: (&str, &str) = ("kube-system", "kube-controller-manager");

/// Who renews his lease in time is never silent for so long. A kubelet renews a lease of 40 s every ten seconds, the
/// controller manager its own every two.
const SILENCE: Duration = Duration::from_secs(20);

/// What those tell of themselves who do the work of a cluster, from a moment on.
#[derive(Debug)]
pub(super) struct Pulse {
    since: Instant,
    nodes: BTreeMap<String, NodePulse>,
    controllers: Renewals,
}

#[derive(Debug, Default)]
struct NodePulse {
    /// As it was in the beginning, where that was told in time.
    before: Option<State>,
    kubelet: Renewals,
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Ready, since a time by the control plane's clock.
    Ready(Option<String>),
    Unready,
    /// The API server has no such node.
    Gone,
    /// We may not ask.
    Untold,
}

/// When a lease was renewed.
#[derive(Debug)]
enum Renewals {
    /// Counted from the beginning.
    Told { at: Vec<Duration>, lease: Duration },
    /// There is no such lease, or we may not look.
    Untold,
}

impl Pulse {
    /// The pulse of the nodes on which the pods of `stage` are, and of the controllers, from now on.
    pub(super) fn of(stage: &Stage) -> Self {
        let observed = stage.recorder.observed();
        let observed = observed.borrow();
        let own = observed.timeline.iter().filter_map(|seen| seen.node().map(str::to_owned));
        let nodes = own.map(|node| (node, NodePulse::default())).collect();
        Self { since: Instant::now(), nodes, controllers: Renewals::default() }
    }

    /// Keeps what is told for the whole of `window`. No lease tells anything of a short one.
    pub(super) async fn follow(&mut self, stage: &Stage, window: Duration) -> Infallible {
        let (since, client) = (self.since, &stage.client);
        let is_long = window > SILENCE;
        let nodes = self.nodes.iter_mut().map(|(node, pulse)| {
            let NodePulse { before, kubelet } = pulse;
            let look = async { *before = stage.state_of(node).await.ok() };
            join(look, async move {
                if is_long {
                    kubelet.follow(client, (OF_KUBELETS, node), since).await;
                }
            })
        });
        let controllers = async {
            if is_long {
                self.controllers.follow(client, OF_CONTROLLERS, since).await;
            }
        };
        join(join_all(nodes), controllers).await;
        pending().await
    }

    /// Why nothing can have come until now, as far as is told.
    pub(super) async fn failing(&self, stage: &Stage) -> Result<Option<String>, Blocked> {
        let window = self.since.elapsed();
        for (node, NodePulse { before, kubelet }) in &self.nodes {
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
    /// Whether `node` says within `patience` that it is not ready, or goes. Never, where we may not look.
    pub(super) async fn until_unready(&self, node: &str, patience: Duration) -> Result<bool, Blocked> {
        if self.state_of(node).await? == State::Untold {
            return Ok(false);
        }
        let watched =
            self.node_comes_to(node, patience, |node| node.is_none_or(|node| !is_ready(node))).await;
        Ok(watched.unwrap_or(false))
    }

    /// Whether it is so with `node` at some time within `patience`. Without one the API server has it not. Where we may
    /// not look until the end, that is why.
    pub(super) async fn node_comes_to(
        &self,
        node: &str,
        patience: Duration,
        be: impl Fn(Option<&Node>) -> bool,
    ) -> Result<bool, Blocked> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let mut refused = None;
        let watching = async {
            let mut stream = watcher::watch_object(nodes, node).default_backoff().boxed();
            while let Some(item) = stream.next().await {
                match item {
                    Ok(node) if be(node.as_ref()) => return,
                    Ok(_) => refused = None,
                    // Not final: an API server that comes back may refuse at first.
                    Err(error) => refused = Refusals::default().incurable(&error),
                }
            }
        };
        if timeout(patience, watching).await.is_ok() {
            return Ok(true);
        }
        match refused {
            Some(why) => Err(Blocked::Unobserved { what: format!("node {node}"), why }),
            None => Ok(false),
        }
    }

    async fn state_of(&self, node: &str) -> Result<State, Blocked> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let only = ListParams::default().fields(&format!("metadata.name={node}"));
        let action = format!("look at node {node}");
        let found = asked_again(self.budgets.request(), &action, || nodes.list(&only)).await;
        match found {
            Ok(found) => Ok(found.items.first().map_or(State::Gone, State::of)),
            Err(Blocked::Api { source, .. }) if code(&source) == Some(403) => Ok(State::Untold),
            Err(other) => Err(other),
        }
    }
}

impl State {
    fn of(node: &Node) -> Self {
        let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
        match conditions.into_iter().find(|condition| condition.type_ == "Ready") {
            Some(ready) if ready.status == "True" => {
                Self::Ready(ready.last_transition_time.as_ref().map(|time| time.0.to_string()))
            }
            Some(_) => Self::Unready,
            None => Self::Untold,
        }
    }
}

/// What was wrong with a node that is now in this state.
fn unready(before: Option<&State>, now: &State) -> Option<&'static str> {
    match (before, now) {
        (_, State::Gone) => Some("is gone"),
        (_, State::Unready) => Some("is not ready"),
        (Some(State::Ready(before)), State::Ready(now)) if before == now => None,
        (Some(State::Ready(_) | State::Unready), State::Ready(_)) => Some("was not ready all the time"),
        (_, State::Ready(_) | State::Untold) => None,
    }
}

impl Default for Renewals {
    fn default() -> Self {
        Self::Told { at: Vec::new(), lease: Duration::ZERO }
    }
}

impl Renewals {
    /// Notes each renewal of a lease, until leases turn out not to be told of.
    async fn follow(&mut self, client: &Client, (namespace, name): (&str, &str), since: Instant) {
        let leases: Api<Lease> = Api::namespaced(client.clone(), namespace);
        let only = watcher::Config::default().fields(&format!("metadata.name={name}"));
        let mut stream = watcher(leases, only).default_backoff().boxed();
        let (mut known, mut refusals) = (None, Refusals::default());
        while let Some(item) = stream.next().await {
            refusals.note(&item);
            match item {
                Ok(watcher::Event::Apply(lease) | watcher::Event::InitApply(lease)) => {
                    let version = lease.metadata.resource_version;
                    // A renewal is what changes a lease that was there; a list that is asked for again repeats it.
                    let is_renewal = known.is_some() && known != version;
                    known = version;
                    let seconds = lease.spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
                    self.note(
                        is_renewal.then(|| since.elapsed()),
                        u64::try_from(seconds).unwrap_or_default(),
                    );
                }
                Ok(watcher::Event::InitDone) if known.is_none() => break,
                Err(error) if refusals.incurable(&error).is_some() => break,
                // A watch that broke begins again by itself.
                Ok(_) | Err(_) => {}
            }
        }
        *self = Self::Untold;
    }

    fn note(&mut self, renewed: Option<Duration>, seconds: u64) {
        if let Self::Told { at, lease } = self {
            at.extend(renewed);
            *lease = Duration::from_secs(seconds);
        }
    }

    /// The longest time without a renewal within `window`, in seconds, where it is too long. Leases that last for very
    /// long are seldom renewed: twice while they last, at least.
    fn silence(&self, window: Duration) -> Option<u64> {
        let Self::Told { at, lease } = self else { return None };
        let ends = at.iter().copied().chain([window]);
        let begins = [Duration::ZERO].into_iter().chain(at.iter().copied());
        let longest = begins.zip(ends).map(|(begin, end)| end.saturating_sub(begin)).max()?;
        (longest > SILENCE.max(*lease / 2)).then_some(longest.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{Renewals, State, unready};

    fn renewed(seconds: &[u64]) -> Renewals {
        let at = seconds.iter().copied().map(Duration::from_secs).collect();
        Renewals::Told { at, lease: Duration::from_secs(40) }
    }

    fn lasting(seconds: u64) -> Renewals {
        Renewals::Told { at: Vec::new(), lease: Duration::from_secs(seconds) }
    }

    #[rstest]
    #[case::alive(renewed(&[4, 14, 24]), 30, None)]
    #[case::too_short_to_tell(renewed(&[]), 20, None)]
    #[case::never_heard(Renewals::default(), 30, Some(30))]
    #[case::silent_first(renewed(&[22]), 30, Some(22))]
    #[case::silent_between(renewed(&[3, 49]), 60, Some(46))]
    #[case::silent_at_the_end(renewed(&[3]), 30, Some(27))]
    #[case::longer_leases(lasting(400), 60, None)]
    #[case::shorter_leases(lasting(4), 20, None)]
    #[case::untold(Renewals::Untold, 60, None)]
    fn silence_is_the_longest_time_without_a_renewal(
        #[case] renewals: Renewals,
        #[case] window: u64,
        #[case] expected: Option<u64>,
    ) {
        assert_eq!(renewals.silence(Duration::from_secs(window)), expected);
    }

    fn ready(since: &str) -> State {
        State::Ready(Some(since.to_owned()))
    }

    #[rstest]
    #[case::alive(Some(ready("9:00")), ready("9:00"), None)]
    #[case::not_told_in_time(None, ready("9:00"), None)]
    #[case::untold(Some(State::Untold), State::Untold, None)]
    #[case::gone(Some(ready("9:00")), State::Gone, Some("is gone"))]
    #[case::not_ready(Some(ready("9:00")), State::Unready, Some("is not ready"))]
    #[case::away_for_a_while(Some(ready("9:00")), ready("9:31"), Some("was not ready all the time"))]
    #[case::back(Some(State::Unready), ready("9:31"), Some("was not ready all the time"))]
    fn a_node_lives_that_is_ready_all_the_time(
        #[case] before: Option<State>,
        #[case] now: State,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(unready(before.as_ref(), &now), expected);
    }
}
