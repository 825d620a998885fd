//! An excerpt of a log: its last lines, the probe's reports, and the messages of the article's exchange.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::tail::{Tail, fold};
use crate::evidence::{LogLine, ProbeReport};

/// The number of messages kept for comparison. The article's exchange has 501.
const MESSAGES: usize = 4096;

/// The longest line and the longest message that are kept, in characters.
const LONGEST_LINE: usize = 300;
const LONGEST_MESSAGE: usize = 80;

/// The log of one container instance.
#[derive(Debug, Deserialize)]
pub(in crate::report) struct Log {
    pub(in crate::report) pod: String,
    pub(in crate::report) uid: String,
    pub(in crate::report) container: String,
    pub(in crate::report) restart: i32,
    pub(in crate::report) lines: Lines,
    #[serde(default)]
    pub(in crate::report) cut: bool,
    #[serde(default)]
    pub(in crate::report) broken: Option<String>,
}

/// The parts of a log that are kept.
#[derive(Debug, Default)]
pub(in crate::report) struct Lines {
    pub(in crate::report) tail: Tail<LogLine, 40>,
    pub(in crate::report) reports: Tail<Reported, 24>,
    pub(in crate::report) sent: Messages,
    pub(in crate::report) received: Messages,
}

/// A report of the probe. The time is by the node's wall clock.
#[derive(Debug)]
pub(in crate::report) struct Reported {
    pub(in crate::report) verb: String,
    pub(in crate::report) ok: bool,
    pub(in crate::report) at: Option<Timestamp>,
}

/// The messages that a program logged as produced or consumed.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Messages {
    /// The number of messages, including those not kept.
    pub(in crate::report) count: usize,
    /// The first messages, at most `MESSAGES`.
    pub(in crate::report) first: Vec<String>,
    /// The last message.
    pub(in crate::report) last: Option<String>,
}

/// The exchange between two containers of a pod.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Flow<'a> {
    pub(in crate::report) from: &'a Log,
    pub(in crate::report) to: &'a Log,
}

impl Log {
    /// Why lines may be missing. `None` if the log is complete.
    pub(in crate::report) fn incomplete_because(&self) -> Option<&str> {
        if self.cut { Some("it exceeded the size limit") } else { self.broken.as_deref() }
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fold(deserializer, Self::default(), |lines: &mut Self, line: LogLine| lines.push(&line))
    }
}

impl Lines {
    fn push(&mut self, line: &LogLine) {
        let message = |word: &str| line.text.strip_prefix(word)?.strip_prefix(": ");
        if let Some(message) = message("Produced") {
            self.sent.push(message);
        } else if let Some(message) = message("Consumed") {
            self.received.push(message);
        } else if let Some(report) = ProbeReport::parse(&line.text) {
            let at = report.realtime_ns().and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok());
            self.reports.push(Reported { verb: short(report.verb(), LONGEST_MESSAGE), ok: report.ok(), at });
        }
        self.tail.push(LogLine { at: line.at, text: short(&line.text, LONGEST_LINE) });
    }

    pub(in crate::report) fn count(&self) -> usize {
        self.tail.iter().len() + self.tail.left_out()
    }
}

impl Messages {
    fn push(&mut self, message: &str) {
        self.count += 1;
        let message = short(message, LONGEST_MESSAGE);
        if self.first.len() < MESSAGES {
            self.first.push(message.clone());
        }
        self.last = Some(message);
    }
}

impl<'a> Flow<'a> {
    /// The exchanges in these logs: each log with received messages, paired with a log of the same pod with sent ones.
    pub(in crate::report) fn all(logs: &'a Tail<Log, 16>) -> Vec<Self> {
        let receivers = logs.iter().filter(|log| log.lines.received.count > 0);
        receivers
            .filter_map(|to| {
                let from = logs.iter().find(|log| log.uid == to.uid && log.lines.sent.count > 0)?;
                Some(Self { from, to })
            })
            .collect()
    }

    /// The messages that arrived, without the final `done` that ends the exchange.
    pub(in crate::report) fn arrived(&self) -> &'a [String] {
        let received = &self.to.lines.received;
        let whole = received.first.len() == received.count;
        match received.first.split_last() {
            Some((last, others)) if whole && last == "done" && !self.from.lines.sent.first.contains(last) => {
                others
            }
            _ => &received.first,
        }
    }

    /// The first position, from 1, at which the received messages differ from the sent ones.
    pub(in crate::report) fn differs_at(&self) -> Option<usize> {
        let sent = &self.from.lines.sent.first;
        let arrived = self.arrived();
        let place = sent.iter().zip(arrived).position(|(sent, arrived)| sent != arrived);
        let shorter = sent.len().min(arrived.len());
        place.or((sent.len() != arrived.len()).then_some(shorter)).map(|place| place + 1)
    }
}

fn short(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
