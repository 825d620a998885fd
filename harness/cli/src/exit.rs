//! Exit codes, and the failures that cause them.

use std::path::PathBuf;
use std::process::ExitCode;

use podproof::experiment::StrategyError;
use podproof::provider::{ClusterError, ProviderError};
#[cfg(feature = "history")]
use podproof_core::history::{
    ImportError, StoreError,
    regression::{ReviewResult, WaiverError},
};
use podproof_core::plan::{ManifestError, SelectionError};
use podproof_core::record::{RecordError, RunOutcome};
use podproof_core::report::ReportError;
use podproof_core::trials::ExperimentError;
use thiserror::Error;

/// The exit codes, which the README documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The command succeeded. For a run: all selected core claims passed.
    Success = 0,
    /// The command line is invalid.
    Usage = 2,
    /// Nothing was selected, or a name is unknown.
    NotFound = 4,
    /// A core claim that applies to the cluster's version was skipped, or the run did not finish.
    Partial = 5,
    /// podproof panicked. No verdict has this code.
    Panicked = 70,
    /// A manifest, the catalogue, a run's record or an input of the history is invalid.
    InvalidInput = 96,
    /// The cluster is not available, or something else that the command needs.
    Unavailable = 97,
    /// A report or other output could not be written, or the history could not be opened.
    OutputUnavailable = 98,
    /// A claim failed.
    Failed = 100,
    /// A claim or a trial is inconclusive.
    Inconclusive = 101,
    /// A case is worse than in earlier runs.
    #[cfg(feature = "history")]
    Regressed = 102,
    /// Interrupted by SIGINT; reports are written.
    Interrupted = 130,
    /// Terminated by SIGTERM or SIGHUP; reports are written.
    Terminated = 143,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl Code {
    /// The code of a run. If several conditions hold, the first of these decides: a failed claim, an inconclusive one,
    /// a signal, a report that could not be written, a skipped claim.
    #[must_use]
    pub fn of_run(outcome: RunOutcome, interrupted: Option<Self>, all_written: bool) -> Self {
        match (outcome, interrupted) {
            (RunOutcome::Nonconformant, _) => Self::Failed,
            (RunOutcome::Inconclusive, _) => Self::Inconclusive,
            (_, Some(signal)) => signal,
            (_, None) if !all_written => Self::OutputUnavailable,
            (RunOutcome::Partial, None) => Self::Partial,
            (RunOutcome::Conformant, None) => Self::Success,
        }
    }

    /// The code of an experiment, which cannot fail. If several conditions hold, the first of these decides: an
    /// inconclusive trial, a signal, a record that could not be written.
    #[must_use]
    pub fn of_experiment(all_conclusive: bool, interrupted: Option<Self>, all_written: bool) -> Self {
        match interrupted {
            _ if !all_conclusive => Self::Inconclusive,
            Some(signal) => signal,
            None if !all_written => Self::OutputUnavailable,
            None => Self::Success,
        }
    }
}

