//! A test case of a JUnit report.

use std::sync::Arc;

use super::error_meaning::ErrorMeaning;
use crate::history::model::{CaseAttempt, CaseKey, CaseOutcome};

/// The meaning of an element in a test case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Failure,
    Error,
    Skipped,
    /// A failed attempt at a test case that passed in another attempt.
    FlakyFailure,
    /// An attempt with an error, at a test case that passed in another attempt.
    FlakyError,
    /// An earlier attempt that failed.
    EarlierFailure,
    /// An earlier attempt with an error.
    EarlierError,
}

impl Part {
    /// Parses the name of an element. `None` for elements without a meaning.
    pub(super) fn from_name(element: &[u8]) -> Option<Self> {
        match element {
            b"failure" => Some(Self::Failure),
            b"error" => Some(Self::Error),
            b"skipped" => Some(Self::Skipped),
            b"flakyFailure" => Some(Self::FlakyFailure),
            b"flakyError" => Some(Self::FlakyError),
            b"rerunFailure" => Some(Self::EarlierFailure),
            b"rerunError" => Some(Self::EarlierError),
            _ => None,
        }
    }
}

/// A test case while it is read.
#[derive(Debug, Default)]
pub(super) struct CaseDraft {
    /// Its class, or its suite if it has no class.
    pub(super) class: String,
    pub(super) name: String,
    pub(super) seconds: f64,
    /// The attribute `status`, with which some tools mark test cases that were not run.
    pub(super) status: String,
    parts: Vec<(Part, String)>,
}

impl CaseDraft {
    pub(super) fn add(&mut self, part: Part, text: String) {
        self.parts.push((part, text));
    }

    /// Its executions. Empty if the test case was not selected.
    pub(super) fn attempts(&self, errors: ErrorMeaning) -> Vec<CaseAttempt> {
        let key = Arc::new(CaseKey { case: self.id(), variant: String::new() });
        let earlier = self.parts.iter().filter_map(|(part, text)| match part {
            Part::FlakyFailure | Part::EarlierFailure => Some((CaseOutcome::Fail, text.as_str())),
            Part::FlakyError | Part::EarlierError => Some((errors.outcome(), text.as_str())),
            Part::Failure | Part::Error | Part::Skipped => None,
        });
        let ended = earlier.chain(self.ending(errors));
        ended
            .zip(1..)
            .map(|((outcome, text), number)| CaseAttempt {
                key: Arc::clone(&key),
                number,
                seconds: self.seconds,
                ..CaseAttempt::with_outcome(outcome, (!text.is_empty()).then_some(text))
            })
            .collect()
    }

    fn id(&self) -> String {
        match self.class.as_str() {
            "" => self.name.clone(),
            class => format!("{class}/{}", self.name),
        }
    }

    /// The outcome and its text. A failure takes precedence over an error, and an error over a skip. `None` if the test
    /// case was not selected.
    fn ending(&self, errors: ErrorMeaning) -> Option<(CaseOutcome, &str)> {
        // A flaky test case passed in the end. If it also has a failure, its tool counts flakes as failures.
        if self.parts.iter().any(|(part, _)| matches!(part, Part::FlakyFailure | Part::FlakyError)) {
            return Some((CaseOutcome::Pass, ""));
        }
        let text_of = |wanted: Part| {
            let part = self.parts.iter().find(|(part, _)| *part == wanted);
            part.map(|(_, text)| text.as_str())
        };
        if let Some(text) = text_of(Part::Failure) {
            Some((CaseOutcome::Fail, text))
        } else if let Some(text) = text_of(Part::Error) {
            Some((errors.outcome(), text))
        } else if let Some(text) = text_of(Part::Skipped) {
            let has_reason = !text.is_empty() && !text.eq_ignore_ascii_case("skipped");
            has_reason.then_some((CaseOutcome::Skip, text))
        } else {
            let was_run = !["notrun", "disabled", "skipped", "pending"].contains(&self.status.as_str());
            was_run.then_some((CaseOutcome::Pass, ""))
        }
    }
}
