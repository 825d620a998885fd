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
    /// The number of restarts before this instance: 0 is the first instance.
    pub restart: i32,
    /// The lines, in order.
    pub lines: Vec<LogLine>,
    /// True if the stream and the container have both ended, so that no more lines can follow.
    pub complete: bool,
    /// Whether a second read after the container's end returned the same log, because a stream may end early without an
    /// error. `None` if the log could not be read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// True if lines were dropped because the log exceeded the size limit.
    pub cut: bool,
    /// Why the stream broke; `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the runtime received the line; `None` if the timestamp could not be parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The text without timestamp and line end.
    pub text: String,
}

/// Messages that a kubelet returns in place of a log that it cannot read.
const KUBELET_MESSAGES: [&str; 3] = [
    "unable to retrieve container logs for ",
    "failed to try resolving symlinks in path ",
    "failed to open log file ",
];

/// Returns whether the line is a kubelet's message that it has no log, not output of the container.
#[must_use]
pub fn is_kubelet_message(text: &str) -> bool {
    KUBELET_MESSAGES.iter().any(|words| text.starts_with(words))
}

impl LogLine {
    /// Splits off the RFC 3339 timestamp that the option `timestamps=true` adds.
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
    /// Returns whether this is the log of instance `restart` of this container of the pod with this UID.
    #[must_use]
    pub fn is_of(&self, uid: &str, container: &str, restart: i32) -> bool {
        self.uid == uid && self.container == container && self.restart == restart
    }

    /// Why lines may be missing; `None` if nothing suggests that.
    #[must_use]
    pub fn why_incomplete(&self) -> Option<&str> {
        if self.cut {
            return Some("it exceeded the size limit");
        }
        // The probe numbers its reports from 1.
        if self.reports().next().is_some_and(|first| first.number("seq").is_ok_and(|seq| seq != 1)) {
            return Some("its beginning is missing");
        }
        self.broken.as_deref().or_else(|| self.texts().find(|text| is_kubelet_message(text)))
    }

    /// Returns whether it contains no output of the program.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.texts().any(|text| !text.is_empty() && !is_kubelet_message(text))
    }

    /// The lines without their timestamps.
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
