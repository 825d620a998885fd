//! The log of one container instance.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::probe::ProbeReport;

/// The log of one container instance, as far as it was received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogText {
    /// The pod's name.
    pub pod: String,
    /// The pod's UID.
    pub uid: String,
    /// The container's name.
    pub container: String,
    /// The container's restart count when the log began: 0 is the first instance.
    pub restart: i32,
    /// The lines, in order.
    pub lines: Vec<LogLine>,
    /// Whether nothing is still to come: the stream has ended, and the container too.
    pub complete: bool,
    /// Whether the log was the same when it was read once more after the container's end: a stream that ends early may end
    /// like one that is whole. Absent where it could not be read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// Whether lines were dropped because the log was larger than what is kept.
    pub cut: bool,
    /// Why the stream broke, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the runtime received the line; absent where the stamp could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The text without its stamp and line end.
    pub text: String,
}

/// What a kubelet that cannot read a log writes in its place.
const OF_KUBELET: [&str; 3] = [
    "unable to retrieve container logs for ",
    "failed to try resolving symlinks in path ",
    "failed to open log file ",
];

/// Whether this is not a line of the container's program, but the kubelet's word that it has no log.
pub(super) fn is_of_kubelet(text: &str) -> bool {
    OF_KUBELET.iter().any(|words| text.starts_with(words))
}

impl LogLine {
    /// Splits the RFC 3339 stamp from a line as `timestamps=true` gives it.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        match line.split_once(' ').map(|(stamp, text)| (stamp.parse().ok(), text)) {
            Some((Some(at), text)) => Self { at: Some(at), text: text.to_owned() },
            _ => Self {
                at: line.parse().ok(),
                text: line.parse::<Timestamp>().map_or(line, |_| "").to_owned(),
            },
        }
    }
}

impl LogText {
    /// Why lines may be missing that were written, where that is so.
    #[must_use]
    pub fn lack(&self) -> Option<&str> {
        if self.cut {
            return Some("it was larger than what is kept");
        }
        // The probe numbers its reports.
        if self.reports().next().is_some_and(|first| first.number("seq").is_ok_and(|seq| seq != 1)) {
            return Some("its beginning is missing");
        }
        self.broken.as_deref().or_else(|| self.texts().find(|text| is_of_kubelet(text)))
    }

    /// Whether it holds no line of the program.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.texts().any(|text| !text.is_empty() && !is_of_kubelet(text))
    }

    /// The texts of all lines.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.text.as_str())
    }

    /// The probe's reports in this log, in order.
    pub fn reports(&self) -> impl Iterator<Item = ProbeReport> + '_ {
        self.texts().filter_map(ProbeReport::parse)
    }

    /// The probe's first report of `verb` in this log.
    #[must_use]
    pub fn report(&self, verb: &str) -> Option<ProbeReport> {
        self.reports().find(|report| report.verb() == verb)
    }
}
