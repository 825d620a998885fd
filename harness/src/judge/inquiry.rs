//! An inquiry: the assertions of one judge, and the verdict that follows from them.

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::verdict::{Finding, Verdict};
use crate::evidence::{Evidence, Missing};

/// Collects what a judge finds.
///
/// An *assertion* is part of the claim: where it does not hold, the cluster contradicted the claim. A *premise*
/// is part of the case: where it does not hold, the case did not take place as meant, and nothing follows.
#[derive(Debug, Default)]
pub struct Inquiry {
    held: BTreeSet<String>,
    findings: Vec<Finding>,
}

impl Inquiry {
    /// Asks `judge` about `evidence` and gives the verdict.
    ///
    /// A contradiction that was seen stays one, whatever else is missing. Without a contradiction, a missing
    /// fact, a drive that could not go on, or an inquiry that did not state each of the assertions which the claim
    /// has is inconclusive; a drive that was interrupted with the run is skipped.
    pub fn verdict<'a>(
        evidence: &Evidence,
        assertions: impl IntoIterator<Item = &'a str>,
        judge: impl FnOnce(&Evidence, &mut Self) -> Result<(), Missing>,
    ) -> Verdict {
        let mut inquiry = Self::default();
        let told = judge(evidence, &mut inquiry);
        if !inquiry.findings.is_empty() {
            return Verdict::Fail { findings: inquiry.findings };
        }
        if evidence.interrupted {
            return interrupted();
        }
        let unstated: Vec<_> = assertions.into_iter().filter(|name| !inquiry.held.contains(*name)).collect();
        let reason = match (&evidence.blocked, told) {
            (Some(why), Ok(())) => why.clone(),
            (Some(why), Err(missing)) => format!("{why}; {missing}"),
            (None, Err(missing)) => missing.to_string(),
            (None, Ok(())) if inquiry.held.is_empty() => "nothing was asserted".to_owned(),
            (None, Ok(())) if unstated.is_empty() => return Verdict::Pass,
            (None, Ok(())) => format!("not asserted: {}", unstated.join(", ")),
        };
        Verdict::Inconclusive { reason }
    }

    /// The verdict on `evidence` that says nothing of the claim for this cause, whatever a judge would find in it.
    #[must_use]
    pub fn disturbed(evidence: &Evidence, cause: String) -> Verdict {
        if evidence.interrupted {
            return interrupted();
        }
        let reason = match &evidence.blocked {
            Some(why) => format!("{cause}; {why}"),
            None => cause,
        };
        Verdict::Inconclusive { reason }
    }

    /// Asserts that `holds`; says what was expected, what was seen, and where.
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

    /// Asserts that what was seen equals what was expected.
    pub fn assert_equal<T: PartialEq + Debug>(
        &mut self,
        assertion: &str,
        expected: &T,
        seen: &T,
        pointer: impl Into<String>,
    ) {
        self.assert(assertion, expected == seen, format!("{expected:?}"), format!("{seen:?}"), pointer);
    }

    /// Asserts that two things differ; `what` names them in the finding.
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

    /// The assertions that were stated so far, whether they held or not.
    #[must_use]
    pub fn stated(&self) -> BTreeSet<&str> {
        let found = self.findings.iter().map(|finding| finding.assertion.as_str());
        self.held.iter().map(String::as_str).chain(found).collect()
    }

    /// Requires that the case took place as meant.
    pub fn premise(what: &str, holds: bool) -> Result<(), Missing> {
        if holds { Ok(()) } else { Err(Missing::new(what)) }
    }
}

fn interrupted() -> Verdict {
    Verdict::Skip { reason: "interrupted before its end".to_owned() }
}
