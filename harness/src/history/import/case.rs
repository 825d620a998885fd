//! One test case of a report.

use std::sync::Arc;

use super::document::ErrorsAre;
use crate::history::kept::{Attempt, CaseKey, Outcome};

/// What an element inside of a test case says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Failure,
    Error,
    Skipped,
    /// An attempt that failed beside one that passed.
    FlakyFailure,
    /// An attempt that could not be run beside one that passed.
    FlakyError,
    /// An earlier attempt that failed.
    EarlierFailure,
    /// An earlier attempt that could not be run.
    EarlierError,
}

impl Part {
    pub(super) fn of(element: &[u8]) -> Option<Self> {
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

/// A test case that is being read.
#[derive(Debug, Default)]
pub(super) struct CaseDraft {
    /// Its class, or its suite.
    pub(super) class: String,
    pub(super) name: String,
    pub(super) seconds: f64,
    /// A word that some tools have for what was not run.
    pub(super) status: String,
    parts: Vec<(Part, String)>,
}

impl CaseDraft {
    pub(super) fn say(&mut self, part: Part, words: String) {
        self.parts.push((part, words));
    }

    /// Its executions; none where it was not selected.
    pub(super) fn attempts(&self, errors: ErrorsAre) -> Vec<Attempt> {
        let key = Arc::new(CaseKey { case: self.id(), variant: String::new() });
        let earlier = self.parts.iter().filter_map(|(part, words)| match part {
            Part::FlakyFailure | Part::EarlierFailure => Some((Outcome::Fail, words.as_str())),
            Part::FlakyError | Part::EarlierError => Some((errors.outcome(), words.as_str())),
            Part::Failure | Part::Error | Part::Skipped => None,
        });
        let ended = earlier.chain(self.ending(errors));
        ended
            .zip(1..)
            .map(|((outcome, words), number)| Attempt {
                key: Arc::clone(&key),
                number,
                seconds: self.seconds,
                ..Attempt::ended(outcome, (!words.is_empty()).then_some(words))
            })
            .collect()
    }

    fn id(&self) -> String {
        match self.class.as_str() {
            "" => self.name.clone(),
            class => format!("{class}/{}", self.name),
        }
    }

    /// How it ended: a failure counts more than an error, and that more than a skip.
    fn ending(&self, errors: ErrorsAre) -> Option<(Outcome, &str)> {
        // A flake passed in the end. A failure beside it only says that its tool takes a flake for one.
        if self.parts.iter().any(|(part, _)| matches!(part, Part::FlakyFailure | Part::FlakyError)) {
            return Some((Outcome::Pass, ""));
        }
        let says = |wanted: Part| {
            let part = self.parts.iter().find(|(part, _)| *part == wanted);
            part.map(|(_, words)| words.as_str())
        };
        if let Some(words) = says(Part::Failure) {
            Some((Outcome::Fail, words))
        } else if let Some(words) = says(Part::Error) {
            Some((errors.outcome(), words))
        } else if let Some(words) = says(Part::Skipped) {
            let has_reason = !words.is_empty() && !words.eq_ignore_ascii_case("skipped");
            has_reason.then_some((Outcome::Skip, words))
        } else {
            let was_run = !["notrun", "disabled", "skipped", "pending"].contains(&self.status.as_str());
            was_run.then_some((Outcome::Pass, ""))
        }
    }
}
