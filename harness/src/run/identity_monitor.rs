//! Detects if the cluster was replaced or restarted during a run. Cases that ended after the last check that found the
//! same cluster are inconclusive.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, interval};

use crate::cluster::Access;
use podproof_core::cluster_facts::{Identity, IdentityMatch};
use podproof_core::plan::{Budgets, pause};
use podproof_core::record::ClusterChange;

/// How long a successful check stays valid while cases end normally.
const VALIDITY: SignedDuration = SignedDuration::from_secs(30);

/// Checks repeatedly whether the cluster is still the same.
pub(super) struct IdentityMonitor(Mutex<KnownState>);

struct KnownState {
    identity: Identity,
    known_until: Timestamp,
    change: Option<ClusterChange>,
}

impl IdentityMonitor {
    /// Identifies the cluster at the start of a run.
    pub(super) async fn at_start(access: &Access, budgets: Budgets) -> Self {
        let mut timer = CheckTimer::within(budgets);
        let (mut known_until, mut identity) = (Timestamp::now(), Identity::default());
        while !identity.is_known() && timer.next_check().await {
            (known_until, identity) = (Timestamp::now(), access.identity(budgets.request()).await);
        }
        Self(Mutex::new(KnownState { identity, known_until, change: None }))
    }

    /// Checks before a case that has the nodes to itself.
    pub(super) async fn check(&self, access: &Access, budgets: Budgets) {
        self.0.lock().await.check(access, budgets, false).await;
    }

    /// Checks after a case: immediately if it was inconclusive, otherwise only if the last check is long ago. Skips the
    /// check if another one is in progress. Returns a change that was found.
    pub(super) async fn check_after_case(
        &self,
        access: &Access,
        budgets: Budgets,
        is_inconclusive: bool,
    ) -> Option<ClusterChange> {
        let mut seen = self.0.try_lock().ok()?;
        let is_fresh = Timestamp::now().duration_since(seen.known_until) < VALIDITY;
        if seen.change.is_some() || (is_fresh && !is_inconclusive) {
            return None;
        }
        seen.check(access, budgets, false).await;
        seen.change.clone()
    }

    /// Checks after a case that restarts nodes.
    pub(super) async fn check_after_restarts(&self, access: &Access, budgets: Budgets) {
        self.0.lock().await.check(access, budgets, true).await;
    }

    /// Checks at the end of the run. Returns the cluster's identity and the change, if any.
    pub(super) async fn at_end(
        &self,
        access: &Access,
        budgets: Budgets,
    ) -> (Identity, Option<ClusterChange>) {
        let mut seen = self.0.lock().await;
        let (mut timer, mut known) = (CheckTimer::within(budgets), false);
        while !known && timer.next_check().await {
            known = seen.check(access, budgets, false).await;
        }
        if !known && seen.change.is_none() {
            let reason = "cannot verify that this is still the same cluster: it does not answer".to_owned();
            seen.change = Some(ClusterChange { known_until: seen.known_until, reason });
        }
        (seen.identity.clone(), seen.change.clone())
    }

    /// The current knowledge, without a further check.
    pub(super) async fn so_far(&self) -> (Identity, Option<ClusterChange>) {
        let seen = self.0.lock().await;
        (seen.identity.clone(), seen.change.clone())
    }
}

/// Times the checks of a cluster that may be unresponsive for a while.
struct CheckTimer {
    interval: Interval,
    until: Instant,
}

impl CheckTimer {
    fn within(budgets: Budgets) -> Self {
        Self { interval: interval(pause::IDENTIFICATION), until: Instant::now() + budgets.identification() }
    }

    /// Waits until the next check is due. False once the time is over.
    async fn next_check(&mut self) -> bool {
        self.interval.tick().await < self.until
    }
}

impl KnownState {
    /// Checks once. Returns whether the answer was conclusive.
    async fn check(&mut self, access: &Access, budgets: Budgets, restarts: bool) -> bool {
        // A change is final; later checks could not revoke it.
        if self.change.is_some() {
            return true;
        }
        let now = Timestamp::now();
        let later = access.identity(budgets.request()).await;
        match self.identity.compare(&later, restarts) {
            IdentityMatch::Same => {
                self.known_until = now;
                self.identity = std::mem::take(&mut self.identity).updated_with(later);
                true
            }
            IdentityMatch::Different(what) => {
                let reason = format!("the cluster was replaced or restarted during the run: {what}");
                self.change = Some(ClusterChange { known_until: self.known_until, reason });
                true
            }
            IdentityMatch::Unknown => false,
        }
    }
}
