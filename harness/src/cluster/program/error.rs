//! Why a program did not do what it should.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

/// A program that did not do what it should.
#[derive(Debug, Error)]
pub enum CommandError {
    /// It is not there.
    #[error("`{program}` is not installed")]
    Missing {
        /// Its name.
        program: String,
    },
    /// It could not be started, or talking to it failed.
    #[error("run `{command}`")]
    Start {
        /// The command.
        command: String,
        /// What is wrong.
        source: io::Error,
    },
    /// It ended badly.
    #[error("`{command}` {}{}", ending(*status), quoted(said))]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its standard error.
        said: String,
    },
    /// It took too long and was killed.
    #[error("`{command}` took longer than {} s{}", deadline.as_secs(), quoted(said))]
    Late {
        /// The command.
        command: String,
        /// What it was given.
        deadline: Duration,
        /// The last lines of its standard error.
        said: String,
    },
    /// It ended well, and what it said cannot be read.
    #[error("read the output of `{command}`: {why}")]
    Unread {
        /// The command.
        command: String,
        /// What is wrong with the output.
        why: String,
    },
    /// We were asked to stop.
    #[error("`{command}` was interrupted")]
    Cancelled {
        /// The command.
        command: String,
    },
}

impl CommandError {
    /// What the program said last on standard error, where it got so far.
    #[must_use]
    pub fn said(&self) -> &str {
        match self {
            Self::Failed { said, .. } | Self::Late { said, .. } => said,
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

fn quoted(said: &str) -> String {
    said.lines().flat_map(|line| ["\n    ", line]).collect()
}
