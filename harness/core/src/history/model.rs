//! The data that the history stores for a run.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::facts::{EnvironmentFacts, facts_of};
use super::signature::signature;
use crate::judge::Verdict;
use crate::record::{CaseRecord, RunRecord};

/// The longest stored reason, in characters. The run folder has the complete text.
const LONGEST_REASON: usize = 1000;

/// Identifies a case, independent of the environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct CaseKey {
    /// The id of its claim, or its name in the report of another tool.
    pub case: String,
    /// The variant of the case; empty if there is only one.
    pub variant: String,
}

/// How one execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseOutcome {
    /// The claim held.
    Pass,
    /// The claim was not checked.
    Skip,
    /// It is unknown whether the claim holds: neither a pass nor a fail.
    Inconclusive,
    /// The cluster contradicted the claim.
    Fail,
}

/// The id and the start of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunName {
    /// Its id.
    pub id: String,
    /// When it started.
    pub started: Timestamp,
}

/// A run as it is stored in the history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryRun {
    /// Its id.
    #[serde(rename = "run")]
    pub id: String,
    /// The program and its version, or the format of the imported report.
    pub tool: String,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The cause of an interruption. Cases may be missing from an interrupted run, which is not a change.
    pub interrupted: Option<String>,
    /// The facts of its environment.
    pub facts: EnvironmentFacts,
    /// Its executions.
    #[serde(rename = "executions")]
    pub attempts: Vec<CaseAttempt>,
}

/// One execution of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseAttempt {
    /// The case.
    #[serde(flatten, serialize_with = "serialize_shared")]
    pub key: Arc<CaseKey>,
    /// The revision of the claim's meaning, from 1.
    pub revision: u32,
    /// The repetition of the case, from 1.
    pub round: u32,
    /// The attempt at that repetition, from 1.
    #[serde(rename = "attempt")]
    pub number: u32,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// Its duration, in seconds.
    pub seconds: f64,
    /// Why it did not pass: the reason of the verdict, or the first finding.
    pub reason: Option<String>,
    /// A text that failures with the same cause share. `None` for a pass or a skip.
    pub signature: Option<String>,
}

impl HistoryRun {
    /// Converts a podproof run. Leaves out cases with a mutant, which say nothing about the cluster.
    #[must_use]
    pub fn of(record: &RunRecord) -> Self {
        Self {
            id: record.run.to_string(),
            tool: format!("podproof {}", record.podproof),
            started: record.started,
            ended: record.ended,
            interrupted: record.interrupted.clone(),
            facts: facts_of(record),
            attempts: record.cases.iter().filter(|case| case.mutant.is_none()).flat_map(attempts).collect(),
        }
    }

    /// The id and the start of the run.
    #[must_use]
    pub fn name(&self) -> RunName {
        RunName { id: self.id.clone(), started: self.started }
    }
}

/// The attempts at a case; the case itself if there was only one.
fn attempts(case: &CaseRecord) -> Vec<CaseAttempt> {
    if case.attempts.is_empty() {
        return vec![attempt(case, 1, &case.verdict, case.seconds)];
    }
    let attempts = (1..).zip(&case.attempts);
    attempts.map(|(number, one)| attempt(case, number, &one.verdict, one.seconds)).collect()
}

fn attempt(case: &CaseRecord, number: u32, verdict: &Verdict, seconds: f64) -> CaseAttempt {
    let (outcome, reason) = match verdict {
        Verdict::Pass => (CaseOutcome::Pass, None),
        Verdict::Skip { reason } => (CaseOutcome::Skip, Some(reason.clone())),
        Verdict::Inconclusive { reason } => (CaseOutcome::Inconclusive, Some(reason.clone())),
        Verdict::Fail { findings } => (CaseOutcome::Fail, findings.first().map(ToString::to_string)),
    };
    CaseAttempt {
        key: Arc::new(CaseKey { case: case.claim.to_string(), variant: String::new() }),
        revision: case.revision.0,
        round: case.round,
        number,
        seconds,
        ..CaseAttempt::with_outcome(outcome, reason.as_deref())
    }
}

/// Serializes a shared key like the key itself.
fn serialize_shared<S: Serializer>(key: &Arc<CaseKey>, serializer: S) -> Result<S::Ok, S::Error> {
    (**key).serialize(serializer)
}

impl CaseAttempt {
    /// An execution with this outcome, whose other fields the caller sets. A long reason is cut.
    pub(super) fn with_outcome(outcome: CaseOutcome, reason: Option<&str>) -> Self {
        let has_signature = matches!(outcome, CaseOutcome::Fail | CaseOutcome::Inconclusive);
        Self {
            key: Arc::new(CaseKey { case: String::new(), variant: String::new() }),
            revision: 1,
            round: 1,
            number: 1,
            outcome,
            reason: reason.map(|reason| reason.chars().take(LONGEST_REASON).collect()),
            seconds: 0.0,
            signature: reason.filter(|_| has_signature).map(signature),
        }
    }
}

impl CaseOutcome {
    /// The outcome in one word, which the store keeps.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }

    /// Parses the word of an outcome.
    #[cfg(feature = "history")]
    pub(super) fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Pass, Self::Skip, Self::Inconclusive, Self::Fail];
        all.into_iter().find(|outcome| outcome.word() == word)
    }
}

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.variant.as_str() {
            "" => f.write_str(&self.case),
            variant => write!(f, "{} [{variant}]", self.case),
        }
    }
}
