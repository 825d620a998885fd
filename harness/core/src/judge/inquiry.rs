//! The inquiry: the assertions of a judge, and the resulting verdict.

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::verdict::{Finding, Verdict};
use crate::evidence::{Evidence, Missing};

/// Collects the assertions of a judge.
///
/// An *assertion* is part of the claim: if it does not hold, the cluster contradicts the claim. A *premise* is part of
/// the case: if it does not hold, the case did not run as intended and proves nothing.
#[derive(Debug, Default)]
pub struct Inquiry {
    held: BTreeSet<String>,
    findings: Vec<Finding>,
}

impl Inquiry {
    /// Runs `judge` on `evidence` and returns the verdict.
    ///
    /// A failed assertion always makes the verdict a fail, even if facts are missing. Otherwise the verdict is a skip
    /// if the run was interrupted. It is inconclusive if a fact is missing, the drive stopped early, or the judge did not
    /// state every one of `assertions`.
    pub fn verdict<'a>(
        evidence: &Evidence,
        assertions: impl IntoIterator<Item = &'a str>,
        judge: impl FnOnce(&Evidence, &mut Self) -> Result<(), Missing>,
    ) -> Verdict {
        let mut inquiry = Self::default();
        let result = judge(evidence, &mut inquiry);
        if !inquiry.findings.is_empty() {
            return Verdict::Fail { findings: inquiry.findings };
        }
        if evidence.interrupted {
            return interrupted();
        }
        let unstated: Vec<_> = assertions.into_iter().filter(|name| !inquiry.held.contains(*name)).collect();
        let reason = match (&evidence.blocked, result) {
            (Some(why), Ok(())) => why.clone(),
            (Some(why), Err(missing)) => format!("{why}; {missing}"),
            (None, Err(missing)) => missing.to_string(),
            (None, Ok(())) if inquiry.held.is_empty() => "nothing was asserted".to_owned(),
            (None, Ok(())) if unstated.is_empty() => return Verdict::Pass,
            (None, Ok(())) => format!("not asserted: {}", unstated.join(", ")),
        };
        Verdict::Inconclusive { reason }
    }

    /// The verdict without judging, because `cause` makes the evidence useless.
    #[must_use]
    pub fn unjudged(evidence: &Evidence, cause: String) -> Verdict {
        if evidence.interrupted {
            return interrupted();
        }
        let reason = match &evidence.blocked {
            Some(why) => format!("{cause}; {why}"),
            None => cause,
        };
        Verdict::Inconclusive { reason }
    }

    /// Records if the assertion `holds`. `expected`, `seen` and `pointer`, a position in the evidence, describe a
    /// failure.
    pub fn assert(
        &mut self,
        assertion: &str,
        holds: bool,
        expected: impl Into<String>,
        seen: impl Into<String>,
        pointer: impl Into<String>,
    ) {
        if holds {
            self.held.insert(assertion.to_owned());
        } else {
            self.findings.push(Finding {
                assertion: assertion.to_owned(),
                expected: expected.into(),
                seen: seen.into(),
                pointer: pointer.into(),
            });
        }
    }

    /// Asserts that the two values are equal.
    pub fn assert_equal<T: PartialEq + Debug>(
        &mut self,
        assertion: &str,
        expected: &T,
        seen: &T,
        pointer: impl Into<String>,
    ) {
        self.assert(assertion, expected == seen, format!("{expected:?}"), format!("{seen:?}"), pointer);
    }

    /// Asserts that the two values differ. `what` names them in the finding, in the plural.
    pub fn assert_differ<T: PartialEq + Debug>(
        &mut self,
        assertion: &str,
        what: &str,
        one: &T,
        other: &T,
        pointer: impl Into<String>,
    ) {
        self.assert(
            assertion,
            one != other,
            format!("two different {what}"),
            format!("{one:?} twice"),
            pointer,
        );
    }

    /// The names of all assertions stated so far, whether they held or not.
    #[must_use]
    pub fn stated(&self) -> BTreeSet<&str> {
        let found = self.findings.iter().map(|finding| finding.assertion.as_str());
        self.held.iter().map(String::as_str).chain(found).collect()
    }

    /// Requires that a premise holds. `what` describes it in case it is missing.
    pub fn premise(what: &str, holds: bool) -> Result<(), Missing> {
        if holds { Ok(()) } else { Err(Missing::new(what)) }
    }
}

fn interrupted() -> Verdict {
    Verdict::Skip { reason: "interrupted before its end".to_owned() }
}
