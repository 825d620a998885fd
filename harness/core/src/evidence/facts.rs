//! Accessors for evidence. Each returns a fact or [`Missing`], never a guess.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ContainerStateTerminated;

use super::ends::{ended, ended_before};
use super::logs::LogText;
use super::missing::Missing;
use super::observations::{
    first_start_nanos, has_ever_started, has_restarted, last_object, last_state, log_of, start_count,
};
use super::probe::ProbeReport;
use super::record::{Applied, Evidence, Exec, ExecEnd, Fetch, Refusal};
use super::seen::{SeenEvent, SeenObject, SeenPod};

/// A value and its position in the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// Its position: `execs/token-after`, `logs/mc2/consumer.0`, `timeline/main`.
    pub pointer: String,
}

/// A container's status at one time.
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
    /// The object sent under this name, counted from 0.
    pub fn applied(&self, name: &str, nth: usize) -> Result<&Applied, Missing> {
        self.applied
            .iter()
            .filter(|applied| applied.name == name)
            .nth(nth)
            .ok_or_else(|| Missing::new(format!("creation {} of {name}", nth + 1)))
    }

    /// The refusal of the object sent under this name.
    pub fn refusal(&self, name: &str) -> Result<&Refusal, Missing> {
        let refusal = self.refusals.iter().find(|refusal| refusal.name == name);
        refusal.ok_or_else(|| Missing::new(format!("the refusal of {name}")))
    }

    /// The command with this label, if its exit code is known.
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

    /// The probe's first report of `verb` in the output of the command with this label.
    pub fn exec_report(&self, label: &str, verb: &str) -> Result<Fact<ProbeReport>, Missing> {
        let report =
            self.exec(label)?.stdout.lines().filter_map(ProbeReport::parse).find(|r| r.verb() == verb);
        let value =
            report.ok_or_else(|| Missing::new(format!("the `{verb}` report of the command {label}")))?;
        Ok(Fact { value, pointer: format!("execs/{label}") })
    }

    /// The HTTP request with this label.
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
    pub fn pod(&self, uid: &str) -> Result<&SeenPod, Missing> {
        last_state(&self.timeline, uid).ok_or_else(|| Missing::new(format!("the pod with UID {uid}")))
    }

    /// The last state of the non-pod object with this UID.
    pub fn object(&self, uid: &str) -> Result<&SeenObject, Missing> {
        last_object(&self.objects, uid).ok_or_else(|| Missing::new(format!("the object with UID {uid}")))
    }

    /// The UIDs of the pods created by the controller with this UID, in the order in which they were first seen.
    #[must_use]
    pub fn created_by(&self, controller: &str) -> Vec<&str> {
        let mut created = Vec::new();
        for seen in self.timeline.iter().filter(|seen| seen.controller_uid() == Some(controller)) {
            if !created.contains(&seen.uid()) {
                created.push(seen.uid());
            }
        }
        created
    }

    /// The last status of a container of the pod with this UID.
    pub fn container(&self, uid: &str, container: &str) -> Result<Fact<ContainerFacts>, Missing> {
        facts_of(self.pod(uid)?, container)
    }

    /// The first status of a container instance that runs or ran, after `restart` restarts.
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

    /// How the container instance after `restart` restarts ended.
    pub fn ending(
        &self,
        uid: &str,
        container: &str,
        restart: i32,
    ) -> Result<Fact<ContainerStateTerminated>, Missing> {
        self.states(uid)
            .find_map(|seen| {
                let value = seen.termination_of(container, restart)?.clone();
                Some(Fact { value, pointer: format!("timeline/{}/{container}", seen.name()) })
            })
            .ok_or_else(|| Missing::new(format!("the end of instance {restart} of container {container}")))
    }

    /// The log of a container instance. Missing if lines may be missing, except for those written after the drive
    /// ended.
    pub fn log(&self, uid: &str, container: &str, restart: i32) -> Result<Fact<&LogText>, Missing> {
        let log = self.log_so_far(uid, container, restart)?;
        match log.value.why_incomplete() {
            None => Ok(log),
            Some(why) => Err(Missing::new(format!(
                "the whole log of instance {restart} of container {container} ({why})"
            ))),
        }
    }

    /// The log of a container instance as far as it was received, even if lines are missing.
    fn log_so_far(&self, uid: &str, container: &str, restart: i32) -> Result<Fact<&LogText>, Missing> {
        let log = log_of(&self.logs, uid, container, restart)
            .ok_or_else(|| Missing::new(format!("the log of instance {restart} of container {container}")))?;
        Ok(Fact { value: log, pointer: format!("logs/{}/{container}.{restart}", log.pod) })
    }

    /// Like [`log`](Self::log), but only if the container ended and its log is complete.
    pub fn ended_log(&self, uid: &str, container: &str, restart: i32) -> Result<Fact<&LogText>, Missing> {
        let log = self.log(uid, container, restart)?;
        let why = match log.value.confirmed {
            _ if !log.value.complete => "",
            Some(false) => " (a second read returned another log)",
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
            let gap = log.value.why_incomplete().map(|why| format!(", whose log is incomplete: {why}"));
            let gap = gap.unwrap_or_default();
            Missing::new(format!("the `{verb}` report of instance {restart} of container {container}{gap}"))
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

    /// When a container of the pod with this UID first started, from the name of its `Started` event.
    pub fn first_start_nanos(&self, uid: &str, container: &str) -> Result<Fact<u64>, Missing> {
        let start = first_start_nanos(&self.events, uid, container);
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

    /// The text of the log snapshot with this label.
    pub fn log_snapshot(&self, label: &str) -> Result<Fact<&str>, Missing> {
        let snapshot = self.recalls.iter().find(|snapshot| snapshot.label == label);
        let snapshot = snapshot.ok_or_else(|| Missing::new(format!("the log {label}")))?;
        match &snapshot.answer {
            Ok(text) => Ok(Fact { value: text, pointer: format!("recalls/{label}") }),
            Err(why) => Err(Missing::new(format!("the log {label} ({why})"))),
        }
    }

    /// The time that the drive recorded as `name`.
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
