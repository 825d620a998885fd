//! The premise of all cases: nothing but the case itself, by its [`drive`](super::Case::drive), ended or replaced its
//! pods and containers, they had enough memory, and their programs started.
//!
//! Any other interference (a preemption, a drain, node pressure, an administrator) makes the verdict inconclusive, even
//! if the assertions would pass or fail.

use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus};

use super::exit_code;
use crate::stage::CONTROL_POD;
use podproof_core::evidence::{
    Evidence, Missing, SeenEvent, SeenPod, WatchChange, ended, ended_before, is_lost, not_started,
};

/// A disturbance that is part of what a case tests. In any other case it makes the verdict inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The drive deletes a pod.
    Deletion,
    /// The program of this container exits, or the kubelet kills it with a `Killing` event. It may be restarted.
    ExitOrKubeletKill(&'static str),
    /// The drive or the kubelet kills this container. It may be restarted.
    KillOrRestart(&'static str),
    /// Any container may be killed or restarted.
    AnyKillOrRestart,
    /// A sandbox, a kubelet, a runtime or a node is restarted, or the kubelet removes all containers. The exit status of
    /// containers may be lost.
    Outage,
    /// This container exceeds its memory limit.
    OutOfMemory(&'static str),
    /// A pod is rejected or ended with this `status.reason`.
    Reason(&'static str),
    /// A lifecycle hook of this container fails.
    FailedHook(&'static str),
    /// The image of this container cannot be pulled.
    ImagePullFailure(&'static str),
}

/// The waiting reasons of a container that the kubelet cannot create or start.
const CREATE_FAILED: [&str; 3] = ["RunContainerError", "CreateContainerError", "CreateContainerConfigError"];

/// The waiting reasons of a container whose image cannot be pulled.
const NO_IMAGE: [&str; 5] =
    ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "ImageInspectError", "InvalidImageName"];

/// Parts of the message of an eviction whose cause is not the size of a volume but node pressure, or the limit of the
/// pod's ephemeral storage.
const NON_VOLUME_EVICTION_MESSAGES: [&str; 4] = [
    "low on resource",
    "node had condition",
    "ephemeral local storage usage",
    "local ephemeral storage limit",
];

/// The exit codes after SIGKILL and SIGTERM, and the exit code of a container whose end the runtime did not see.
const KILL_EXIT_CODES: [i32; 3] = [exit_code::SIGKILL, exit_code::SIGTERM, 255];

/// The reasons of events about failed lifecycle hooks.
const FAILED_HOOKS: [&str; 2] = ["FailedPostStartHook", "FailedPreStopHook"];

/// The exit codes that shells and runtimes use if a program cannot be executed.
const CANNOT_EXECUTE_EXIT_CODES: [i32; 2] = [126, 127];

/// Exit codes of programs that failed, and also of programs that could not start.
const AMBIGUOUS_EXIT_CODES: [i32; 2] = [1, 255];

/// The error for a program built for another architecture, in lower case.
const EXEC_FORMAT_ERROR: &str = "exec format error";

/// Describes the disturbance that makes the verdict inconclusive, if there is one. The most specific cause comes first.
pub(crate) fn disturbance(seen: &Evidence, allows: &[Disturbance]) -> Option<String> {
    DisturbanceCheck { seen, allows, pod: None }.disturbance()
}

/// Requires that nothing disturbed the pod with this UID. Its containers may be killed and restarted.
pub(crate) fn premise_undisturbed(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let check = DisturbanceCheck { seen, allows: &[Disturbance::AnyKillOrRestart], pod: Some(uid) };
    match check.disturbance() {
        Some(cause) => Err(Missing::new(format!("a pod that nothing disturbed ({cause})"))),
        None => Ok(()),
    }
}

struct DisturbanceCheck<'a> {
    seen: &'a Evidence,
    allows: &'a [Disturbance],
    /// The UID of the only pod to check; `None` checks all pods.
    pod: Option<&'a str>,
}

type PodRule<'a> = fn(&DisturbanceCheck<'a>, &SeenPod) -> Option<String>;
type ContainerRule<'a> = fn(&DisturbanceCheck<'a>, &SeenPod, &ContainerStatus) -> Option<String>;

impl<'a> DisturbanceCheck<'a> {
    fn disturbance(&self) -> Option<String> {
        let pod_rules: [PodRule<'a>; 5] =
            [Self::disrupted, Self::ended_by_node, Self::deleted, Self::hook_failed, Self::phase_unknown];
        let container_rules: [ContainerRule<'a>; 9] = [
            Self::out_of_memory,
            Self::start_error,
            Self::stuck_waiting,
            Self::failed_event,
            Self::program_not_executable,
            Self::ended_unobserved,
            Self::killed,
            Self::restarted,
            Self::ended_without_log,
        ];
        self.wrong_architecture()
            .or_else(|| pod_rules.into_iter().find_map(|rule| self.states().find_map(|pod| rule(self, pod))))
            .or_else(|| container_rules.into_iter().find_map(|rule| self.containers(rule)))
    }

    fn states(&self) -> impl Iterator<Item = &SeenPod> {
        self.seen.timeline.iter().filter(|state| self.includes(state.uid()))
    }

    fn includes(&self, uid: &str) -> bool {
        self.pod.is_none_or(|only| only == uid)
    }

    fn allows(&self, what: Disturbance) -> bool {
        self.allows.contains(&what)
    }

    fn containers(&self, rule: ContainerRule<'a>) -> Option<String> {
        self.states().flat_map(|pod| pod.containers().map(move |status| (pod, status))).find_map(
            |(pod, status)| {
                let what = rule(self, pod, status)?;
                Some(format!("container {} of pod {} {what}", status.name, pod.name()))
            },
        )
    }

    /// A program for another architecture never starts, but its container terminates with an exit code as if it had.
    fn wrong_architecture(&self) -> Option<String> {
        let logs = self.seen.logs.iter().filter(|log| self.includes(&log.uid));
        let mut lines = logs.flat_map(|log| log.texts().map(move |text| (log, text)));
        let (log, line) = lines.find(|(_, text)| text.to_ascii_lowercase().contains(EXEC_FORMAT_ERROR))?;
        let (pod, container) = (&log.pod, &log.container);
        let line = line.trim();
        Some(format!("container {container} of pod {pod} has a program that its node cannot run: {line}"))
    }

    /// Kubernetes adds the condition `DisruptionTarget` when a preemption, an eviction, a taint, the pod garbage
    /// collector or the kubelet ends the pod.
    fn disrupted(_: &Self, pod: &SeenPod) -> Option<String> {
        let conditions = pod.pod.status.as_ref()?.conditions.as_deref()?;
        let target = conditions.iter().find(|one| one.type_ == "DisruptionTarget" && one.status == "True")?;
        let reason = target.reason.as_deref().unwrap_or("DisruptionTarget");
        let message = target.message.as_deref().unwrap_or_default();
        Some(format!("pod {} was disrupted: {reason}: {message}", pod.name()))
    }

    fn ended_by_node(&self, pod: &SeenPod) -> Option<String> {
        let (reason, message) = (pod.reason().filter(|reason| !reason.is_empty())?, pod.message());
        let is_named =
            self.allows.iter().any(|one| matches!(one, Disturbance::Reason(one) if *one == reason));
        let message_lower = message.to_ascii_lowercase();
        let is_allowed =
            is_named && !NON_VOLUME_EVICTION_MESSAGES.iter().any(|words| message_lower.contains(words));
        (!is_allowed)
            .then(|| format!("pod {} was ended or rejected by its node: {reason}: {message}", pod.name()))
    }

    fn deleted(&self, pod: &SeenPod) -> Option<String> {
        let is_deleted = pod.change == WatchChange::Deleted || pod.pod.metadata.deletion_timestamp.is_some();
        let by_drive = || match &self.seen.deletions {
            Some(all) => all.iter().any(|one| one.uid == pod.uid() && one.at <= pod.at),
            // Old evidence has no deletions: assume that the drive made those that the case allows.
            None => true,
        };
        let is_allowed = !is_deleted || (self.allows(Disturbance::Deletion) && by_drive());
        (!is_allowed).then(|| format!("pod {} was deleted, but not by its case", pod.name()))
    }

    /// Kubernetes has not set the phase `Unknown` since 2015. If something sets it, the state of the pod is not known.
    fn phase_unknown(&self, pod: &SeenPod) -> Option<String> {
        let is_allowed = pod.phase() != "Unknown" || self.allows(Disturbance::Outage);
        (!is_allowed).then(|| format!("pod {} is in phase Unknown", pod.name()))
    }

    /// A case depends on its hooks. A hook also fails if the runtime stops while it runs.
    fn hook_failed(&self, pod: &SeenPod) -> Option<String> {
        let is_allowed = |seen: &SeenEvent, reason: &str| {
            self.allows.iter().any(
                |one| matches!(one, Disturbance::FailedHook(name) if seen.is_about(pod.uid(), name, reason)),
            )
        };
        self.seen.events.iter().find_map(|seen| {
            let (reason, object) = (seen.event.reason.as_deref()?, &seen.event.involved_object);
            let is_hook_failure = FAILED_HOOKS.contains(&reason) && object.uid.as_deref() == Some(pod.uid());
            let container = object.field_path.as_deref().unwrap_or_default();
            let message = seen.event.message.as_deref().unwrap_or_default();
            (is_hook_failure && !is_allowed(seen, reason))
                .then(|| format!("a hook of pod {} failed ({reason} {container}): {message}", pod.name()))
        })
    }

    fn out_of_memory(&self, _: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let oom_killed = |end: &ContainerStateTerminated| end.reason.as_deref() == Some("OOMKilled");
        let is_allowed = self.allows_oom(status) || !terminations(status).any(oom_killed);
        (!is_allowed).then(|| "ran out of memory (OOMKilled)".to_owned())
    }

    fn allows_oom(&self, status: &ContainerStatus) -> bool {
        self.allows.iter().any(|one| matches!(one, Disturbance::OutOfMemory(name) if *name == status.name))
    }

    fn allows_image_pull_failure(&self, status: &ContainerStatus) -> bool {
        self.allows
            .iter()
            .any(|one| matches!(one, Disturbance::ImagePullFailure(name) if *name == status.name))
    }

    fn start_error(_: &Self, _: &SeenPod, status: &ContainerStatus) -> Option<String> {
        not_started(status).map(|why| format!("could not be started: {why}"))
    }

    fn stuck_waiting(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let waiting = status.state.as_ref()?.waiting.as_ref()?;
        // A kubelet that has just started has not read all objects yet, and tries again.
        if self.allows(Disturbance::Outage) && self.runs_later(pod, &status.name) {
            return None;
        }
        let (reason, message) = (waiting.reason.as_deref()?, waiting.message.as_deref().unwrap_or_default());
        let is_allowed = NO_IMAGE.contains(&reason) && self.allows_image_pull_failure(status);
        let cannot_start = CREATE_FAILED.contains(&reason) || NO_IMAGE.contains(&reason);
        (cannot_start && !is_allowed).then(|| format!("could not be started: {reason}: {message}"))
    }

    /// The kubelet emits `Failed` if a container was not created or started. If only the runtime's answer was lost, the
    /// container may run all the same, but its status cannot be trusted.
    fn failed_event(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        if self.allows(Disturbance::Outage) || self.allows_image_pull_failure(status) {
            return None;
        }
        // A start may fail because the pod is being deleted.
        let deletions = self.seen.deletions.iter().flatten();
        let deleted =
            deletions.filter(|deletion| deletion.uid == pod.uid()).map(|deletion| deletion.at).min();
        let before_deletion = |seen: &&SeenEvent| deleted.is_none_or(|at| seen.at < at);
        let mut failures = self.seen.events.iter().filter(before_deletion);
        let failed = failures.find(|seen| seen.is_about(pod.uid(), &status.name, "Failed"))?;
        Some(format!("could not be started: {}", failed.event.message.as_deref().unwrap_or_default()))
    }

    fn runs_later(&self, pod: &SeenPod, container: &str) -> bool {
        self.states()
            .any(|later| later.uid() == pod.uid() && later.at > pod.at && later.is_running(container))
    }

    fn program_not_executable(_: &Self, _: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let code = terminations(status)
            .map(|end| end.exit_code)
            .find(|code| CANNOT_EXECUTE_EXIT_CODES.contains(code))?;
        Some(format!("has a program that could not be run (exit code {code})"))
    }

    fn ended_unobserved(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let is_terminating = pod.pod.metadata.deletion_timestamp.is_some();
        let is_allowed =
            is_terminating || self.allows(Disturbance::Outage) || !terminations(status).any(is_lost);
        (!is_allowed).then(|| "ended while its kubelet or its runtime was not running".to_owned())
    }

    fn killed(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let pod_is_ending = pod.pod.metadata.deletion_timestamp.is_some() || pod.reason().is_some();
        // `out_of_memory` handles OOM kills.
        let killed = |end: &&ContainerStateTerminated| {
            KILL_EXIT_CODES.contains(&end.exit_code) && end.reason.as_deref() != Some("OOMKilled")
        };
        let end = terminations(status).find(killed)?;
        let permits = |one: &Disturbance| match one {
            Disturbance::KillOrRestart(name) => *name == status.name,
            Disturbance::ExitOrKubeletKill(name) => *name == status.name && self.ended_by_kubelet(pod, name),
            // The kubelet may report terminated containers before the pod's own reason.
            Disturbance::AnyKillOrRestart | Disturbance::Reason(_) => true,
            _ => false,
        };
        let is_allowed = pod_is_ending || self.allows.iter().any(permits) || self.allows_oom(status);
        (!is_allowed).then(|| {
            format!("was killed by something other than its own program (exit code {})", end.exit_code)
        })
    }

    /// Returns whether the kubelet emitted a `Killing` event for this container alone. When a sandbox is lost, the
    /// kubelet kills all containers of the pod.
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
        let permits = |one: &Disturbance| match one {
            Disturbance::KillOrRestart(name)
            | Disturbance::ExitOrKubeletKill(name)
            | Disturbance::OutOfMemory(name) => *name == status.name,
            Disturbance::AnyKillOrRestart => true,
            _ => false,
        };
        // The control pod is meant to be restarted.
        let is_allowed =
            status.restart_count == 0 || pod.name() == CONTROL_POD || self.allows.iter().any(permits);
        (!is_allowed).then(|| "was restarted".to_owned())
    }

    /// An exit code that may come from the runtime proves nothing unless a log shows that the program started.
    fn ended_without_log(&self, pod: &SeenPod, status: &ContainerStatus) -> Option<String> {
        let code =
            terminations(status).map(|end| end.exit_code).find(|code| AMBIGUOUS_EXIT_CODES.contains(code))?;
        let mut logs = self.seen.logs.iter();
        let has_log = logs.any(|log| log.uid == pod.uid() && log.container == status.name && !log.is_empty());
        (!has_log).then(|| format!("ended with exit code {code}, and nothing shows that its program started"))
    }
}

fn terminations(status: &ContainerStatus) -> impl Iterator<Item = &ContainerStateTerminated> {
    [ended(status), ended_before(status)].into_iter().flatten()
}
