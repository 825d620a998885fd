//! Profiles of JUnit documents.
//!
//! A profile is data: to add one, write a constant and list it in [`JunitProfile::ALL`]. The command line offers the
//! profiles of this list, tests render every profile of it, and the handbook must have each.

use std::env;
use std::path::{Path, PathBuf, absolute};

/// The tools for which a JUnit document is written. Tools contradict each other, so no single document suits all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JunitProfile {
    /// The name on the command line.
    pub name: &'static str,
    /// The readers, for the help of the command line.
    pub readers: &'static str,
    /// The element of an inconclusive result.
    pub(super) inconclusive: InconclusiveElement,
    /// The place of attempts other than the one that counts.
    pub(super) attempts: AttemptPlace,
    /// The properties of a test case.
    pub(super) properties: PropertySet,
    /// Whether each suite has the properties of the run.
    pub(super) has_run_properties: bool,
    /// Whether a test case has the path of its manifest.
    pub(super) has_files: bool,
    /// Whether to write attributes that only some readers support.
    pub(super) is_extended: bool,
    /// The beginning of messages.
    pub(super) message: MessageStyle,
    /// The text in the body of a failure, an error or a skip.
    pub(super) body: BodyStyle,
    /// The number of files that a test case may attach.
    pub(super) attachments: usize,
    /// The paths of attached files.
    pub(super) paths: PathBase,
}

/// The element of an inconclusive result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InconclusiveElement {
    Error,
    /// For readers that only know `failure` and would show an `error` as a pass.
    Failure,
}

/// The place of attempts other than the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttemptPlace {
    /// In the test case, as `flakyFailure` or `rerunFailure`.
    TestCase,
    /// Each attempt is a test case of the same name.
    OwnTestCase,
    Nowhere,
}

/// The properties of a test case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PropertySet {
    None,
    All,
    /// Numbers that become metrics.
    Metrics,
}

/// The beginning of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageStyle {
    /// The reason. An inconclusive result always begins with its verdict.
    Reason,
    /// The verdict, then the reason.
    Verdict,
}

/// The text in the body of a failure, an error or a skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyStyle {
    /// The whole text, which begins with the message.
    Whole,
    /// The text after the message, for readers that show both together.
    AfterMessage,
}

/// The paths of attached files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathBase {
    Absolute,
    /// Relative to the initial directory of the job: the value of this environment variable, or the current directory.
    Job(Option<&'static str>),
}

impl JunitProfile {
    /// All profiles.
    pub const ALL: [Self; 4] = [Self::STRICT, Self::RICH, Self::PROW, Self::GITLAB];

    /// Valid according to the schema `junit-10.xsd` of Jenkins' xUnit plugin. It has no timestamps and properties of
    /// test cases, and no `skipped` attribute of `testsuites`.
    pub const STRICT: Self = Self {
        name: "strict",
        readers: "Tools that validate against the schema of Jenkins' xUnit plugin",
        inconclusive: InconclusiveElement::Error,
        attempts: AttemptPlace::TestCase,
        properties: PropertySet::None,
        has_run_properties: true,
        has_files: false,
        is_extended: false,
        message: MessageStyle::Reason,
        body: BodyStyle::Whole,
        attachments: 0,
        paths: PathBase::Absolute,
    };

    /// Everything: properties, timestamps, files, and other attempts as `flakyFailure` and `rerunFailure`. Jenkins
    /// finds attached files by absolute paths.
    pub const RICH: Self = Self {
        name: "rich",
        readers: "Other tools; the report contains all available information",
        inconclusive: InconclusiveElement::Error,
        attempts: AttemptPlace::TestCase,
        properties: PropertySet::All,
        has_run_properties: true,
        has_files: true,
        is_extended: true,
        message: MessageStyle::Reason,
        body: BodyStyle::Whole,
        attachments: 20,
        paths: PathBase::Absolute,
    };

    /// For Prow and TestGrid. Each attempt is a test case of the same name, by which they recognize flakes. Properties
    /// are numbers, which become metrics. Texts begin with the verdict, because a cell shows only 140 characters.
    pub const PROW: Self = Self {
        name: "prow",
        readers: "Prow and TestGrid",
        inconclusive: InconclusiveElement::Failure,
        attempts: AttemptPlace::OwnTestCase,
        properties: PropertySet::Metrics,
        has_run_properties: true,
        has_files: false,
        is_extended: true,
        message: MessageStyle::Verdict,
        body: BodyStyle::AfterMessage,
        attachments: 0,
        paths: PathBase::Job(None),
    };

    /// For GitLab, which shows the body of a failure but not its message, and accepts one attachment.
    pub const GITLAB: Self = Self {
        name: "gitlab",
        readers: "GitLab",
        inconclusive: InconclusiveElement::Error,
        attempts: AttemptPlace::Nowhere,
        properties: PropertySet::None,
        has_run_properties: false,
        has_files: true,
        is_extended: true,
        message: MessageStyle::Reason,
        body: BodyStyle::Whole,
        attachments: 1,
        // The job may have changed its directory; GitLab provides the initial one.
        paths: PathBase::Job(Some("CI_PROJECT_DIR")),
    };

    /// The profile of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name == name)
    }
}

impl Default for JunitProfile {
    fn default() -> Self {
        Self::RICH
    }
}

impl PathBase {
    /// The path of the run's folder for readers.
    pub(super) fn folder(self, folder: &Path) -> PathBuf {
        match self {
            Self::Absolute => absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            Self::Job(variable) => {
                let real = folder.canonicalize();
                let real = real.as_deref().unwrap_or(folder);
                let initial = variable.and_then(env::var_os).map(PathBuf::from);
                let places = initial.into_iter().chain(env::current_dir().ok());
                let real_places: Vec<_> = places.filter_map(|place| place.canonicalize().ok()).collect();
                let below = real_places.iter().find_map(|place| real.strip_prefix(place).ok());
                below.unwrap_or(folder).to_owned()
            }
        }
    }
}
