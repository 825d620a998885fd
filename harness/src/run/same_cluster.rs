//! Whether a run was all on one cluster: what ended after the last moment at which that is known has no verdict.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, interval};

use super::attempt::Attempt;
use super::record::{CaseRecord, RunRecord};
use crate::cluster::{Access, Identity, Sameness};
use crate::judge::Verdict;
use crate::plan::Budgets;

/// The pause between two looks at a cluster that says nothing of itself, at the begin and at the end of a run.
const PAUSE: Duration = Duration::from_secs(1);

/// How long looks are repeated at a cluster that says nothing of itself. A longer wait changes no verdict of what has run.
const REPEATED: Duration = Duration::from_secs(10);

/// How long a look counts while cases end in a regular way.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// The cluster is, or may be, no longer the one of the run's begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The last moment at which it is known to have been the same.
    pub known_until: Timestamp,
    /// What is different, or why that is unknown.
    pub reason: String,
}

/// Looks again and again whether the cluster is still the same.
pub(super) struct SameCluster(Mutex<Seen>);

struct Seen {
    identity: Identity,
    known_until: Timestamp,
    change: Option<Change>,
}

impl SameCluster {
    /// The cluster as it is at the begin.
    pub(super) async fn at_begin(access: &Access, budgets: Budgets) -> Self {
        let mut looks = Looks::within(budgets);
        let (mut known_until, mut identity) = (Timestamp::now(), Identity::default());
        while !identity.is_known() && looks.may_look().await {
            (known_until, identity) = (Timestamp::now(), access.identity(budgets.request()).await);
        }
        Self(Mutex::new(Seen { identity, known_until, change: None }))
    }

    /// Looks before a case that has the node for itself.
    pub(super) async fn look(&self, access: &Access, budgets: Budgets) {
        self.0.lock().await.look(access, budgets, false).await;
    }

    /// Looks after a case: at once where it came to nothing, else where the last look was long ago. Nobody waits for
    /// somebody else's look. Gives a change that was found.
    pub(super) async fn look_after(
        &self,
        access: &Access,
        budgets: Budgets,
        came_to_nothing: bool,
    ) -> Option<Change> {
        let mut seen = self.0.try_lock().ok()?;
        let is_fresh = Timestamp::now().duration_since(seen.known_until) < FRESH;
        if seen.change.is_some() || (is_fresh && !came_to_nothing) {
            return None;
        }
        seen.look(access, budgets, false).await;
        seen.change.clone()
    }

    /// Looks after a case that starts nodes again.
    pub(super) async fn look_after_restarts(&self, access: &Access, budgets: Budgets) {
        self.0.lock().await.look(access, budgets, true).await;
    }

    /// Looks at the end, and gives what the cluster was and what has changed.
    pub(super) async fn at_end(&self, access: &Access, budgets: Budgets) -> (Identity, Option<Change>) {
        let mut seen = self.0.lock().await;
        let (mut looks, mut known) = (Looks::within(budgets), false);
        while !known && looks.may_look().await {
            known = seen.look(access, budgets, false).await;
        }
        if !known && seen.change.is_none() {
            let reason = "whether it is still the same cluster is unknown: it does not answer".to_owned();
            seen.change = Some(Change { known_until: seen.known_until, reason });
        }
        (seen.identity.clone(), seen.change.clone())
    }

    /// What is known without another look.
    pub(super) async fn so_far(&self) -> (Identity, Option<Change>) {
        let seen = self.0.lock().await;
        (seen.identity.clone(), seen.change.clone())
    }
}

/// The moments of looks at a cluster that may say nothing of itself for a while.
struct Looks {
    moments: Interval,
    until: Instant,
}

impl Looks {
    fn within(budgets: Budgets) -> Self {
        Self { moments: interval(PAUSE), until: Instant::now() + budgets.request().min(REPEATED) }
    }

    /// Waits for the next moment; says whether there is one.
    async fn may_look(&mut self) -> bool {
        self.moments.tick().await < self.until
    }
}

