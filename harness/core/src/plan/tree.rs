//! The source of manifests: embedded in the program, or a folder with the same layout.

use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::too_deep;
use crate::disk::read_text;

/// The maximum size of a manifest in bytes. An API server rejects objects of half that size.
const LARGEST: u64 = 4 << 20;

/// The manifests of the source tree at build time: (relative path, text), sorted by path.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/manifests.rs"));

/// A tree of manifests with the layout of the repository's `manifests` folder.
#[derive(Clone, Debug)]
pub enum Tree {
    /// The manifests embedded in the program.
    Embedded,
    /// A folder on disk.
    Folder(PathBuf),
}

impl Tree {
    /// Reads the file at `path`, relative to the root of the tree.
    pub fn read(&self, path: &str) -> Result<String, ManifestError> {
        match self {
            Self::Embedded => EMBEDDED
                .iter()
                .find(|(name, _)| *name == path)
                .map(|(_, text)| (*text).to_owned())
                .ok_or_else(|| ManifestError::Missing { file: path.to_owned() }),
            Self::Folder(root) => {
                let file = root.join(path);
                read_text(&file, LARGEST).map_err(|source| match source.kind() {
                    io::ErrorKind::NotFound => ManifestError::Missing { file: file.display().to_string() },
                    _ => ManifestError::Unreadable { file: file.display().to_string(), source },
                })
            }
        }
    }

    /// The name of the file at `path` for error messages.
    #[must_use]
    pub fn name(&self, path: &str) -> String {
        match self {
            Self::Embedded => format!("manifests/{path}"),
            Self::Folder(root) => root.join(path).display().to_string(),
        }
    }

    /// Reads and parses one YAML document.
    pub(super) fn parse<T: DeserializeOwned>(&self, path: &str) -> Result<T, ManifestError> {
        let text = self.read(path)?;
        if let Some(problem) = too_deep(&text) {
            return Err(ManifestError::invalid(&self.name(path), problem));
        }
        serde_yaml::from_str(&text).map_err(|source| ManifestError::yaml(self.name(path), &source))
    }
}

/// An invalid manifest, mutants file or list of claims.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// The file does not exist.
    #[error("manifest {file} does not exist")]
    Missing {
        /// The file's name.
        file: String,
    },
    /// The file could not be read.
    #[error("read manifest {file}")]
    Unreadable {
        /// The file's name.
        file: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is not YAML, or does not have the expected structure.
    #[error("{file}:{line}:{column}: {problem}")]
    Yaml {
        /// The file's name.
        file: String,
        /// The line, from 1; 0 if unknown.
        line: usize,
        /// The column, from 1; 0 if unknown.
        column: usize,
        /// The problem at that position.
        problem: String,
    },
    /// The file has the expected structure but invalid content.
    #[error("{file}: {problem}")]
    Invalid {
        /// The file's name.
        file: String,
        /// The problem.
        problem: String,
    },
}

impl ManifestError {
    pub(super) fn yaml(file: String, source: &serde_yaml::Error) -> Self {
        let (line, column) = source.location().map_or((0, 0), |at| (at.line(), at.column()));
        Self::Yaml { file, line, column, problem: source.to_string() }
    }

    pub(super) fn invalid(file: &str, problem: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), problem: problem.into() }
    }
}
