//! The states of pods and containers over time, as the watch showed them.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ContainerStatus;
use serde::{Deserialize, Deserializer};

use super::tail::{Tail, fold};
use crate::evidence::{SeenPod, WatchChange};

/// The number of pods that have lanes, and of containers per pod.
const PODS: usize = 8;
const CONTAINERS: usize = 16;

/// The pods in the order in which the watch first showed them.
#[derive(Debug, Default)]
pub(in crate::report) struct Timeline {
    pub(in crate::report) pods: Vec<PodLanes>,
    /// The number of states of other pods, which have no lanes.
    pub(in crate::report) left_out: usize,
}

/// One pod: its phases, and the states of its containers.
#[derive(Debug)]
pub(in crate::report) struct PodLanes {
    pub(in crate::report) uid: String,
    pub(in crate::report) name: String,
    pub(in crate::report) phases: Lane,
    pub(in crate::report) containers: Vec<ContainerLanes>,
}

/// One container: its states in the watch, and its instances according to its runtime.
#[derive(Debug)]
pub(in crate::report) struct ContainerLanes {
    pub(in crate::report) name: String,
    pub(in crate::report) states: Lane,
    pub(in crate::report) instances: Tail<InstanceLane, 24>,
}

/// The time during which an instance of a container ran, in whole seconds, by the node's clock.
#[derive(Debug)]
pub(in crate::report) struct InstanceLane {
    pub(in crate::report) from: Timestamp,
    /// `None` while it runs.
    pub(in crate::report) to: Option<Timestamp>,
}

/// Consecutive states; only the newest are kept.
pub(in crate::report) type Lane = Tail<Span, 48>;

/// A state, from when the watch showed it until it showed the next one.
#[derive(Debug)]
pub(in crate::report) struct Span {
    pub(in crate::report) state: SpanState,
    /// A label for the state.
    pub(in crate::report) words: String,
    pub(in crate::report) from: Timestamp,
    /// `None` for the last state.
    pub(in crate::report) to: Option<Timestamp>,
    instance: i32,
}

/// The kinds of states, which determine the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum SpanState {
    Waiting,
    Running,
    Ready,
    Ended,
    Failed,
}

impl<'de> Deserialize<'de> for Timeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fold(deserializer, Self::default(), |timeline: &mut Self, seen: SeenPod| timeline.see(&seen))
    }
}

impl Timeline {
    fn see(&mut self, seen: &SeenPod) {
        let known = self.pods.iter().position(|pod| pod.uid == seen.uid());
        let place = match known {
            Some(place) => place,
            None if self.pods.len() < PODS => {
                self.pods.push(PodLanes::new(seen));
                self.pods.len() - 1
            }
            None => {
                self.left_out += 1;
                return;
            }
        };
        if let Some(pod) = self.pods.get_mut(place) {
            pod.see(seen);
        }
    }
}

impl PodLanes {
    fn new(seen: &SeenPod) -> Self {
        let (uid, name) = (seen.uid().to_owned(), seen.name().to_owned());
        Self { uid, name, phases: Lane::default(), containers: Vec::new() }
    }

    fn see(&mut self, seen: &SeenPod) {
        let (state, words) = phase(seen);
        enter(&mut self.phases, seen.at, (state, words), 0);
        for status in seen.containers() {
            let known = self.containers.iter().position(|container| container.name == status.name);
            if known.is_none() && self.containers.len() == CONTAINERS {
                continue;
            }
            let place = known.unwrap_or(self.containers.len());
            if known.is_none() {
                self.containers.push(ContainerLanes::new(&status.name));
            }
            if let Some(container) = self.containers.get_mut(place) {
                container.see(seen.at, status);
            }
        }
        if seen.change == WatchChange::Deleted {
            let lanes =
                self.containers.iter_mut().map(|container| &mut container.states).chain([&mut self.phases]);
            for last in lanes.filter_map(Tail::last_mut) {
                last.to.get_or_insert(seen.at);
            }
        }
    }
}

impl ContainerLanes {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), states: Lane::default(), instances: Tail::default() }
    }

    fn see(&mut self, at: Timestamp, status: &ContainerStatus) {
        enter(&mut self.states, at, state_of(status), status.restart_count);
        for state in [&status.last_state, &status.state].into_iter().flatten() {
            let ended = state.terminated.as_ref();
            let ended = ended.and_then(|ended| {
                Some((ended.started_at.as_ref()?.0, ended.finished_at.as_ref().map(|at| at.0)))
            });
            let running = || Some((state.running.as_ref()?.started_at.as_ref()?.0, None));
            let Some((from, to)) = ended.or_else(running) else { continue };
            match self.instances.last_mut().filter(|last| last.from >= from) {
                Some(last) if last.from == from => last.to = to.or(last.to),
                // The status repeats an earlier instance.
                Some(_) => {}
                None => self.instances.push(InstanceLane { from, to }),
            }
        }
    }
}

fn enter(lane: &mut Lane, at: Timestamp, (state, words): (SpanState, String), instance: i32) {
    if let Some(last) = lane.last_mut() {
        if last.state == state && last.words == words && last.instance == instance {
            return;
        }
        last.to.get_or_insert(at);
    }
    lane.push(Span { state, words, from: at, to: None, instance });
}

fn phase(seen: &SeenPod) -> (SpanState, String) {
    let phase = seen.phase();
    let state = match phase {
        "Running" if seen.all_containers_ready() => SpanState::Ready,
        "Running" => SpanState::Running,
        "Succeeded" => SpanState::Ended,
        "Failed" => SpanState::Failed,
        _ => SpanState::Waiting,
    };
    let ready = if state == SpanState::Ready { ", ready" } else { "" };
    let terminating = if seen.pod.metadata.deletion_timestamp.is_some() { ", terminating" } else { "" };
    let phase = if phase.is_empty() { "no phase yet" } else { phase };
    (state, format!("{phase}{ready}{terminating}"))
}

fn state_of(status: &ContainerStatus) -> (SpanState, String) {
    let instance = match status.restart_count {
        0 => String::new(),
        restarts => format!(", instance {restarts}"),
    };
    let Some(state) = &status.state else { return (SpanState::Waiting, format!("no state{instance}")) };
    if let Some(ended) = &state.terminated {
        let kind = if ended.exit_code == 0 { SpanState::Ended } else { SpanState::Failed };
        let reason = ended.reason.as_deref().filter(|reason| !matches!(*reason, "Completed" | "Error"));
        let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        (kind, format!("exit {}{reason}{instance}", ended.exit_code))
    } else if state.running.is_some() {
        let (kind, word) =
            if status.ready { (SpanState::Ready, "ready") } else { (SpanState::Running, "running") };
        (kind, format!("{word}{instance}"))
    } else {
        let reason = state.waiting.as_ref().and_then(|waiting| waiting.reason.as_deref());
        (SpanState::Waiting, format!("{}{instance}", reason.unwrap_or("waiting")))
    }
}
