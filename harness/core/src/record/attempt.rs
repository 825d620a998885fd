//! The attempts of a repeated execution, and how they combine into one verdict.

use super::run_record::{Attempt, CaseRecord};
use crate::judge::Verdict;

impl Attempt {
    fn of(record: &CaseRecord) -> Self {
        Self {
            slug: record.slug.clone(),
            verdict: record.verdict.clone(),
            started: record.started,
            seconds: record.seconds,
        }
    }
}

impl CaseRecord {
    /// Merges all attempts, in order, into one record. `None` if there are none.
    pub fn merge_attempts(attempts: Vec<Self>) -> Option<Self> {
        let kept: Vec<_> = attempts.iter().map(Attempt::of).collect();
        let faults: Vec<_> = attempts.iter().flat_map(|attempt| attempt.faults.clone()).collect();
        // An attempt that ended early may not have set this reason.
        let doubt = attempts.iter().find_map(|attempt| attempt.doubt.clone());
        let record = attempts.into_iter().min_by_key(|attempt| rank(&attempt.verdict))?;
        Some(if kept.len() > 1 { Self { doubt, faults, ..record.with_attempts(kept) } } else { record })
    }

    /// The same case with these attempts, in order. The record takes over the attempt that decides.
    ///
    /// A later attempt does not undo a failure: the first fail decides. Without one, a pass outranks an inconclusive
    /// attempt, and that outranks a skipped one.
    #[must_use]
    pub fn with_attempts(&self, attempts: Vec<Attempt>) -> Self {
        let counts = attempts.iter().min_by_key(|attempt| rank(&attempt.verdict)).cloned();
        let Some(Attempt { slug, verdict, started, seconds }) = counts else { return self.clone() };
        Self { slug, verdict, attempts, started, seconds, ..self.clone() }
    }

    /// True if the claim failed in one attempt and passed in another. The verdict is then a fail.
    #[must_use]
    pub fn is_flaky(&self) -> bool {
        let held = |attempt: &Attempt| attempt.verdict.is_pass();
        matches!(self.verdict, Verdict::Fail { .. }) && self.attempts.iter().any(held)
    }

    /// The verdict in one word, or `flaky`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.is_flaky() { "flaky" } else { self.verdict.word() }
    }

    /// The verdict of each attempt: `fail, pass`. Empty if there was only one.
    #[must_use]
    pub fn attempt_verdicts(&self) -> String {
        let words: Vec<_> = self.attempts.iter().map(|attempt| attempt.verdict.word()).collect();
        words.join(", ")
    }

    /// The number of attempts; at least one.
    #[must_use]
    pub fn attempts_made(&self) -> usize {
        self.attempts.len().max(1)
    }
}

/// True if another attempt may change the verdict. A pass and a skip are final.
#[must_use]
pub fn is_worth_retrying(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fail { .. } | Verdict::Inconclusive { .. })
}

/// Orders the verdicts of several attempts: the lowest rank decides.
fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Fail { .. } => 0,
        Verdict::Pass => 1,
        Verdict::Inconclusive { .. } => 2,
        Verdict::Skip { .. } => 3,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::CaseRecord;
    use crate::judge::{Finding, Verdict};

    fn attempt(number: usize, kind: &str) -> CaseRecord {
        let reason = || format!("reason {number}");
        let verdict = match kind {
            "pass" => Verdict::Pass,
            "skip" => Verdict::Skip { reason: reason() },
            "inconclusive" => Verdict::Inconclusive { reason: reason() },
            _ => Verdict::Fail {
                findings: vec![Finding {
                    assertion: "same-content".to_owned(),
                    expected: "a".to_owned(),
                    seen: reason(),
                    pointer: "logs".to_owned(),
                }],
            },
        };
        serde_json::from_value(json!({
            "claim": "volume/shared", "title": "a", "level": "core", "tier": "quick", "mutant": null, "round": 1,
            "slug": format!("volume/shared.attempt-{number}"), "verdict": verdict,
            "started": "2026-11-22T10:00:00Z", "seconds": number, "faults": [format!("fault {number}")],
        }))
        .unwrap()
    }

    fn merge_attempts(kinds: &[&str]) -> CaseRecord {
        let attempts = kinds.iter().zip(1..).map(|(kind, number)| attempt(number, kind));
        CaseRecord::merge_attempts(attempts.collect()).unwrap()
    }

    #[rstest]
    #[case::flaky(&["fail", "pass"], 1, true)]
    #[case::flaky_at_last(&["inconclusive", "fail", "fail", "pass"], 2, true)]
    #[case::steady(&["fail", "fail"], 1, false)]
    #[case::inconclusive_later(&["fail", "inconclusive"], 1, false)]
    #[case::stopped(&["fail", "skip"], 1, false)]
    #[case::passed_at_last(&["inconclusive", "pass"], 2, false)]
    #[case::failed_at_last(&["inconclusive", "fail"], 2, false)]
    #[case::always_inconclusive(&["inconclusive", "inconclusive"], 1, false)]
    #[case::stopped_after_inconclusive(&["inconclusive", "skip"], 1, false)]
    fn the_first_failure_decides_whatever_follows(
        #[case] kinds: &[&str],
        #[case] counts: usize,
        #[case] is_flaky: bool,
    ) {
        let record = merge_attempts(kinds);
        let one = attempt(counts, kinds[counts - 1]);
        assert_eq!((&record.verdict, &record.slug), (&one.verdict, &one.slug));
        assert!((record.seconds - one.seconds).abs() < f64::EPSILON);
        assert_eq!(record.is_flaky(), is_flaky);
        let kept: Vec<_> = record.attempts.iter().map(|attempt| attempt.verdict.word()).collect();
        assert_eq!(kept, kinds);
        assert_eq!(record.faults.len(), kinds.len());
    }

    #[test]
    fn a_single_attempt_is_not_recorded_as_a_list() {
        let record = merge_attempts(&["fail"]);
        assert_eq!(record, attempt(1, "fail"));
        assert_eq!((record.attempts_made(), record.is_flaky()), (1, false));
        assert_eq!(CaseRecord::merge_attempts(Vec::new()), None);
    }
}
