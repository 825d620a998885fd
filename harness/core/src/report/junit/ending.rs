//! How an execution ends in terms of JUnit.

use super::profile::{InconclusiveElement, JunitProfile, MessageStyle};
use crate::judge::{Finding, Verdict};
use crate::plan::Purpose;
use crate::record::{CaseRecord, Proof};
use crate::report::text::XmlText;

/// How an execution ends in terms of JUnit. An inconclusive result is an error, never a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The case passed, or the mutant was killed.
    Success {
        /// Additional information.
        note: Option<String>,
    },
    /// The case was not run.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The result is inconclusive.
    Error {
        /// Why.
        reason: String,
        /// The cause.
        class: ErrorClass,
    },
    /// The case failed, or the mutant was not killed.
    Failure {
        /// The kind of failure: an assertion's name, `flaky`, or the result of a mutant.
        kind: String,
        /// Everything known about it.
        text: String,
        /// The cause.
        class: ErrorClass,
    },
}

/// The causes of failed, inconclusive and skipped executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorClass {
    /// The cluster.
    Product,
    /// The harness or its environment.
    Harness,
    /// A missing precondition of the case.
    Precondition,
}

impl ErrorClass {
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
    /// The ending of `case`, given the purpose of the run and the execution's proof.
    pub(super) fn of(purpose: Purpose, case: &CaseRecord, proof: &Proof) -> Self {
        match purpose {
            Purpose::Check if case.is_flaky() => Self::flaky(case),
            Purpose::Check => Self::of_verdict(&case.verdict),
            Purpose::Prove => Self::of_proof(case, proof),
        }
    }

    /// The cause. `None` for a success.
    pub(super) fn class(&self) -> Option<ErrorClass> {
        match self {
            Self::Success { .. } => None,
            Self::Skipped { .. } => Some(ErrorClass::Precondition),
            Self::Error { class, .. } | Self::Failure { class, .. } => Some(*class),
        }
    }

    /// The ending for a verdict.
    pub(super) fn of_verdict(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Success { note: None },
            Verdict::Skip { reason } => Self::Skipped { reason: reason.clone() },
            Verdict::Inconclusive { reason } => {
                Self::Error { reason: reason.clone(), class: ErrorClass::Harness }
            }
            Verdict::Fail { findings } => Self::failed(findings),
        }
    }

    /// The ending of a case that failed in one attempt and passed in another.
    fn flaky(case: &CaseRecord) -> Self {
        Self::Failure {
            kind: "flaky".to_owned(),
            text: format!("flaky ({}): {}", case.attempt_verdicts(), text_of(case.verdict.findings())),
            class: ErrorClass::Product,
        }
    }

    fn of_proof(case: &CaseRecord, proof: &Proof) -> Self {
        let findings = case.verdict.findings();
        let mutant = case.mutant.as_ref();
        let breaks = mutant.map(|mutant| mutant.breaks.as_str()).unwrap_or_default();
        let must_fail = mutant.map(|mutant| mutant.must_fail.as_str()).unwrap_or_default();
        match proof {
            Proof::Passed => Self::Success { note: None },
            Proof::Failed => Self::failed(findings),
            Proof::Killed => Self::Success { note: Some(format!("killed by {must_fail}")) },
            Proof::Survived => Self::Failure {
                kind: "mutant-survived".to_owned(),
                text: format!("the case passed although {breaks}; {must_fail} must fail"),
                class: ErrorClass::Harness,
            },
            Proof::WrongAssertion { by } => Self::Failure {
                kind: "mutant-killed-otherwise".to_owned(),
                text: format!(
                    "{must_fail} must fail, but the failed assertions are {}\n{}",
                    by.join(", "),
                    text_of(findings)
                ),
                class: ErrorClass::Harness,
            },
            Proof::Skipped { why } => Self::Skipped { reason: why.clone() },
            Proof::Inconclusive { why } => Self::Error { reason: why.clone(), class: ErrorClass::Harness },
        }
    }

    /// Returns whether it is an `error`: inconclusive, in a profile that has this element.
    pub(super) fn is_error(&self, profile: JunitProfile) -> bool {
        matches!(self, Self::Error { .. }) && profile.inconclusive == InconclusiveElement::Error
    }

    /// Returns whether it is a `failure`.
    pub(super) fn is_failure(&self, profile: JunitProfile) -> bool {
        matches!(self, Self::Failure { .. } | Self::Error { .. }) && !self.is_error(profile)
    }

    /// The kind for the attribute `type`: a word or an assertion's name. Never empty, because some readers reject that.
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

    /// The full text. An inconclusive result begins with `inconclusive:`, because some profiles report it as a failure.
    pub(super) fn text(&self, profile: JunitProfile) -> String {
        match self {
            Self::Success { note } => note.clone().unwrap_or_default(),
            Self::Skipped { reason } if profile.message == MessageStyle::Verdict => {
                format!("skip: {}", or_no_reason(reason))
            }
            Self::Skipped { reason } => or_no_reason(reason).to_owned(),
            Self::Error { reason, .. } => format!("inconclusive: {}", or_no_reason(reason)),
            Self::Failure { text, .. } if profile.message == MessageStyle::Verdict => {
                format!("fail: {}", or_no_reason(text))
            }
            Self::Failure { text, .. } => or_no_reason(text).to_owned(),
        }
    }

    fn failed(findings: &[Finding]) -> Self {
        let first = findings.first().map(|finding| finding.assertion.clone());
        Self::Failure { kind: first.unwrap_or_default(), text: text_of(findings), class: ErrorClass::Product }
    }
}

/// Replaces an empty text, because some readers drop elements without text.
fn or_no_reason(text: &str) -> &str {
    if XmlText::new(text).line().is_empty() { "no reason was given" } else { text }
}

fn text_of(findings: &[Finding]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Ending, ErrorClass};
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
        Ending::Error { reason: "why".to_owned(), class: ErrorClass::Harness }
    )]
    #[case::fail(
        fail(&["one", "two"]),
        Ending::Failure {
            kind: "one".to_owned(),
            text: "one: expected a, seen b (c)\ntwo: expected a, seen b (c)".to_owned(),
            class: ErrorClass::Product,
        }
    )]
    #[case::fail_without_findings(
        fail(&[]),
        Ending::Failure { kind: String::new(), text: String::new(), class: ErrorClass::Product }
    )]
    fn each_verdict_has_its_own_ending(#[case] verdict: Verdict, #[case] expected: Ending) {
        assert_eq!(Ending::of_verdict(&verdict), expected);
    }
}
