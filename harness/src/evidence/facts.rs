//! Reading facts from evidence: each question has an answer or is [`Missing`], never a guess.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ContainerStateTerminated;
use thiserror::Error;

use super::ends::{ended, ended_before};
use super::logs::LogText;
use super::probe::ProbeReport;
use super::record::{Applied, Evidence, Exec, ExecEnd, Fetch, Refusal};
use super::seen::{SeenEvent, SeenObject, SeenPod, starts};

/// A fact that the evidence does not hold. A judge that meets one is inconclusive.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not seen: {what}")]
pub struct Missing {
    what: String,
}

impl Missing {
    /// Names the fact.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// A value with the place in the evidence where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// Where it stands: `execs/token-after`, `logs/mc2/consumer.0`, `timeline/main`.
    pub pointer: String,
}

/// What the API said of one container at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerFacts {
    /// `containerID`.
    pub id: String,
    /// `restartCount`.
    pub restarts: i32,
    /// `state.terminated`, if the instance ran.
    pub ended: Option<ContainerStateTerminated>,
    /// `lastState.terminated`, if that instance ran.
    pub before: Option<ContainerStateTerminated>,
    /// Whether `state.running` is set.
    pub running: bool,
}

impl Evidence {
    /// The `nth` (from 0) object that was sent under this name.
    pub fn applied(&self, name: &str, nth: usize) -> Result<&Applied, Missing> {
        self.applied
            .iter()
            .filter(|applied| applied.name == name)
            .nth(nth)
            .ok_or_else(|| Missing::new(format!("creation {} of {name}", nth + 1)))
    }

    /// The refusal of the object that was sent under this name.
    pub fn refusal(&self, name: &str) -> Result<&Refusal, Missing> {
        let refusal = self.refusals.iter().find(|refusal| refusal.name == name);
        refusal.ok_or_else(|| Missing::new(format!("the refusal of {name}")))
    }

    /// The command the drive called `label`, if it was run to an end that is known.
    pub fn exec(&self, label: &str) -> Result<&Exec, Missing> {
        let exec = self
            .execs
            .iter()
            .find(|exec| exec.label == label)
            .ok_or_else(|| Missing::new(format!("the command {label}")))?;
        match &exec.end {
            ExecEnd::Exited(_) => Ok(exec),
            ExecEnd::Broken(why) => Err(Missing::new(format!("the end of the command {label} ({why})"))),
        }
    }

    /// The probe's first report of `verb` in the output of the command called `label`.
    pub fn exec_report(&self, label: &str, verb: &str) -> Result<Fact<ProbeReport>, Missing> {
        let report =
            self.exec(label)?.stdout.lines().filter_map(ProbeReport::parse).find(|r| r.verb() == verb);
        let value =
            report.ok_or_else(|| Missing::new(format!("the `{verb}` report of the command {label}")))?;
        Ok(Fact { value, pointer: format!("execs/{label}") })
    }

    /// The body of the answer to the request called `label`.
    pub fn fetch(&self, label: &str) -> Result<&Fetch, Missing> {
        self.fetches
            .iter()
            .find(|fetch| fetch.label == label)
            .ok_or_else(|| Missing::new(format!("the request {label}")))
    }

