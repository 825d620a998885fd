//! All observations of a case, and the look-ups in them.
//!
//! A look-up is the same while a case goes on and in its evidence, so each is a function of a list that both have.

use std::collections::BTreeMap;

use super::logs::LogText;
use super::seen::{SeenEvent, SeenObject, SeenPod};

/// Everything that the watches and log streams of one case have observed so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observations {
    /// The states of pods, in the order of their arrival.
    pub timeline: Vec<SeenPod>,
    /// The states of objects other than pods, in the order of their arrival.
    pub objects: Vec<SeenObject>,
    /// The events, in the order of their arrival.
    pub events: Vec<SeenEvent>,
    /// The logs, one per container instance, in the order in which they were opened.
    pub logs: Vec<LogText>,
    /// Why the observation ended early; `None` if it did not.
    pub watch_error: Option<String>,
}

impl Observations {
    /// The last state of the pod with this UID.
    #[must_use]
    pub fn pod(&self, uid: &str) -> Option<&SeenPod> {
        last_state(&self.timeline, uid)
    }

    /// The last state of each pod, in the order of their arrival.
    #[must_use]
    pub fn last_states(&self) -> Vec<&SeenPod> {
        let mut last: Vec<&SeenPod> = Vec::new();
        for seen in self.timeline.iter().rev() {
            if !last.iter().any(|known| known.uid() == seen.uid()) {
                last.push(seen);
            }
        }
        last.reverse();
        last
    }

    /// The last state of the non-pod object with this UID.
    #[must_use]
    pub fn object(&self, uid: &str) -> Option<&SeenObject> {
        last_object(&self.objects, uid)
    }

    /// When a container of the pod with this UID first started, in nanoseconds since 1970, according to its event.
    #[must_use]
    pub fn first_start_nanos(&self, uid: &str, container: &str) -> Option<u64> {
        first_start_nanos(&self.events, uid, container)
    }

    /// Returns whether a status or an event shows that a container of the pod with this UID has started.
    #[must_use]
    pub fn has_ever_started(&self, uid: &str, container: &str) -> bool {
        has_ever_started((&self.timeline, &self.events), uid, container)
    }

    /// Returns whether a status or events show that a container of the pod with this UID was started twice or more.
    #[must_use]
    pub fn has_restarted(&self, uid: &str, container: &str) -> bool {
        has_restarted((&self.timeline, &self.events), uid, container)
    }

    /// How often a container of the pod with this UID was started, according to its events.
    #[must_use]
    pub fn start_count(&self, uid: &str, container: &str) -> i32 {
        start_count(&self.events, uid, container)
    }

    /// The log of instance `restart` of a container of the pod with this UID (0 is the first).
    #[must_use]
    pub fn log(&self, uid: &str, container: &str, restart: i32) -> Option<&LogText> {
        log_of(&self.logs, uid, container, restart)
    }
}

pub(super) fn last_state<'s>(timeline: &'s [SeenPod], uid: &str) -> Option<&'s SeenPod> {
    timeline.iter().rev().find(|seen| seen.uid() == uid)
}

pub(super) fn last_object<'s>(objects: &'s [SeenObject], uid: &str) -> Option<&'s SeenObject> {
    objects.iter().rev().find(|seen| seen.uid == uid)
}

pub(super) fn log_of<'s>(
    logs: &'s [LogText],
    uid: &str,
    container: &str,
    restart: i32,
) -> Option<&'s LogText> {
    logs.iter().find(|log| log.is_of(uid, container, restart))
}

pub(super) fn first_start_nanos(events: &[SeenEvent], uid: &str, container: &str) -> Option<u64> {
    events.iter().find_map(|seen| seen.start_nanos(uid, container))
}

pub(super) fn has_ever_started(
    (timeline, events): (&[SeenPod], &[SeenEvent]),
    uid: &str,
    container: &str,
) -> bool {
    let mut states = timeline.iter().filter(|seen| seen.uid() == uid);
    states.any(|seen| seen.has_ever_started(container)) || first_start_nanos(events, uid, container).is_some()
}

pub(super) fn has_restarted(
    (timeline, events): (&[SeenPod], &[SeenEvent]),
    uid: &str,
    container: &str,
) -> bool {
    let mut states = timeline.iter().filter(|seen| seen.uid() == uid);
    states.any(|seen| seen.has_restarted(container)) || start_count(events, uid, container) > 1
}

/// Instead of sending another event, a kubelet may increase the count of an earlier one.
pub(super) fn start_count(events: &[SeenEvent], uid: &str, container: &str) -> i32 {
    let mut counts: BTreeMap<&str, i32> = BTreeMap::new();
    for seen in events.iter().filter(|seen| seen.is_about(uid, container, "Started")) {
        let name = seen.event.metadata.name.as_deref().unwrap_or_default();
        let count = counts.entry(name).or_default();
        *count = (*count).max(seen.event.count.unwrap_or(1));
    }
    counts.values().sum()
}
