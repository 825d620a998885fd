//! The status of a terminated container: its exit code, reason and termination message.

use crate::cases::case::Case;
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport, SeenPod};
use podproof_core::judge::Inquiry;

/// The pod whose containers end in different ways.
const POD: &str = "ways";

/// The container from which the signals are sent.
const SENDER: &str = "sender";

/// The pod whose containers have a termination message.
const MESSAGES: &str = "speakers";

/// The container that writes the token to its termination message path, and the container that only logs.
const WRITER: &str = "writer";
const LOGGER: &str = "logger";

/// The pod, and its container, that exceeds its memory limit.
const GREEDY: &str = "greedy";

/// Each container with its expected exit code and reason, and the assertion about them.
const ENDS: [(&str, &str, &str); 4] = [
    ("completed", "0 Completed", "zero-is-completed"),
    ("failed", "42 Error", "code-is-kept"),
    ("killed", "137 Error", "kill-is-137"),
    ("terminated", "143 Error", "term-is-143"),
];

/// The containers to which the sender sends signals.
const SIGNALLED: [&str; 2] = ["killed", "terminated"];

pub(super) const EXIT_CODES: Case = Case {
    id: "restart/exit-codes",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(SIGNALLED[0]), Disturbance::KillOrRestart(SIGNALLED[1])],
    drive: |stage| Box::pin(end_in_each_way(stage)),
    judge: judge_codes,
};

pub(super) const TERMINATION_MESSAGE: Case = Case {
    id: "restart/termination-message",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(write_messages(stage)),
    judge: judge_messages,
};

pub(super) const OOM_IS_TOLD: Case = Case {
    id: "restart/oom-is-told",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::OutOfMemory(GREEDY)],
    drive: |stage| Box::pin(run_out_of_memory(stage)),
    judge: judge_oom,
};

async fn end_in_each_way(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, SENDER, 0, "hold").await?;
    let started = |seen: &SeenPod| ENDS.iter().all(|(name, _, _)| seen.has_ever_started(name)).then_some(());
    stage.until_pod("the start of all containers", stage.budgets().pod_running(), &pod, started).await?;
    let kill = ["kill", "--cmdline", "pause --ms", "--signal", "KILL"];
    let terminate = ["then", "kill", "--cmdline", "sleep 3600", "--signal", "TERM"];
    stage.probe("end", &pod, SENDER, &[&kill[..], &terminate].concat()).await?;
    let ended =
        |seen: &SeenPod| ENDS.iter().all(|(name, _, _)| seen.termination_of(name, 0).is_some()).then_some(());
    stage.until_pod("the end of four containers", stage.budgets().pod_done(), &pod, ended).await
}

fn judge_codes(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    // Otherwise something other than the sender ended the processes.
    let sent_count =
        seen.exec("end")?.stdout.lines().filter_map(ProbeReport::parse).filter(ProbeReport::ok).count();
    let began = seen.exec("end")?.started;
    let ended = |state: &SeenPod| SIGNALLED.iter().any(|name| state.termination_of(name, 0).is_some());
    let ended_early = seen.states(uid).take_while(|state| state.at < began).any(ended);
    let all_sent = sent_count == SIGNALLED.len() && !ended_early;
    Inquiry::premise("both signals sent to running processes", all_sent)?;
    for (container, expected, assertion) in ENDS {
        let end = seen.ending(uid, container, 0)?;
        let actual = format!("{} {}", end.value.exit_code, end.value.reason.unwrap_or_default());
        inquiry.assert_equal(assertion, &expected, &actual.as_str(), end.pointer);
    }
    Ok(())
}

async fn write_messages(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(MESSAGES).await?;
    stage.until_terminal(&pod).await
}

async fn run_out_of_memory(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(GREEDY).await?;
    stage.until_terminal(&pod).await
}

fn judge_messages(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(MESSAGES, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let written = seen.log_report(uid, WRITER, 0, "write")?;
    Inquiry::premise("a termination message that was written", written.value.ok())?;
    let end = seen.ending(uid, WRITER, 0)?;
    let actual = end.value.message.unwrap_or_default();
    inquiry.assert_equal("message-is-told", &seen.token, &actual, end.pointer);

    let log = seen.ended_log(uid, LOGGER, 0)?;
    let logged: Vec<_> = log.value.texts().collect();
    Inquiry::premise("something in the log", !logged.is_empty())?;
    let end = seen.ending(uid, LOGGER, 0)?;
    let actual = end.value.message.unwrap_or_default();
    let (logged, actual) = (logged.join("\n"), actual.trim_end());
    let incomplete =
        actual.len() > logged.len() && (actual.starts_with(&logged) || actual.ends_with(&logged));
    Inquiry::premise("the complete log that the kubelet read", !incomplete)?;
    inquiry.assert_equal("log-stands-in", &logged.as_str(), &actual, end.pointer);
    Ok(())
}

fn judge_oom(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(GREEDY, 0)?.uid;
    let reason = seen.pod(uid)?.reason();
    Inquiry::premise("a pod without a status reason", reason.is_none())?;
    let end = seen.ending(uid, GREEDY, 0)?;
    let actual = format!("{} {}", end.value.exit_code, end.value.reason.unwrap_or_default());
    inquiry.assert_equal("reason-is-told", &"137 OOMKilled", &actual.as_str(), end.pointer);
    Ok(())
}
