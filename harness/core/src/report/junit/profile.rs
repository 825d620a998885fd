//! Profiles of JUnit documents.

use std::env;
use std::path::{Path, PathBuf, absolute};

/// The tool for which a JUnit document is written. Tools contradict each other, so no single document suits all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JunitProfile {
    /// Valid according to the schema `junit-10.xsd` of Jenkins' xUnit plugin. It has no timestamps and properties of
    /// test cases, and no `skipped` attribute of `testsuites`.
    Strict,
    /// Everything: properties, timestamps, files, and other attempts as `flakyFailure` and `rerunFailure`.
    #[default]
    Rich,
    /// For Prow and TestGrid. Each attempt is a test case of the same name, by which they recognize flakes. Properties
    /// are numbers, which become metrics. Texts begin with the verdict, because a cell shows only 140 characters.
    Prow,
    /// For GitLab, which shows the body of a failure but not its message, and accepts one attachment.
    Gitlab,
}

impl JunitProfile {
    /// Returns whether its readers support `error`. Prow and TestGrid only know `failure` and would show an `error` as
    /// a pass.
    pub(super) fn has_errors(self) -> bool {
        self != Self::Prow
    }

    /// Returns whether each attempt at a case is a separate test case.
    pub(super) fn has_case_per_attempt(self) -> bool {
        self == Self::Prow
    }

    /// Returns whether a test case contains the other attempts.
    pub(super) fn has_other_attempts(self) -> bool {
        matches!(self, Self::Strict | Self::Rich)
    }

    /// Returns whether to write attributes that only some readers support.
    pub(super) fn is_extended(self) -> bool {
        self != Self::Strict
    }

    /// Returns whether each suite has the properties of the run.
    pub(super) fn has_run_properties(self) -> bool {
        self != Self::Gitlab
    }

    /// Returns whether a test case has the path of its manifest.
    pub(super) fn has_files(self) -> bool {
        matches!(self, Self::Rich | Self::Gitlab)
    }

    /// Returns whether the body leaves out the text of the message, because readers show both together.
    pub(super) fn continues_in_body(self) -> bool {
        self == Self::Prow
    }

    /// The number of files that a test case may attach.
    pub(super) fn attachments(self) -> usize {
        match self {
            Self::Strict | Self::Prow => 0,
            Self::Gitlab => 1,
            Self::Rich => 20,
        }
    }

    /// The path of the run's folder for readers: absolute for Jenkins, relative to the job's initial directory for
    /// GitLab.
    pub(super) fn folder(self, folder: &Path) -> PathBuf {
        match self {
            Self::Strict | Self::Rich => absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            Self::Prow | Self::Gitlab => {
                let real = folder.canonicalize();
                let real = real.as_deref().unwrap_or(folder);
                // The job may have changed its directory; GitLab provides the initial one.
                let initial =
                    env::var_os("CI_PROJECT_DIR").map(PathBuf::from).filter(|_| self == Self::Gitlab);
                let places = initial.into_iter().chain(env::current_dir().ok());
                let real_places: Vec<_> = places.filter_map(|place| place.canonicalize().ok()).collect();
                let below = real_places.iter().find_map(|place| real.strip_prefix(place).ok());
                below.unwrap_or(folder).to_owned()
            }
        }
    }
}
