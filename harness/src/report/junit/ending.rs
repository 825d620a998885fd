//! How an execution ends in the words of JUnit.

use super::profile::JunitProfile;
use crate::judge::{Finding, Verdict};
use crate::plan::Purpose;
use crate::report::text::XmlText;
use crate::run::{CaseRecord, Proof};

/// How an execution ends in the words of JUnit. What could not be told is an error, never a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is as it must be.
    Success {
        /// What is worth saying all the same.
        note: Option<String>,
    },
    /// It was not asked.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It could not be told.
    Error {
        /// Why.
        reason: String,
        /// Whose doing it is.
        class: Class,
    },
    /// It is not as it must be.
    Failure {
        /// The kind of failure: an assertion's name, or what became of a mutant.
        kind: String,
        /// Everything known about it.
        text: String,
        /// Whose doing it is.
        class: Class,
    },
}

/// Whose doing it is that an execution is no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The cluster's.
    Product,
    /// The harness's, or its surroundings'.
    Harness,
    /// Nobody's: what the case needs is not there.
    Precondition,
}

impl Class {
    /// The value of the property `outcome.class`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Harness => "harness",
            Self::Precondition => "precondition",
        }
    }
}

impl Ending {
    /// How `case` ends, given what the run is for and what the execution proves.
    pub(super) fn of(purpose: Purpose, case: &CaseRecord, proof: &Proof) -> Self {
        match purpose {
            Purpose::Check if case.is_flaky() => Self::flaky(case),
            Purpose::Check => Self::of_verdict(&case.verdict),
            Purpose::Prove => Self::of_proof(case, proof),
        }
    }

    /// Whose doing it is; nobody needs to ask after a success.
    pub(super) fn class(&self) -> Option<Class> {
        match self {
            Self::Success { .. } => None,
            Self::Skipped { .. } => Some(Class::Precondition),
            Self::Error { class, .. } | Self::Failure { class, .. } => Some(*class),
        }
    }

    /// How a verdict ends in the words of JUnit.
    pub(super) fn of_verdict(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Success { note: None },
            Verdict::Skip { reason } => Self::Skipped { reason: reason.clone() },
            Verdict::Inconclusive { reason } => Self::Error { reason: reason.clone(), class: Class::Harness },
            Verdict::Fail { findings } => Self::contradicted(findings),
        }
    }

    /// Not as it must be, although it was in another attempt.
    fn flaky(case: &CaseRecord) -> Self {
        Self::Failure {
            kind: "flaky".to_owned(),
            text: format!("flaky ({}): {}", case.attempts_in_words(), told(case.verdict.findings())),
            class: Class::Product,
        }
    }

    fn of_proof(case: &CaseRecord, proof: &Proof) -> Self {
        let findings = case.verdict.findings();
        let mutant = case.mutant.as_ref();
        let breaks = mutant.map(|mutant| mutant.breaks.as_str()).unwrap_or_default();
        let must_fail = mutant.map(|mutant| mutant.must_fail.as_str()).unwrap_or_default();
        match proof {
            Proof::Green => Self::Success { note: None },
            Proof::Red => Self::contradicted(findings),
            Proof::Killed => Self::Success { note: Some(format!("killed by {must_fail}")) },
            Proof::Survived => Self::Failure {
                kind: "mutant-survived".to_owned(),
                text: format!("the case passed although {breaks}; {must_fail} must fail"),
                class: Class::Harness,
            },
            Proof::KilledOtherwise { by } => Self::Failure {
                kind: "mutant-killed-otherwise".to_owned(),
                text: format!(
                    "{must_fail} must fail, but what failed is {}\n{}",
                    by.join(", "),
                    told(findings)
                ),
                class: Class::Harness,
            },
            Proof::Skipped { why } => Self::Skipped { reason: why.clone() },
            Proof::Untold { why } => Self::Error { reason: why.clone(), class: Class::Harness },
        }
    }

    /// Whether it is an `error`: what could not be told, where readers know that element.
    pub(super) fn is_error(&self, profile: JunitProfile) -> bool {
        matches!(self, Self::Error { .. }) && profile.has_errors()
    }

    /// Whether it is a `failure`.
    pub(super) fn is_failure(&self, profile: JunitProfile) -> bool {
        matches!(self, Self::Failure { .. } | Self::Error { .. }) && !self.is_error(profile)
    }

    /// The kind, which is a word or an assertion's name, fit for an attribute; some readers refuse an empty one.
    pub(super) fn kind(&self) -> String {
        let kind = match self {
            Self::Success { .. } => "passed",
            Self::Skipped { .. } => "skipped",
            Self::Error { .. } => "inconclusive",
            Self::Failure { kind, .. } => kind,
        };
        let kind = XmlText::new(kind).line();
        if kind.is_empty() { "unnamed".to_owned() } else { kind }
    }

    /// All that there is to say. What could not be told says so itself: readers that know no errors must not take it
    /// for a failure of the cluster.
    pub(super) fn text(&self, profile: JunitProfile) -> String {
        match self {
            Self::Success { note } => note.clone().unwrap_or_default(),
            Self::Skipped { reason } if profile == JunitProfile::Prow => format!("skip: {}", given(reason)),
            Self::Skipped { reason } => given(reason).to_owned(),
            Self::Error { reason, .. } => format!("inconclusive: {}", given(reason)),
            Self::Failure { text, .. } if profile == JunitProfile::Prow => format!("fail: {}", given(text)),
            Self::Failure { text, .. } => given(text).to_owned(),
        }
    }

    fn contradicted(findings: &[Finding]) -> Self {
        let first = findings.first().map(|finding| finding.assertion.clone());
        Self::Failure { kind: first.unwrap_or_default(), text: told(findings), class: Class::Product }
    }
}

/// Some readers drop what has no words, so there always are some.
fn given(words: &str) -> &str {
    if XmlText::new(words).line().is_empty() { "no reason was given" } else { words }
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Class, Ending};
    use crate::judge::{Finding, Verdict};

    fn fail(assertions: &[&str]) -> Verdict {
        let finding = |assertion: &&str| Finding {
            assertion: (*assertion).to_owned(),
            expected: "a".to_owned(),
            seen: "b".to_owned(),
            pointer: "c".to_owned(),
        };
        Verdict::Fail { findings: assertions.iter().map(finding).collect() }
    }

    #[rstest]
    #[case::pass(Verdict::Pass, Ending::Success { note: None })]
    #[case::skip(
        Verdict::Skip { reason: "why".to_owned() },
        Ending::Skipped { reason: "why".to_owned() }
    )]
    #[case::inconclusive(
        Verdict::Inconclusive { reason: "why".to_owned() },
        Ending::Error { reason: "why".to_owned(), class: Class::Harness }
    )]
    #[case::fail(
        fail(&["one", "two"]),
        Ending::Failure {
            kind: "one".to_owned(),
            text: "one: expected a, seen b (c)\ntwo: expected a, seen b (c)".to_owned(),
            class: Class::Product,
        }
    )]
    #[case::fail_without_a_word(
        fail(&[]),
        Ending::Failure { kind: String::new(), text: String::new(), class: Class::Product }
    )]
    fn each_verdict_ends_in_its_own_way(#[case] verdict: Verdict, #[case] expected: Ending) {
        assert_eq!(Ending::of_verdict(&verdict), expected);
    }
}
