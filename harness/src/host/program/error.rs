//! Errors of running programs.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

/// Why a program failed or did not run.
#[derive(Debug, Error)]
pub enum CommandError {
    /// The program is not installed.
    #[error("`{program}` is not installed")]
    Missing {
        /// The program's name.
        program: String,
    },
    /// It could not be started or waited for.
    #[error("run `{command}`")]
    Start {
        /// The command.
        command: String,
        /// The cause.
        source: io::Error,
    },
    /// It ended with a failure.
    #[error("`{command}` {}{}", ending(*status), quoted(stderr_tail))]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its standard error.
        stderr_tail: String,
    },
    /// It exceeded its time limit and was killed.
    #[error("`{command}` took longer than {} s{}", deadline.as_secs(), quoted(stderr_tail))]
    Late {
        /// The command.
        command: String,
        /// The time limit.
        deadline: Duration,
        /// The last lines of its standard error.
        stderr_tail: String,
    },
    /// It succeeded, but its output could not be read.
    #[error("read the output of `{command}`: {why}")]
    Unread {
        /// The command.
        command: String,
        /// The cause.
        why: String,
    },
    /// podproof was asked to stop.
    #[error("`{command}` was interrupted")]
    Cancelled {
        /// The command.
        command: String,
    },
}

impl CommandError {
    /// The last lines of standard error; empty if the program did not run.
    #[must_use]
    pub fn stderr_tail(&self) -> &str {
        match self {
            Self::Failed { stderr_tail, .. } | Self::Late { stderr_tail, .. } => stderr_tail,
            Self::Missing { .. } | Self::Start { .. } | Self::Unread { .. } | Self::Cancelled { .. } => "",
        }
    }
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

fn quoted(stderr_tail: &str) -> String {
    stderr_tail.lines().flat_map(|line| ["\n    ", line]).collect()
}
