//! Reading a sketch of one case's evidence.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use serde::{Deserialize, Deserializer};

use super::lanes::Timeline;
use super::log::Log;
use super::tail::{Tail, fold};
use crate::evidence::{Mark, SeenEvent, Wait, read_evidence_as};
use crate::run::evidence_folder_within;

/// Which clock and name an event's own times are trusted for, in seconds around its arrival.
const DAY: f64 = 86_400.0;

/// What is shown of the evidence of one case.
#[derive(Debug, Deserialize)]
pub(in crate::report) struct Sketch {
    pub(in crate::report) namespace: String,
    pub(in crate::report) started: Timestamp,
    pub(in crate::report) ended: Timestamp,
    pub(in crate::report) waits: Tail<Wait, 24>,
    pub(in crate::report) marks: Tail<Mark, 24>,
    pub(in crate::report) timeline: Timeline,
    #[serde(deserialize_with = "events")]
    pub(in crate::report) events: Tail<Told, 40>,
    pub(in crate::report) logs: Tail<Log, 16>,
    #[serde(default)]
    pub(in crate::report) blocked: Option<String>,
}

/// What an event told.
#[derive(Clone, Debug)]
pub(in crate::report) struct Told {
    /// When it happened, by the clock of who told it, as far as it says so; else when it arrived.
    pub(in crate::report) at: Timestamp,
    pub(in crate::report) warns: bool,
    pub(in crate::report) reason: String,
    /// The object that it is about, and the part of it.
    pub(in crate::report) object: String,
    pub(in crate::report) message: String,
    pub(in crate::report) count: i32,
}

/// Reads the evidence of one run. It may be large and is read once: of each sketch what the trace needs is remembered.
pub(in crate::report) struct Reader<'a> {
    /// The run's folder.
    pub(in crate::report) folder: &'a Path,
    waits: RefCell<BTreeMap<String, Vec<Wait>>>,
}

impl<'a> Reader<'a> {
    pub(in crate::report) fn new(folder: &'a Path) -> Self {
        Self { folder, waits: RefCell::default() }
    }

    /// A sketch of the evidence of the execution called `slug`, or why there is none.
    pub(in crate::report) fn sketch(&self, slug: &str) -> Result<Sketch, String> {
        let sketch = self.read(slug);
        let waits = sketch.as_ref().map(|sketch| sketch.waits.iter().cloned().collect()).unwrap_or_default();
        self.waits.borrow_mut().insert(slug.to_owned(), waits);
        sketch
    }

    /// What was awaited in the execution called `slug`; nothing where there is no evidence.
    pub(in crate::report) fn waits(&self, slug: &str) -> Vec<Wait> {
        let known = self.waits.borrow().get(slug).cloned();
        known.unwrap_or_else(|| {
            self.read(slug).map(|sketch| sketch.waits.iter().cloned().collect()).unwrap_or_default()
        })
    }

    fn read(&self, slug: &str) -> Result<Sketch, String> {
        let folder = evidence_folder_within(self.folder, slug)?;
        read_evidence_as(&folder).map_err(|error| format!("it cannot be read: {error}"))
    }
}

fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tail<Told, 40>, D::Error> {
    let told = fold(deserializer, Tail::default(), |events: &mut Tail<Told, 40>, seen: SeenEvent| {
        events.push(Told::of(seen));
    })?;
    Ok(told)
}

impl Told {
    fn of(seen: SeenEvent) -> Self {
        let at = happened(&seen);
        let Event { reason, message, involved_object: object, count, type_, .. } = seen.event;
        let name = object.name.unwrap_or_default();
        let part = object.field_path.as_deref().and_then(|path| path.split_once('{'));
        let part = part.map(|(_, part)| format!(" {}", part.trim_end_matches('}'))).unwrap_or_default();
        Self {
            at,
            warns: type_.as_deref() == Some("Warning"),
            reason: reason.unwrap_or_default(),
            object: format!("{name}{part}"),
            message: message.unwrap_or_default(),
            count: count.unwrap_or(1),
        }
    }
}

/// When the event happened for the first time. Its fields mostly have whole seconds, but its name ends in the
/// nanoseconds of its making, in hexadecimal digits.
fn happened(seen: &SeenEvent) -> Timestamp {
    let by_name = || {
        let (_, digits) = seen.event.metadata.name.as_deref()?.rsplit_once('.')?;
        Timestamp::from_nanosecond(i128::from_str_radix(digits, 16).ok()?).ok()
    };
    let by_field = || {
        let micro = seen.event.event_time.as_ref().map(|time| time.0);
        micro.or(seen.event.first_timestamp.as_ref().map(|time| time.0))
    };
    let plausible = |at: &Timestamp| seen.at.duration_since(*at).as_secs_f64().abs() < DAY;
    by_name().filter(plausible).or_else(by_field).filter(plausible).unwrap_or(seen.at)
}
