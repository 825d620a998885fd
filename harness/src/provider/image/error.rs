//! Errors of building and loading images.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::host::CommandError;
use crate::provider::versions::{Version, VersionError};

/// Why an image could not be built or loaded.
#[derive(Debug, Error)]
pub enum ImageError {
    /// `ci/setup.sh` has not set up podproof's private apt configuration.
    #[error("no package lists in {}", conf.display())]
    NoPackages {
        /// The missing apt configuration file.
        conf: PathBuf,
    },
    /// A package is not available.
    #[error("no package {name} in Debian {suite}")]
    NoPackage {
        /// The package.
        name: String,
        /// The suite.
        suite: String,
    },
    /// An expected file does not exist.
    #[error("{what} is not in {}", place.display())]
    Absent {
        /// The name of the file.
        what: String,
        /// The folder or archive that should contain it.
        place: PathBuf,
    },
    /// This Kubernetes version needs something newer than Debian provides.
    #[error("Kubernetes {version} needs {what}, and Debian has none")]
    TooOld {
        /// The Kubernetes version.
        version: Version,
        /// The needed program.
        what: &'static str,
        /// The flag that names a folder with it.
        option: &'static str,
    },
    /// A program's output contains no version.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// Another task failed first.
    #[error("stopped")]
    Stopped,
    /// A program failed.
    #[error("{step}")]
    Step {
        /// The failed step.
        step: String,
        /// The failed program.
        source: CommandError,
    },
    /// A file could not be read or written.
    #[error("use {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl ImageError {
    pub(in crate::provider) fn file(file: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let file = file.as_ref().to_owned();
        move |source| Self::File { file, source }
    }

    pub(in crate::provider) fn step(step: impl Into<String>) -> impl FnOnce(CommandError) -> Self {
        let step = step.into();
        move |source| Self::Step { step, source }
    }

    /// Suggests how to fix the problem.
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
