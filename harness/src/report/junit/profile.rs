//! For whom a JUnit document is written.

use std::env;
use std::path::{Path, PathBuf, absolute};

/// For whom a JUnit document is written: readers contradict each other, so no single form serves all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JunitProfile {
    /// Valid by the schema `junit-10.xsd` of Jenkins' xUnit plugin, which knows neither times nor properties of a test
    /// case, and no `skipped` of the whole.
    Strict,
    /// All that there is to tell: properties, times, files, other attempts as `flakyFailure` and `rerunFailure`.
    #[default]
    Rich,
    /// For Prow and TestGrid: each attempt is a test case of the same name, which is how they know a flake; numeric
    /// properties, which become metrics; the verdict in the first of the 140 characters that a cell shows.
    Prow,
    /// For GitLab, which shows the body of a failure and not its message, and takes one attachment.
    Gitlab,
}

impl JunitProfile {
    /// Whether its readers know `error`: Prow and TestGrid count and show `failure` only, and what is inconclusive would
    /// be a pass to them.
    pub(super) fn has_errors(self) -> bool {
        self != Self::Prow
    }

    /// Whether each attempt at a case is a test case of its own.
    pub(super) fn repeats(self) -> bool {
        self == Self::Prow
    }

    /// Whether the attempts beside the one that counts stand within its test case.
    pub(super) fn has_other_attempts(self) -> bool {
        matches!(self, Self::Strict | Self::Rich)
    }

    /// Whether attributes that only some readers know may stand there.
    pub(super) fn is_extended(self) -> bool {
        self != Self::Strict
    }

    /// Whether what is true of the whole run stands by each suite.
    pub(super) fn has_run_properties(self) -> bool {
        self != Self::Gitlab
    }

    /// Whether a test case tells of its manifest.
    pub(super) fn has_files(self) -> bool {
        matches!(self, Self::Rich | Self::Gitlab)
    }

    /// Whether the message's words are left out of the body: where both are shown one after the other they would use
    /// up the room of what is new.
    pub(super) fn continues_in_body(self) -> bool {
        self == Self::Prow
    }

    /// How many files a test case may attach.
    pub(super) fn attachments(self) -> usize {
        match self {
            Self::Strict | Self::Prow => 0,
            Self::Gitlab => 1,
            Self::Rich => 20,
        }
    }

    /// The run's folder as readers look for it: Jenkins by an absolute path, GitLab by one below the folder in which
    /// the job began.
    pub(super) fn folder(self, folder: &Path) -> PathBuf {
        match self {
            Self::Strict | Self::Rich => absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            Self::Prow | Self::Gitlab => {
                let real = folder.canonicalize();
                let real = real.as_deref().unwrap_or(folder);
                // The job may have gone elsewhere since it began; GitLab says where that was.
                let begun = env::var_os("CI_PROJECT_DIR").map(PathBuf::from).filter(|_| self == Self::Gitlab);
                let places = begun.into_iter().chain(env::current_dir().ok());
                let real_places: Vec<_> = places.filter_map(|place| place.canonicalize().ok()).collect();
                let below = real_places.iter().find_map(|place| real.strip_prefix(place).ok());
                below.unwrap_or(folder).to_owned()
            }
        }
    }
}
