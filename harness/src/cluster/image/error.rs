//! Why an image could not be made.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::cluster::program::CommandError;
use crate::cluster::versions::{Version, VersionError};

/// An image could not be made.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The private package root was not set up.
    #[error("no package lists in {}", conf.display())]
    NoPackages {
        /// Its configuration.
        conf: PathBuf,
    },
    /// A package is not to be had.
    #[error("no package {name} in Debian {suite}")]
    NoPackage {
        /// The package.
        name: String,
        /// The suite.
        suite: String,
    },
    /// A file that should have been there is not.
    #[error("{what} is not in {}", place.display())]
    Absent {
        /// What was looked for.
        what: String,
        /// Where.
        place: PathBuf,
    },
    /// That Kubernetes needs something newer than Debian has.
    #[error("Kubernetes {version} needs {what}, and Debian has none")]
    TooOld {
        /// The Kubernetes.
        version: Version,
        /// What it needs.
        what: &'static str,
        /// The option that gives it.
        option: &'static str,
    },
    /// The program does not say its version.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// Something else failed first.
    #[error("stopped")]
    Stopped,
    /// A program failed.
    #[error("{step}")]
    Step {
        /// What we were doing.
        step: String,
        /// What went wrong.
        source: CommandError,
    },
    /// A file could not be read or written.
    #[error("use {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
}

impl ImageError {
    pub(super) fn file(file: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let file = file.as_ref().to_owned();
        move |source| Self::File { file, source }
    }

    pub(super) fn step(step: impl Into<String>) -> impl FnOnce(CommandError) -> Self {
        let step = step.into();
        move |source| Self::Step { step, source }
    }

    /// What would mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoPackages { .. } | Self::Step { source: CommandError::Missing { .. }, .. } => {
                Some("`make setup` installs what is missing (`ci/setup.sh`, as root)".to_owned())
            }
            Self::NoPackage { .. } => Some("`make setup` refreshes the package lists".to_owned()),
            Self::TooOld { option, .. } => Some(format!("name a folder that has it with `{option} DIR`")),
            _ => None,
        }
    }
}
