//! What is kept of a run.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, facts_of};
use super::signature::signature;
use crate::judge::Verdict;
use crate::run::{CaseRecord, RunRecord};

/// How much of a reason is kept, in characters: the run folder has the whole of it.
const LONGEST_REASON: usize = 1000;

/// A case, whatever the environment is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct CaseKey {
    /// The id of its claim, or the name that a foreign report has for it.
    pub case: String,
    /// Which variant of it; empty where there is only one.
    pub variant: String,
}

/// How one execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The claim held.
    Pass,
    /// The claim was not checked.
    Skip,
    /// Whether it held could not be told: neither a pass nor a fail.
    Inconclusive,
    /// The cluster contradicted the claim.
    Fail,
}

/// A run, as it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunName {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
}

/// A run, as history keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRun {
    /// Its id.
    pub id: String,
    /// What made it: the program and its version, or the form of a foreign report.
    pub tool: String,
    /// When it began.
    pub started: Timestamp,
    /// When it had ended.
    pub ended: Timestamp,
    /// What interrupted it, where something did: cases may be missing from it for no other reason.
    pub interrupted: Option<String>,
    /// Its environment.
    pub facts: Facts,
    /// Its executions.
    pub attempts: Vec<Attempt>,
}

/// One execution of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The case.
    pub key: Arc<CaseKey>,
    /// How often the claim's meaning had changed, from 1.
    pub revision: u32,
    /// Which repetition of the case it belongs to, from 1.
    pub round: u32,
    /// Which attempt at that repetition it was, from 1.
    pub number: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not pass: what is lacking, what could not be told, or the first finding.
    pub reason: Option<String>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What failures of the same cause have in common with it.
    pub signature: Option<String>,
}

impl KeptRun {
    /// What is kept of a run of podproof. Under a mutant a case says nothing of the cluster and is left out.
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

    /// How the run is called.
    #[must_use]
    pub fn name(&self) -> RunName {
        RunName { id: self.id.clone(), started: self.started }
    }

    /// How many executions ended so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.attempts.iter().filter(|attempt| attempt.outcome == outcome).count()
    }
}

/// What is kept of a case: each of its attempts, where there were several.
fn attempts(case: &CaseRecord) -> Vec<Attempt> {
    if case.attempts.is_empty() {
        return vec![attempt(case, 1, &case.verdict, case.seconds)];
    }
    let attempts = (1..).zip(&case.attempts);
    attempts.map(|(number, one)| attempt(case, number, &one.verdict, one.seconds)).collect()
}

fn attempt(case: &CaseRecord, number: u32, verdict: &Verdict, seconds: f64) -> Attempt {
    let (outcome, reason) = match verdict {
        Verdict::Pass => (Outcome::Pass, None),
        Verdict::Skip { reason } => (Outcome::Skip, Some(reason.clone())),
        Verdict::Inconclusive { reason } => (Outcome::Inconclusive, Some(reason.clone())),
        Verdict::Fail { findings } => (Outcome::Fail, findings.first().map(ToString::to_string)),
    };
    Attempt {
        key: Arc::new(CaseKey { case: case.claim.to_string(), variant: String::new() }),
        revision: case.revision.0,
        round: case.round,
        number,
        seconds,
        ..Attempt::ended(outcome, reason.as_deref())
    }
}

impl Attempt {
    /// An execution that ended so, of no case yet. A long reason is cut.
    pub(super) fn ended(outcome: Outcome, reason: Option<&str>) -> Self {
        let signed = matches!(outcome, Outcome::Fail | Outcome::Inconclusive);
        Self {
            key: Arc::new(CaseKey { case: String::new(), variant: String::new() }),
            revision: 1,
            round: 1,
            number: 1,
            outcome,
            reason: reason.map(|reason| reason.chars().take(LONGEST_REASON).collect()),
            seconds: 0.0,
            signature: reason.filter(|_| signed).map(signature),
        }
    }
}

impl Outcome {
    /// The outcome in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }

    /// The outcome of that word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
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
