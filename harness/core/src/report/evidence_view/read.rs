//! Reads the evidence of a case into an [`EvidenceView`].

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
use crate::record::evidence_folder_within;

/// The largest plausible difference between an event's own time and its arrival, in seconds.
const DAY: f64 = 86_400.0;

/// The part of a case's evidence that documents show.
#[derive(Debug, Deserialize)]
pub(in crate::report) struct EvidenceView {
    pub(in crate::report) namespace: String,
    pub(in crate::report) started: Timestamp,
    pub(in crate::report) ended: Timestamp,
    pub(in crate::report) waits: Tail<Wait, 24>,
    pub(in crate::report) marks: Tail<Mark, 24>,
    pub(in crate::report) timeline: Timeline,
    #[serde(deserialize_with = "events")]
    pub(in crate::report) events: Tail<EventView, 40>,
    pub(in crate::report) logs: Tail<Log, 16>,
    #[serde(default)]
    pub(in crate::report) blocked: Option<String>,
}

/// An event of the cluster.
#[derive(Clone, Debug)]
pub(in crate::report) struct EventView {
    /// When it first happened, by its reporter's clock; when it arrived, if that is unknown or implausible.
    pub(in crate::report) at: Timestamp,
    pub(in crate::report) is_warning: bool,
    pub(in crate::report) reason: String,
    /// The name of the involved object, and of the container if it has one.
    pub(in crate::report) object: String,
    pub(in crate::report) message: String,
    pub(in crate::report) count: i32,
}

/// Reads the evidence of a run. Evidence may be large, so the waits, which the trace needs too, are cached.
pub(in crate::report) struct Reader<'a> {
    /// The run's folder.
    pub(in crate::report) folder: &'a Path,
    waits: RefCell<BTreeMap<String, Vec<Wait>>>,
}

impl<'a> Reader<'a> {
    pub(in crate::report) fn new(folder: &'a Path) -> Self {
        Self { folder, waits: RefCell::default() }
    }

    /// Reads the evidence of the execution `slug`. The error is a text for the report.
    pub(in crate::report) fn view(&self, slug: &str) -> Result<EvidenceView, String> {
        let view = self.read(slug);
        let waits = view.as_ref().map(|view| view.waits.iter().cloned().collect()).unwrap_or_default();
        self.waits.borrow_mut().insert(slug.to_owned(), waits);
        view
    }

    /// The waits of the execution `slug`. Empty if there is no evidence.
    pub(in crate::report) fn waits(&self, slug: &str) -> Vec<Wait> {
        let known = self.waits.borrow().get(slug).cloned();
        known.unwrap_or_else(|| {
            self.read(slug).map(|view| view.waits.iter().cloned().collect()).unwrap_or_default()
        })
    }

    fn read(&self, slug: &str) -> Result<EvidenceView, String> {
        let folder = evidence_folder_within(self.folder, slug)?;
        read_evidence_as(&folder).map_err(|error| format!("it cannot be read: {error}"))
    }
}

fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tail<EventView, 40>, D::Error> {
    fold(deserializer, Tail::default(), |events: &mut Tail<EventView, 40>, seen: SeenEvent| {
        events.push(EventView::of(seen));
    })
}

impl EventView {
    fn of(seen: SeenEvent) -> Self {
        let at = first_happened(&seen);
        let Event { reason, message, involved_object: object, count, type_, .. } = seen.event;
        let name = object.name.unwrap_or_default();
        let part = object.field_path.as_deref().and_then(|path| path.split_once('{'));
        let part = part.map(|(_, part)| format!(" {}", part.trim_end_matches('}'))).unwrap_or_default();
        Self {
            at,
            is_warning: type_.as_deref() == Some("Warning"),
            reason: reason.unwrap_or_default(),
            object: format!("{name}{part}"),
            message: message.unwrap_or_default(),
            count: count.unwrap_or(1),
        }
    }
}

/// When the event first happened. Most of its fields have whole seconds, but its name ends with its creation time in
/// nanoseconds, in hexadecimal.
fn first_happened(seen: &SeenEvent) -> Timestamp {
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::Reader;
    use crate::record::evidence_folder;

    #[test]
    fn the_waits_that_the_page_has_seen_are_not_read_again() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/evidence");
        let folder = tempfile::tempdir().unwrap();
        let evidence = evidence_folder(folder.path(), "ipc/mc2-article");
        fs::create_dir_all(&evidence).unwrap();
        fs::copy(fixtures.join("ipc/mc2-article/green.json"), evidence.join("evidence.json")).unwrap();
        let reader = Reader::new(folder.path());
        let seen = reader.view("ipc/mc2-article").unwrap().waits.iter().count();
        fs::remove_dir_all(&evidence).unwrap();
        assert!(seen > 0);
        assert_eq!(reader.waits("ipc/mc2-article").len(), seen);
    }
}
