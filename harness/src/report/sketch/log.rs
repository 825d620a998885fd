//! A log, folded: its last lines, the probe's reports in it, and the messages that it tells of.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::tail::{Tail, fold};
use crate::evidence::{LogLine, ProbeReport};

/// How many messages are compared; the article's exchange has 501.
const MESSAGES: usize = 4096;

/// The longest text of a line and of a message that is kept, in characters.
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

/// What is kept of a log's lines.
#[derive(Debug, Default)]
pub(in crate::report) struct Lines {
    pub(in crate::report) tail: Tail<LogLine, 40>,
    pub(in crate::report) reports: Tail<Reported, 24>,
    pub(in crate::report) sent: Messages,
    pub(in crate::report) received: Messages,
}

/// What the probe reported, and when by the wall clock of its node.
#[derive(Debug)]
pub(in crate::report) struct Reported {
    pub(in crate::report) verb: String,
    pub(in crate::report) ok: bool,
    pub(in crate::report) at: Option<Timestamp>,
}

/// The messages that a program told of.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Messages {
    /// How many there were.
    pub(in crate::report) count: usize,
    /// The first of them.
    pub(in crate::report) first: Vec<String>,
    /// The last of them.
    pub(in crate::report) last: Option<String>,
}

/// The exchange of one pod: who sent, who received.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Flow<'a> {
    pub(in crate::report) from: &'a Log,
    pub(in crate::report) to: &'a Log,
}

impl Log {
    /// Why lines may be missing that were written, where that is so.
    pub(in crate::report) fn lack(&self) -> Option<&str> {
        if self.cut { Some("it was larger than what is kept") } else { self.broken.as_deref() }
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
    /// The exchanges in these logs: each log that tells of messages received, beside one of the same pod that tells
    /// of messages sent.
    pub(in crate::report) fn all(logs: &'a Tail<Log, 16>) -> Vec<Self> {
        let receivers = logs.iter().filter(|log| log.lines.received.count > 0);
        receivers
            .filter_map(|to| {
                let from = logs.iter().find(|log| log.uid == to.uid && log.lines.sent.count > 0)?;
                Some(Self { from, to })
            })
            .collect()
    }

    /// What arrived, the message apart after which the receiver ends.
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

    /// The first place, from 1, at which what arrived is not what was sent.
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
