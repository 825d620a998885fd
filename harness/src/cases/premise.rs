//! The one premise of all cases: nobody but the drive ended, replaced or starved a pod, and its programs really ran.
//!
//! Whoever else does so (a preemption, a drain, a node that runs out of something, an administrator) makes a case say
//! nothing, whatever its judge would find.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};

use crate::evidence::{
    Change, Evidence, Missing, SeenEvent, SeenPod, ended, ended_before, is_lost, not_started,
};
use crate::stage::CONTROL;

/// What the pods of a case may meet because the case is about it. For every other case it is a disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The drive deletes a pod.
    Deletion,
    /// The program of the container called so ends, or its kubelet ends it and says so; it may be restarted.
    Restart(&'static str),
    /// The container called so is ended from outside its program, by the drive or by its kubelet; it may be restarted.
    Ended(&'static str),
    /// Whichever container is ended from outside its program, or is restarted: the pod is somebody's own.
    AnyEnd,
    /// A sandbox, a kubelet, a runtime or a node is restarted, or the kubelet removes all containers: nobody may see how
    /// they end.
    Outage,
    /// The container called so wants more memory than it may have.
    OutOfMemory(&'static str),
    /// A pod is refused or ended for this `status.reason`.
    Reason(&'static str),
    /// A hook of the container called so fails.
    FailedHook(&'static str),
    /// The image of the container called so cannot be had.
    NoImage(&'static str),
}

/// Why a container waits that its kubelet cannot make or start.
const NOT_MADE: [&str; 3] = ["RunContainerError", "CreateContainerError", "CreateContainerConfigError"];

/// Why a container waits whose image cannot be had.
const NO_IMAGE: [&str; 5] =
    ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "ImageInspectError", "InvalidImageName"];

/// What the message of a pod has that was evicted, and not for what one of its volumes holds: its node ran out of something,
/// or all that it writes is limited.
const OF_ANOTHER_KIND: [&str; 4] = [
    "low on resource",
    "node had condition",
    "ephemeral local storage usage",
    "local ephemeral storage limit",
];

/// The exit codes of a process that KILL or TERM ended, and the one of a container whose end nobody saw.
const FROM_OUTSIDE: [i32; 3] = [137, 143, 255];

/// The reasons of events about hooks that failed.
const FAILED_HOOKS: [&str; 2] = ["FailedPostStartHook", "FailedPreStopHook"];

/// The exit codes of a program that could not be run.
const NOT_RUN: [i32; 2] = [126, 127];

/// The exit codes of programs that failed, and of those that could not even begin.
const OF_ANYBODY: [i32; 2] = [1, 255];

/// What a kernel says of a program for another architecture, in lower case.
const FOREIGN: &str = "exec format error";

/// The first cause, the most telling before the others, for which `seen` says nothing about the claim.
pub(crate) fn disturbance(seen: &Evidence, expects: &[Expected]) -> Option<String> {
    Scene { seen, expects, pod: None }.disturbance()
}

/// Requires that nobody ended, replaced or starved the pod with this UID, whose containers may be restarted.
pub(crate) fn left_alone(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let scene = Scene { seen, expects: &[Expected::AnyEnd], pod: Some(uid) };
    match scene.disturbance() {
        Some(cause) => Err(Missing::new(format!("a pod that is left alone ({cause})"))),
        None => Ok(()),
    }
}

struct Scene<'a> {
    seen: &'a Evidence,
    expects: &'a [Expected],
    /// The only pod that counts, by its UID; all of them where there is none.
    pod: Option<&'a str>,
}

type OfPod<'a> = fn(&Scene<'a>, &SeenPod) -> Option<String>;
type OfContainer<'a> = fn(&Scene<'a>, &SeenPod, &ContainerStatus) -> Option<String>;

impl<'a> Scene<'a> {
    fn disturbance(&self) -> Option<String> {
        let of_pods: [OfPod<'a>; 5] = [
            Self::disrupted,
            Self::ended_as_a_whole,
            Self::deleted,
            Self::without_its_hook,
            Self::out_of_sight,
        ];
        let of_containers: [OfContainer<'a>; 8] = [
            Self::out_of_memory,
            Self::could_not_start,
            Self::could_not_be_made,
            Self::could_not_run,
            Self::lost,
            Self::ended_from_outside,
            Self::restarted,
            Self::silent,
        ];
        self.foreign()
            .or_else(|| of_pods.into_iter().find_map(|rule| self.states().find_map(|pod| rule(self, pod))))
            .or_else(|| of_containers.into_iter().find_map(|rule| self.containers(rule)))
    }

    fn states(&self) -> impl Iterator<Item = &SeenPod> {
        self.seen.timeline.iter().filter(|state| self.is_of(state.uid()))
    }

    fn is_of(&self, uid: &str) -> bool {
        self.pod.is_none_or(|only| only == uid)
    }

    fn expects(&self, what: Expected) -> bool {
        self.expects.contains(&what)
    }

    fn containers(&self, rule: OfContainer<'a>) -> Option<String> {
        self.states().flat_map(|pod| pod.containers().map(move |status| (pod, status))).find_map(
            |(pod, status)| {
                let what = rule(self, pod, status)?;
                Some(format!("container {} of pod {} {what}", status.name, pod.name()))
            },
        )
    }

    /// A program for another architecture never begins, and its container ends with an exit code all the same.
    fn foreign(&self) -> Option<String> {
        let logs = self.seen.logs.iter().filter(|log| self.is_of(&log.uid));
        let mut lines = logs.flat_map(|log| log.texts().map(move |text| (log, text)));
        let (log, line) = lines.find(|(_, text)| text.to_ascii_lowercase().contains(FOREIGN))?;
        let (pod, container) = (&log.pod, &log.container);
        let line = line.trim();
        Some(format!("container {container} of pod {pod} has a program that its node cannot run: {line}"))
    }

    /// A preemption, a drain, a taint, a shutdown: whoever disrupts a pod says so.
    fn disrupted(_: &Self, pod: &SeenPod) -> Option<String> {
        let conditions = pod.pod.status.as_ref()?.conditions.as_deref()?;
        let target = conditions.iter().find(|one| one.type_ == "DisruptionTarget" && one.status == "True")?;
        let reason = target.reason.as_deref().unwrap_or("DisruptionTarget");
        let message = target.message.as_deref().unwrap_or_default();
        Some(format!("pod {} was disrupted: {reason}: {message}", pod.name()))
    }

    fn ended_as_a_whole(&self, pod: &SeenPod) -> Option<String> {
        let (reason, message) = (pod.reason().filter(|reason| !reason.is_empty())?, pod.message());
        let expected = self.expects.iter().any(|one| matches!(one, Expected::Reason(one) if *one == reason));
        let message_lower = message.to_ascii_lowercase();
        let meant = expected && !OF_ANOTHER_KIND.iter().any(|words| message_lower.contains(words));
        (!meant).then(|| format!("pod {} was ended or refused by its node: {reason}: {message}", pod.name()))
    }

    fn deleted(&self, pod: &SeenPod) -> Option<String> {
        let is_deleted = pod.change == Change::Deleted || pod.pod.metadata.deletion_timestamp.is_some();
        let ordered = || match &self.seen.deletions {
            Some(all) => all.iter().any(|one| one.uid == pod.uid() && one.at <= pod.at),
            // Recorded before deletions were: what the case is about was ordered.
            None => true,
        };
        let meant = !is_deleted || (self.expects(Expected::Deletion) && ordered());
        (!meant).then(|| format!("pod {} was deleted, and not by its case", pod.name()))
    }

    /// Who sets this phase says that nobody knows what became of the pod: its node does not answer.
    fn out_of_sight(&self, pod: &SeenPod) -> Option<String> {
        let meant = pod.phase() != "Unknown" || self.expects(Expected::Outage);
        (!meant).then(|| format!("the state of pod {} is unknown: its node does not answer", pod.name()))
    }

    /// A hook that failed has not done what it is there for. A runtime that is away cuts off those that run.
    fn without_its_hook(&self, pod: &SeenPod) -> Option<String> {
        let meant = |seen: &SeenEvent, reason: &str| {
            self.expects.iter().any(
                |one| matches!(one, Expected::FailedHook(name) if seen.is_about(pod.uid(), name, reason)),
            )
        };
        self.seen.events.iter().find_map(|seen| {
            let (reason, object) = (seen.event.reason.as_deref()?, &seen.event.involved_object);
            let is_it = FAILED_HOOKS.contains(&reason) && object.uid.as_deref() == Some(pod.uid());
            let place = object.field_path.as_deref().unwrap_or_default();
            let message = seen.event.message.as_deref().unwrap_or_default();
            (is_it && !meant(seen, reason))
                .then(|| format!("a hook of pod {} failed ({reason} {place}): {message}", pod.name()))
        })
    }

    fn out_of_memory(&self, _: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let is_it = |end: &ContainerStateTerminated| end.reason.as_deref() == Some("OOMKilled");
        let meant = self.wants_memory(status) || !ends(status).any(is_it);
        (!meant).then(|| "ran out of memory (OOMKilled)".to_owned())
    }

    fn wants_memory(&self, status: &ContainerStatus) -> bool {
        self.expects.iter().any(|one| matches!(one, Expected::OutOfMemory(name) if *name == status.name))
    }

    fn could_not_start(_: &Self, _: &SeenPod, status: &ContainerStatus) -> Option<String> {
        not_started(status).map(|why| format!("could not be started: {why}"))
    }

    fn could_not_be_made(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let waiting = status.state.as_ref()?.waiting.as_ref()?;
        // A kubelet that has just begun lacks what it has not read yet, and tries again.
        if self.expects(Expected::Outage) && self.runs_later(pod, &status.name) {
            return None;
        }
        let (reason, message) = (waiting.reason.as_deref()?, waiting.message.as_deref().unwrap_or_default());
        let lacks = |one: &Expected| matches!(one, Expected::NoImage(name) if *name == status.name);
        let is_meant = NO_IMAGE.contains(&reason) && self.expects.iter().any(lacks);
        let is_it = NOT_MADE.contains(&reason) || NO_IMAGE.contains(&reason);
        (is_it && !is_meant).then(|| format!("could not be started: {reason}: {message}"))
    }

    fn runs_later(&self, pod: &SeenPod, container: &str) -> bool {
        self.states().any(|later| later.uid() == pod.uid() && later.at > pod.at && later.runs(container))
    }

    fn could_not_run(_: &Self, _: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let code = ends(status).map(|end| end.exit_code).find(|code| NOT_RUN.contains(code))?;
        Some(format!("has a program that could not be run (exit code {code})"))
    }

    fn lost(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let is_going = pod.pod.metadata.deletion_timestamp.is_some();
        let meant = is_going || self.expects(Expected::Outage) || !ends(status).any(is_lost);
        (!meant).then(|| "ended while its kubelet or its runtime was away".to_owned())
    }

    fn ended_from_outside(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let is_going = pod.pod.metadata.deletion_timestamp.is_some() || pod.reason().is_some();
        // A starved container is the matter of another rule.
        let from_outside = |end: &&ContainerStateTerminated| {
            FROM_OUTSIDE.contains(&end.exit_code) && end.reason.as_deref() != Some("OOMKilled")
        };
        let end = ends(status).find(from_outside)?;
        let may = |one: &Expected| match one {
            Expected::Ended(name) => *name == status.name,
            Expected::Restart(name) => *name == status.name && self.ended_by_kubelet(pod, name),
            // A kubelet may report the ends of the containers before that of their pod.
            Expected::AnyEnd | Expected::Reason(_) => true,
            _ => false,
        };
        let meant = is_going || self.expects.iter().any(may) || self.wants_memory(status);
        (!meant).then(|| format!("was ended from outside its program (exit code {})", end.exit_code))
    }

    /// A kubelet says that it ends a container. Where the sandbox was lost, it does so with all of them.
    fn ended_by_kubelet(&self, pod: &SeenPod, name: &str) -> bool {
        let mut events = self.seen.events.iter();
        let lost_sandbox = self.seen.events.iter().any(|seen| {
            let event = &seen.event;
            event.reason.as_deref() == Some("SandboxChanged")
                && event.involved_object.uid.as_deref() == Some(pod.uid())
        });
        !lost_sandbox && events.any(|seen| seen.is_about(pod.uid(), name, "Killing"))
    }

    fn restarted(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let may = |one: &Expected| match one {
            Expected::Ended(name) | Expected::Restart(name) | Expected::OutOfMemory(name) => {
                *name == status.name
            }
            Expected::AnyEnd => true,
            _ => false,
        };
        // The control is there to be restarted.
        let meant = status.restart_count == 0 || pod.name() == CONTROL || self.expects.iter().any(may);
        (!meant).then(|| "was restarted".to_owned())
    }

    /// An exit code that is not the program's alone says something only where the program is known to have begun.
    fn silent(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let code = ends(status).map(|end| end.exit_code).find(|code| OF_ANYBODY.contains(code))?;
        let mut logs = self.seen.logs.iter();
        let spoke = logs.any(|log| log.uid == pod.uid() && log.container == status.name && !log.is_empty());
        (!spoke).then(|| format!("ended with exit code {code}, and nothing shows that its program began"))
    }
}

fn ends(status: &ContainerStatus) -> impl Iterator<Item = &ContainerStateTerminated> {
    [ended(status), ended_before(status)].into_iter().flatten()
}
