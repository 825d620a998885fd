//! A run that did not stay on one cluster: results after the change have no verdict.

use jiff::{SignedDuration, Timestamp};

use super::run_record::{Attempt, CaseRecord, ClusterChange, RunRecord};
use crate::judge::Verdict;

impl RunRecord {
    /// The same record, in which each case that ended after a change of the cluster is inconclusive.
    #[must_use]
    pub fn discount_after_cluster_change(mut self) -> Self {
        if let Some(change) = &self.change {
            self.cases = self.cases.iter().map(|case| limited(change, case)).collect();
        }
        self
    }
}

fn limited(change: &ClusterChange, case: &CaseRecord) -> CaseRecord {
    if case.attempts.is_empty() {
        let verdict = limited_verdict(change, case.started, case.seconds, &case.verdict);
        return CaseRecord { verdict, ..case.clone() };
    }
    let attempts = case.attempts.iter().map(|attempt| Attempt {
        verdict: limited_verdict(change, attempt.started, attempt.seconds, &attempt.verdict),
        ..attempt.clone()
    });
    case.with_attempts(attempts.collect())
}

fn limited_verdict(change: &ClusterChange, started: Timestamp, seconds: f64, verdict: &Verdict) -> Verdict {
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

    fn change(second: i64) -> ClusterChange {
        ClusterChange {
            known_until: Timestamp::from_second(second).unwrap(),
            reason: "another one".to_owned(),
        }
    }

    #[test]
    fn a_case_keeps_its_verdict_if_it_ended_before_the_last_successful_check() {
        for verdict in [Verdict::Pass, fail()] {
            assert_eq!(limited(&change(90), &case(1, verdict.clone())).verdict, verdict);
            let after = limited(&change(89), &case(1, verdict)).verdict;
            assert_eq!(after, Verdict::Inconclusive { reason: "another one".to_owned() });
        }
    }

    #[test]
    fn skips_and_inconclusive_verdicts_keep_their_reason() {
        for verdict in
            [Verdict::Skip { reason: "no".to_owned() }, Verdict::Inconclusive { reason: "so".to_owned() }]
        {
            assert_eq!(limited(&change(0), &case(1, verdict.clone())).verdict, verdict);
        }
    }

    #[test]
    fn each_attempt_is_checked_on_its_own() {
        let attempt = |minute, verdict| {
            let CaseRecord { slug, verdict, started, seconds, .. } = case(minute, verdict);
            Attempt { slug, verdict, started, seconds }
        };
        let case = case(1, fail()).with_attempts(vec![attempt(1, fail()), attempt(3, Verdict::Pass)]);
        assert!(case.is_flaky());
        let case = limited(&change(100), &case);
        assert!(matches!(case.verdict, Verdict::Fail { .. }) && !case.is_flaky(), "{case:#?}");
    }
}
