//! Exit codes, and the failures behind them.

use std::path::PathBuf;
use std::process::ExitCode;

use podproof::cluster::AccessError;
use podproof::experiment::{ExperimentError, StrategyError};
#[cfg(feature = "history")]
use podproof::history::{
    ImportError, StoreError,
    regression::{Judgement, WaiverError},
};
use podproof::plan::{ManifestError, SelectionError};
use podproof::report::ReportError;
use podproof::run::{Outcome, RecordError};
use thiserror::Error;

/// The exit codes. Documented in the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// All selected core claims hold.
    Conformant = 0,
    /// The command line is wrong.
    Usage = 2,
    /// Nothing was selected.
    NothingSelected = 4,
    /// A core claim was skipped.
    Partial = 5,
    /// This program is itself at fault: it panicked. No verdict has this code.
    Panicked = 70,
    /// A manifest, profile or the catalogue is bad.
    BadManifest = 96,
    /// No cluster is to be had.
    NoCluster = 97,
    /// A report could not be written.
    NotWritten = 98,
    /// A claim failed.
    Failed = 100,
    /// Something could not be told.
    Inconclusive = 101,
    /// Something is worse than it was.
    #[cfg(feature = "history")]
    Regressed = 102,
    /// Interrupted by INT; reports are written.
    Interrupted = 130,
    /// Terminated by TERM or HUP; reports are written.
    Terminated = 143,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl Code {
    /// The code of a run: a failed claim is worth more than what could not be told, that more than an
    /// interrupt, that more than a report that was not written, that more than a skip.
    #[must_use]
    pub fn of_run(outcome: Outcome, interrupted: Option<Self>, all_written: bool) -> Self {
        match (outcome, interrupted) {
            (Outcome::Nonconformant, _) => Self::Failed,
            (Outcome::Inconclusive, _) => Self::Inconclusive,
            (_, Some(signal)) => signal,
            (_, None) if !all_written => Self::NotWritten,
            (Outcome::Partial, None) => Self::Partial,
            (Outcome::Conformant, None) => Self::Conformant,
        }
    }
}

impl Code {
    /// The code of an experiment, which is neither right nor wrong: what could not be told comes before an interrupt,
    /// and that before a record that was not written.
    #[must_use]
    pub fn of_experiment(all_told: bool, interrupted: Option<Self>, all_written: bool) -> Self {
        match interrupted {
            _ if !all_told => Self::Inconclusive,
            Some(signal) => signal,
            None if !all_written => Self::NotWritten,
            None => Self::Conformant,
        }
    }
}

#[cfg(feature = "history")]
impl From<Judgement> for Code {
    /// The code of a comparison with earlier runs: what is worse comes before what could not be told.
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Regressed => Self::Regressed,
            Judgement::Untold => Self::Inconclusive,
            Judgement::Steady => Self::Conformant,
        }
    }
}

/// Why a command could not do what it was asked to.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line does not say what it must.
    #[error("{0}")]
    Usage(String),
    /// Nothing was selected.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// A manifest is bad.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The cluster could not be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// No cluster of our own is to be had.
    #[error(transparent)]
    Cluster(#[from] podproof::cluster::Error),
    /// What the cluster has of runs could not be found out.
    #[error("look for what runs have left")]
    Sweep(#[source] podproof::stage::Blocked),
    /// The cluster does not say what time it is.
    #[error("find out what time it is by the cluster's clock: the API server's answers have no date")]
    NoClock,
    /// Something of a run could not be removed.
    #[error("{0}")]
    Left(String),
    /// The probe was not built.
    #[error("find the probe: it is not beside this program")]
    NoProbe,
    /// A signal came before the work was done.
    #[error("interrupted")]
    Interrupted(Code),
    /// A run's record could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The strategies that were asked for are not to be had.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// The record of an experiment could not be written.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// A report could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The live report ended too early.
    #[error("the live report ended too early")]
    Reporter(#[source] tokio::task::JoinError),
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
    /// No case of that name is in the history.
    #[cfg(feature = "history")]
    #[error("no case `{0}` in the runs that were looked at")]
    NoCase(String),
    /// A folder could not be made.
    #[error("make the folder {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Output could not be written.
    #[error("write to stdout")]
    Stdout(#[source] std::io::Error),
    /// There is no randomness for ids.
    #[error("make a random id: {0}")]
    Random(String),
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
            Self::Selection(_) | Self::Strategy(StrategyError::Unknown { .. }) => Code::NothingSelected,
            Self::Manifest(_) | Self::Strategy(StrategyError::Manifest(_)) | Self::Record(_) => {
                Code::BadManifest
            }
            #[cfg(feature = "history")]
            Self::History(error) => match error {
                StoreError::Missing { .. }
                | StoreError::NoRun { .. }
                | StoreError::ManyRuns { .. }
                | StoreError::NoSeries { .. }
                | StoreError::ManySeries { .. }
                | StoreError::Empty => Code::NothingSelected,
                StoreError::Address { .. } => Code::Usage,
                #[cfg(not(feature = "postgres"))]
                StoreError::WithoutPostgres { .. } => Code::Usage,
                StoreError::Foreign { .. } | StoreError::Newer { .. } | StoreError::Older { .. } => {
                    Code::BadManifest
                }
                #[cfg(feature = "postgres")]
                StoreError::Roots { .. } | StoreError::Tls(_) => Code::NotWritten,
                StoreError::Made { .. } | StoreError::Statement { .. } | StoreError::Unreachable { .. } => {
                    Code::NotWritten
                }
            },
            #[cfg(feature = "history")]
            Self::Import(_) | Self::Waivers(_) => Code::BadManifest,
            #[cfg(feature = "history")]
            Self::NoCase(_) => Code::NothingSelected,
            Self::Interrupted(code) => *code,
            Self::Sweep(_) | Self::NoClock | Self::Left(_) => Code::NoCluster,
            Self::Access(_) | Self::Cluster(_) | Self::NoProbe | Self::Random(_) | Self::Runtime(_) => {
                Code::NoCluster
            }
            Self::Experiment(_)
            | Self::Report(_)
            | Self::Reporter(_)
            | Self::Folder { .. }
            | Self::Stdout(_) => Code::NotWritten,
        }
    }

    /// What would mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Selection(error) => error.hint(),
            Self::Access(error) => Some(error.hint()),
            Self::Cluster(error) => error.hint(),
            #[cfg(feature = "history")]
            Self::History(error) => error.hint(),
            #[cfg(feature = "history")]
            Self::NoCase(_) => Some("`podproof history show RUN` lists the cases of a run".to_owned()),
            #[cfg(feature = "history")]
            Self::Import(_) | Self::Waivers(_) => None,
            Self::NoProbe => Some("build it with `make build`, or name it with PODPROOF_PROBE".to_owned()),
            Self::Folder { .. } => Some("name another folder with --out".to_owned()),
            Self::NoClock => Some("name a run that has ended with --run ID".to_owned()),
            Self::Left(_) => Some("`kubectl describe namespace` says what holds it".to_owned()),
            Self::Usage(_)
            | Self::Sweep(_)
            | Self::Interrupted(_)
            | Self::Manifest(_)
            | Self::Record(_)
            | Self::Strategy(_)
            | Self::Experiment(_)
            | Self::Report(_)
            | Self::Reporter(_)
            | Self::Stdout(_)
            | Self::Random(_)
            | Self::Runtime(_) => None,
        }
    }
}