impl Seen {
    /// Says whether it is known if the cluster is the same.
    async fn look(&mut self, access: &Access, budgets: Budgets, restarts: bool) -> bool {
        // A cluster that has changed once is not asked again.
        if self.change.is_some() {
            return true;
        }
        let now = Timestamp::now();
        let later = access.identity(budgets.request()).await;
        match self.identity.compare(&later, restarts) {
            Sameness::Same => {
                self.known_until = now;
                self.identity = std::mem::take(&mut self.identity).renewed(later);
                true
            }
            Sameness::Different(what) => {
                let reason = format!("the cluster was replaced or started again during the run: {what}");
                self.change = Some(Change { known_until: self.known_until, reason });
                true
            }
            Sameness::Unknown => false,
        }
    }
}

impl RunRecord {
    /// The same record, in which nothing that ended after a change has a verdict.
    pub(super) fn of_one_cluster(mut self) -> Self {
        if let Some(change) = &self.change {
            self.cases = self.cases.iter().map(|case| before(change, case)).collect();
        }
        self
    }
}

fn before(change: &Change, case: &CaseRecord) -> CaseRecord {
    if case.attempts.is_empty() {
        let verdict = kept(change, case.started, case.seconds, &case.verdict);
        return CaseRecord { verdict, ..case.clone() };
    }
    let attempts = case.attempts.iter().map(|attempt| Attempt {
        verdict: kept(change, attempt.started, attempt.seconds, &attempt.verdict),
        ..attempt.clone()
    });
    case.with_attempts(attempts.collect())
}

fn kept(change: &Change, started: Timestamp, seconds: f64, verdict: &Verdict) -> Verdict {
    let length = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
    let ended = started.checked_add(length).unwrap_or(Timestamp::MAX);
    match verdict {
        Verdict::Pass | Verdict::Fail { .. } if ended > change.known_until => {
            Verdict::Inconclusive { reason: change.reason.clone() }
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Finding;

    fn case(minute: i64, verdict: Verdict) -> CaseRecord {
        let started = Timestamp::from_second(minute * 60).unwrap();
        let record = serde_json::from_value(serde_json::json!({
            "claim": "ipc/a", "title": "t", "level": "core", "tier": "quick", "mutant": null, "round": 1,
            "slug": "ipc/a", "verdict": Verdict::Pass, "started": started, "seconds": 30.0, "faults": [],
        }));
        CaseRecord { verdict, ..record.unwrap() }
    }

    fn fail() -> Verdict {
        let finding = Finding {
            assertion: "holds".into(),
            expected: "1".into(),
            seen: "2".into(),
            pointer: String::new(),
        };
        Verdict::Fail { findings: vec![finding] }
    }

    fn change(second: i64) -> Change {
        Change { known_until: Timestamp::from_second(second).unwrap(), reason: "another one".to_owned() }
    }

    #[test]
    fn what_ended_before_the_last_known_moment_keeps_its_verdict() {
        for verdict in [Verdict::Pass, fail()] {
            assert_eq!(before(&change(90), &case(1, verdict.clone())).verdict, verdict);
            let after = before(&change(89), &case(1, verdict)).verdict;
            assert_eq!(after, Verdict::Inconclusive { reason: "another one".to_owned() });
        }
    }

    #[test]
    fn what_has_no_verdict_keeps_its_reason() {
        for verdict in
            [Verdict::Skip { reason: "no".to_owned() }, Verdict::Inconclusive { reason: "so".to_owned() }]
        {
            assert_eq!(before(&change(0), &case(1, verdict.clone())).verdict, verdict);
        }
    }

    #[test]
    fn each_attempt_is_looked_at() {
        let attempt = |minute, verdict| {
            let CaseRecord { slug, verdict, started, seconds, .. } = case(minute, verdict);
            Attempt { slug, verdict, started, seconds }
        };
        let case = case(1, fail()).with_attempts(vec![attempt(1, fail()), attempt(3, Verdict::Pass)]);
        assert!(case.is_flaky());
        let case = before(&change(100), &case);
        assert!(matches!(case.verdict, Verdict::Fail { .. }) && !case.is_flaky(), "{case:#?}");
    }
}