    /// All states of the pod with this UID, in order.
    #[must_use]
    pub fn states(&self, uid: &str) -> impl DoubleEndedIterator<Item = &SeenPod> + use<'_> {
        let uid = uid.to_owned();
        self.timeline.iter().filter(move |seen| seen.uid() == uid)
    }

    /// The last state of the pod with this UID.
    pub fn last(&self, uid: &str) -> Result<&SeenPod, Missing> {
        self.states(uid).next_back().ok_or_else(|| Missing::new(format!("the pod with UID {uid}")))
    }

    /// The last state of the object with this UID that is no pod.
    pub fn object(&self, uid: &str) -> Result<&SeenObject, Missing> {
        let seen = self.objects.iter().rev().find(|seen| seen.uid == uid);
        seen.ok_or_else(|| Missing::new(format!("the object with UID {uid}")))
    }

    /// The UIDs of the pods that the controller with this UID made, in the order in which they were seen first.
    #[must_use]
    pub fn made_by(&self, controller: &str) -> Vec<&str> {
        let mut made = Vec::new();
        for seen in self.timeline.iter().filter(|seen| seen.controller() == Some(controller)) {
            if !made.contains(&seen.uid()) {
                made.push(seen.uid());
            }
        }
        made
    }

    /// What was last seen of a container of the pod with this UID.
    pub fn container(&self, uid: &str, container: &str) -> Result<Fact<ContainerFacts>, Missing> {
        facts_of(self.last(uid)?, container)
    }

    /// What was seen of a container of the pod with this UID while it ran for the `restart`th time (0 is the first).
    pub fn instance(
        &self,
        uid: &str,
        container: &str,
        restart: i32,
    ) -> Result<Fact<ContainerFacts>, Missing> {
        self.states(uid)
            .filter_map(|seen| facts_of(seen, container).ok())
            .find(|facts| {
                facts.value.restarts == restart && (facts.value.running || facts.value.ended.is_some())
            })
            .ok_or_else(|| Missing::new(format!("instance {restart} of container {container}")))
    }

    /// How a container of the pod with this UID ended in its `restart`th instance (0 is the first).
    pub fn ending(
        &self,
        uid: &str,
        container: &str,
        restart: i32,
    ) -> Result<Fact<ContainerStateTerminated>, Missing> {
        self.states(uid)
            .find_map(|seen| {
                let value = seen.end_of(container, restart)?.clone();
                Some(Fact { value, pointer: format!("timeline/{}/{container}", seen.name()) })
            })
            .ok_or_else(|| Missing::new(format!("the end of instance {restart} of container {container}")))
    }

    /// The log of a container instance, whole as far as it was written when driving ended.
    pub fn log(&self, uid: &str, container: &str, restart: i32) -> Result<Fact<&LogText>, Missing> {
        let log = self.log_so_far(uid, container, restart)?;
        match log.value.lack() {
            None => Ok(log),
            Some(why) => Err(Missing::new(format!(
                "the whole log of instance {restart} of container {container} ({why})"
            ))),
        }
    }

    /// The log of a container instance as far as it was received: what is in it was told, whatever is missing.
    fn log_so_far(&self, uid: &str, container: &str, restart: i32) -> Result<Fact<&LogText>, Missing> {
        let is_it = |log: &&LogText| log.uid == uid && log.container == container && log.restart == restart;
        let log = self.logs.iter().find(is_it);
        let log = log
            .ok_or_else(|| Missing::new(format!("the log of instance {restart} of container {container}")))?;
        Ok(Fact { value: log, pointer: format!("logs/{}/{container}.{restart}", log.pod) })
    }

    /// The same, but only if the container ended and its log ended with it: nothing is still to come.
    pub fn ended_log(&self, uid: &str, container: &str, restart: i32) -> Result<Fact<&LogText>, Missing> {
        let log = self.log(uid, container, restart)?;
        let why = match log.value.confirmed {
            _ if !log.value.complete => "",
            Some(false) => " (read again, it was another)",
            Some(true) | None => return Ok(log),
        };
        Err(Missing::new(format!("the end of the log of instance {restart} of container {container}{why}")))
    }

    /// The probe's first report of `verb` in the log of a container instance.
    pub fn log_report(
        &self,
        uid: &str,
        container: &str,
        restart: i32,
        verb: &str,
    ) -> Result<Fact<ProbeReport>, Missing> {
        let log = self.log_so_far(uid, container, restart)?;
        let value = log.value.report(verb).ok_or_else(|| {
            let lack = log.value.lack().map(|why| format!(", whose log is not whole: {why}"));
            let lack = lack.unwrap_or_default();
            Missing::new(format!("the `{verb}` report of instance {restart} of container {container}{lack}"))
        })?;
        Ok(Fact { value, pointer: log.pointer })
    }

    /// The probe's first report of `verb` about `path` in the log of a container instance.
    pub fn log_report_on(
        &self,
        place: (&str, &str, i32),
        verb: &str,
        path: &str,
    ) -> Result<Fact<ProbeReport>, Missing> {
        self.log_report_with(place, verb, ("path", path))
    }

    /// The probe's first report of `verb` whose text `field` is `text` in the log of a container instance.
    pub fn log_report_with(
        &self,
        (uid, container, restart): (&str, &str, i32),
        verb: &str,
        (field, text): (&str, &str),
    ) -> Result<Fact<ProbeReport>, Missing> {
        let log = self.log_so_far(uid, container, restart)?;
        let is_it = |report: &ProbeReport| report.verb() == verb && report.text(field) == Ok(text);
        let value = log.value.reports().find(is_it).ok_or_else(|| {
            Missing::new(format!(
                "the `{verb}` report with {field} {text} of instance {restart} of container {container}"
            ))
        })?;
        Ok(Fact { value, pointer: log.pointer })
    }

    /// When a container of the pod with this UID was first started, by the name of the event that says so.
    pub fn start_event(&self, uid: &str, container: &str) -> Result<Fact<u64>, Missing> {
        let start = self.events.iter().find_map(|seen| seen.start_of(uid, container));
        let value =
            start.ok_or_else(|| Missing::new(format!("the event of the start of container {container}")))?;
        Ok(Fact { value, pointer: "events".to_owned() })
    }

    /// The event with this reason about a container of the pod with this UID.
    pub fn event_about(&self, uid: &str, container: &str, reason: &str) -> Result<&SeenEvent, Missing> {
        self.events
            .iter()
            .find(|seen| seen.is_about(uid, container, reason))
            .ok_or_else(|| Missing::new(format!("the event {reason} of container {container}")))
    }

    /// Whether a container of the pod with this UID has begun, as far as a status or an event told.
    #[must_use]
    pub fn has_begun(&self, uid: &str, container: &str) -> bool {
        self.states(uid).any(|seen| seen.has_begun(container)) || self.start_event(uid, container).is_ok()
    }

    /// Whether a container of the pod with this UID was started a second time, as far as a status or events say.
    #[must_use]
    pub fn has_restarted(&self, uid: &str, container: &str) -> bool {
        self.states(uid).any(|seen| seen.has_restarted(container)) || starts(&self.events, uid, container) > 1
    }

    /// How often a container of the pod with this UID was started, as far as events say so.
    #[must_use]
    pub fn starts(&self, uid: &str, container: &str) -> i32 {
        starts(&self.events, uid, container)
    }

    /// The text of the log that the drive asked for under `label`.
    pub fn recall(&self, label: &str) -> Result<Fact<&str>, Missing> {
        let recall = self.recalls.iter().find(|recall| recall.label == label);
        let recall = recall.ok_or_else(|| Missing::new(format!("the log {label}")))?;
        match &recall.answer {
            Ok(text) => Ok(Fact { value: text, pointer: format!("recalls/{label}") }),
            Err(why) => Err(Missing::new(format!("the log {label} ({why})"))),
        }
    }

    /// The moment the drive called `name`.
    pub fn mark(&self, name: &str) -> Result<Timestamp, Missing> {
        self.marks
            .iter()
            .find(|mark| mark.name == name)
            .map(|mark| mark.at)
            .ok_or_else(|| Missing::new(format!("the moment {name}")))
    }
}

fn facts_of(seen: &SeenPod, container: &str) -> Result<Fact<ContainerFacts>, Missing> {
    let status = seen
        .container(container)
        .ok_or_else(|| Missing::new(format!("the status of container {container} of pod {}", seen.name())))?;
    let state = status.state.as_ref();
    let value = ContainerFacts {
        id: status.container_id.clone().unwrap_or_default(),
        restarts: status.restart_count,
        ended: ended(status).cloned(),
        before: ended_before(status).cloned(),
        running: state.is_some_and(|state| state.running.is_some()),
    };
    Ok(Fact { value, pointer: format!("timeline/{}/{container}", seen.name()) })
}
