//! The attempts of an execution that was made again, and what they say together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::CaseRecord;
use crate::judge::Verdict;

/// What is kept of one attempt, where there was more than one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its evidence lies in `cases/SLUG` of the run's folder.
    pub slug: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in seconds, without the removal of its namespace.
    pub seconds: f64,
}

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
    /// All attempts taken together, in their order. Nothing for no attempt at all.
    pub(super) fn together(attempts: Vec<Self>) -> Option<Self> {
        let kept: Vec<_> = attempts.iter().map(Attempt::of).collect();
        let faults: Vec<_> = attempts.iter().flat_map(|attempt| attempt.faults.clone()).collect();
        // An attempt that came to nothing does not know what takes its weight from a fail.
        let doubt = attempts.iter().find_map(|attempt| attempt.doubt.clone());
        let record = attempts.into_iter().min_by_key(|attempt| rank(&attempt.verdict))?;
        Some(if kept.len() > 1 { Self { doubt, faults, ..record.with_attempts(kept) } } else { record })
    }

    /// The same case with these attempts, in their order; the record is of the one that counts.
    ///
    /// A contradiction is not undone by a later attempt: the first failure counts. Without one a pass counts before
    /// what could not be told, which counts before what was skipped.
    pub(super) fn with_attempts(&self, attempts: Vec<Attempt>) -> Self {
        let counts = attempts.iter().min_by_key(|attempt| rank(&attempt.verdict)).cloned();
        let Some(Attempt { slug, verdict, started, seconds }) = counts else { return self.clone() };
        Self { slug, verdict, attempts, started, seconds, ..self.clone() }
    }

    /// Whether the claim failed in one attempt and held in another. The verdict is then a fail.
    #[must_use]
    pub fn is_flaky(&self) -> bool {
        let held = |attempt: &Attempt| attempt.verdict.is_pass();
        matches!(self.verdict, Verdict::Fail { .. }) && self.attempts.iter().any(held)
    }

    /// The verdict in one word, or that it is flaky.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.is_flaky() { "flaky" } else { self.verdict.word() }
    }

    /// What became of each attempt: `fail, pass`. Nothing where there was only one.
    #[must_use]
    pub fn attempts_in_words(&self) -> String {
        let words: Vec<_> = self.attempts.iter().map(|attempt| attempt.verdict.word()).collect();
        words.join(", ")
    }

    /// How many attempts were made; at least one.
    #[must_use]
    pub fn attempts_made(&self) -> usize {
        self.attempts.len().max(1)
    }
}

/// Whether another attempt could say more: what held or was not asked is settled.
pub(super) fn is_unsettled(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fail { .. } | Verdict::Inconclusive { .. })
}

/// The place of a verdict among those of several attempts: the first counts.
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

    fn together(kinds: &[&str]) -> CaseRecord {
        let attempts = kinds.iter().zip(1..).map(|(kind, number)| attempt(number, kind));
        CaseRecord::together(attempts.collect()).unwrap()
    }

    #[rstest]
    #[case::flaky(&["fail", "pass"], 1, true)]
    #[case::flaky_at_last(&["inconclusive", "fail", "fail", "pass"], 2, true)]
    #[case::steady(&["fail", "fail"], 1, false)]
    #[case::told_once(&["fail", "inconclusive"], 1, false)]
    #[case::stopped(&["fail", "skip"], 1, false)]
    #[case::told_at_last(&["inconclusive", "pass"], 2, false)]
    #[case::failed_at_last(&["inconclusive", "fail"], 2, false)]
    #[case::never_told(&["inconclusive", "inconclusive"], 1, false)]
    #[case::stopped_untold(&["inconclusive", "skip"], 1, false)]
    fn a_failure_counts_whatever_follows(
        #[case] kinds: &[&str],
        #[case] counts: usize,
        #[case] is_flaky: bool,
    ) {
        let record = together(kinds);
        let one = attempt(counts, kinds[counts - 1]);
        assert_eq!((&record.verdict, &record.slug), (&one.verdict, &one.slug));
        assert!((record.seconds - one.seconds).abs() < f64::EPSILON);
        assert_eq!(record.is_flaky(), is_flaky);
        let kept: Vec<_> = record.attempts.iter().map(|attempt| attempt.verdict.word()).collect();
        assert_eq!(kept, kinds);
        assert_eq!(record.faults.len(), kinds.len());
    }

    #[test]
    fn one_attempt_is_no_list_of_attempts() {
        let record = together(&["fail"]);
        assert_eq!(record, attempt(1, "fail"));
        assert_eq!((record.attempts_made(), record.is_flaky()), (1, false));
        assert_eq!(CaseRecord::together(Vec::new()), None);
    }
}