#[cfg(feature = "history")]
impl From<ReviewResult> for Code {
    /// The code of a comparison with earlier runs.
    fn from(result: ReviewResult) -> Self {
        match result {
            ReviewResult::Regressed => Self::Regressed,
            ReviewResult::Inconclusive => Self::Inconclusive,
            ReviewResult::Steady => Self::Success,
        }
    }
}

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line names no valid cluster.
    #[error(transparent)]
    Usage(#[from] ProviderError),
    /// Nothing was selected.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// A manifest is invalid.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The cluster is not available.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The namespaces of earlier runs could not be listed.
    #[error("list the namespaces left behind by earlier runs")]
    ListLeftovers(#[source] podproof::stage::StageError),
    /// The cluster's clock is unknown.
    #[error("the cluster's clock is unknown: the API server's responses have no Date header")]
    NoServerDate,
    /// A namespace could not be removed.
    #[error("{0}")]
    NotRemoved(String),
    /// The probe binary was not found.
    #[error("the probe binary is not next to this program")]
    NoProbe,
    /// A signal interrupted the command.
    #[error("interrupted")]
    Interrupted(Code),
    /// A run's record could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The requested strategies are not available.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// The record of an experiment could not be written.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// A report could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The task of the live report panicked.
    #[error("the live report stopped unexpectedly")]
    LiveReport(#[source] tokio::task::JoinError),
    /// The history could not be used.
    #[cfg(feature = "history")]
    #[error(transparent)]
    History(#[from] StoreError),
    /// A report could not be imported into the history.
    #[cfg(feature = "history")]
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The waivers could not be read.
    #[cfg(feature = "history")]
    #[error(transparent)]
    Waivers(#[from] WaiverError),
    /// The history has no case of that name.
    #[cfg(feature = "history")]
    #[error("no case `{0}` in the examined runs")]
    NoCase(String),
    /// A folder could not be created.
    #[error("create the folder {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Output could not be written.
    #[error("write to stdout")]
    Stdout(#[source] std::io::Error),
    /// The system could not generate a random id.
    #[error("no random id for the run: {0}")]
    NoRandomId(String),
    /// The asynchronous runtime could not start.
    #[error("start the asynchronous runtime")]
    Runtime(#[source] std::io::Error),
}

impl Failure {
    /// The exit code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Usage(_) | Self::Selection(SelectionError::Syntax { .. }) => Code::Usage,
            Self::Selection(_) | Self::Strategy(StrategyError::Unknown { .. }) => Code::NotFound,
            Self::Manifest(_) | Self::Strategy(StrategyError::Manifest(_)) | Self::Record(_) => {
                Code::InvalidInput
            }
            #[cfg(feature = "history")]
            Self::History(error) => match error {
                StoreError::Missing { .. }
                | StoreError::NoRun { .. }
                | StoreError::ManyRuns { .. }
                | StoreError::NoSeries { .. }
                | StoreError::ManySeries { .. }
                | StoreError::Empty => Code::NotFound,
                StoreError::Address { .. } => Code::Usage,
                #[cfg(not(feature = "postgres"))]
                StoreError::WithoutPostgres { .. } => Code::Usage,
                StoreError::Foreign { .. } | StoreError::Newer { .. } => Code::InvalidInput,
                #[cfg(feature = "postgres")]
                StoreError::Roots { .. } | StoreError::Tls(_) => Code::OutputUnavailable,
                StoreError::Create { .. }
                | StoreError::Upgrade { .. }
                | StoreError::Statement { .. }
                | StoreError::Unreachable { .. } => Code::OutputUnavailable,
            },
            #[cfg(feature = "history")]
            Self::Import(_) | Self::Waivers(_) => Code::InvalidInput,
            #[cfg(feature = "history")]
            Self::NoCase(_) => Code::NotFound,
            Self::Interrupted(code) => *code,
            Self::ListLeftovers(_) | Self::NoServerDate | Self::NotRemoved(_) => Code::Unavailable,
            Self::Cluster(_) | Self::NoProbe | Self::NoRandomId(_) | Self::Runtime(_) => Code::Unavailable,
            Self::Experiment(_)
            | Self::Report(_)
            | Self::LiveReport(_)
            | Self::Folder { .. }
            | Self::Stdout(_) => Code::OutputUnavailable,
        }
    }

    /// Suggests how to fix the problem.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Selection(error) => error.hint(),
            Self::Cluster(error) => error.hint(),
            #[cfg(feature = "history")]
            Self::History(error) => error.hint(),
            #[cfg(feature = "history")]
            Self::NoCase(_) => Some("`podproof history show RUN` lists the cases of a run".to_owned()),
            #[cfg(feature = "history")]
            Self::Import(_) | Self::Waivers(_) => None,
            Self::NoProbe => Some("build it with `make build`, or name it with PODPROOF_PROBE".to_owned()),
            Self::Folder { .. } => Some("name another folder with --out".to_owned()),
            Self::NoServerDate => Some("name a run that has ended with --run ID".to_owned()),
            Self::NotRemoved(_) => {
                Some("`kubectl describe namespace` shows what blocks the deletion".to_owned())
            }
            Self::Usage(_)
            | Self::ListLeftovers(_)
            | Self::Interrupted(_)
            | Self::Manifest(_)
            | Self::Record(_)
            | Self::Strategy(_)
            | Self::Experiment(_)
            | Self::Report(_)
            | Self::LiveReport(_)
            | Self::Stdout(_)
            | Self::NoRandomId(_)
            | Self::Runtime(_) => None,
        }
    }
}
