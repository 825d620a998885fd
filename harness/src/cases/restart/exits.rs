//! What is told of a container that has ended: its exit code, a reason, and its last words.

use crate::cases::case::Case;
use crate::cases::exchange::undisturbed;
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The pod whose containers end, each in its own way.
const POD: &str = "ways";

/// The container from which the signals are sent.
const SENDER: &str = "sender";

/// The pod whose containers leave a message.
const SPEAKERS: &str = "speakers";

/// The container that writes the token where the kubelet looks for last words, and the one that only logs.
const WRITER: &str = "writer";
const LOGGER: &str = "logger";

/// The pod and its container that wants more memory than it may have.
const GREEDY: &str = "greedy";

/// Each container with the code and the reason that must be told of its end, and the assertion that says so.
const WAYS: [(&str, &str, &str); 4] = [
    ("completed", "0 Completed", "zero-is-completed"),
    ("failed", "42 Error", "code-is-kept"),
    ("killed", "137 Error", "kill-is-137"),
    ("terminated", "143 Error", "term-is-143"),
];

/// The containers to whose processes the sender sends signals.
const SIGNALLED: [&str; 2] = ["killed", "terminated"];

pub(super) const EXIT_CODES: Case = Case {
    id: "restart/exit-codes",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(SIGNALLED[0]), Expected::Ended(SIGNALLED[1])],
    drive: |stage| Box::pin(end_in_each_way(stage)),
    judge: judge_codes,
};

pub(super) const TERMINATION_MESSAGE: Case = Case {
    id: "restart/termination-message",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(say_last_words(stage)),
    judge: judge_words,
};

pub(super) const OOM_IS_TOLD: Case = Case {
    id: "restart/oom-is-told",
    attire: Attire::Restricted,
    expects: &[Expected::OutOfMemory(GREEDY)],
    drive: |stage| Box::pin(run_out_of_memory(stage)),
    judge: judge_oom,
};

async fn end_in_each_way(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, SENDER, 0, "hold").await?;
    let started = |seen: &SeenPod| WAYS.iter().all(|(name, _, _)| seen.has_begun(name)).then_some(());
    stage.until_pod("all containers begun", stage.budgets().pod_running(), &pod, started).await?;
    let kill = ["kill", "--cmdline", "pause --ms", "--signal", "KILL"];
    let terminate = ["then", "kill", "--cmdline", "sleep 3600", "--signal", "TERM"];
    stage.probe("end", &pod, SENDER, &[&kill[..], &terminate].concat()).await?;
    let ended = |seen: &SeenPod| WAYS.iter().all(|(name, _, _)| seen.end_of(name, 0).is_some()).then_some(());
    stage.until_pod("the end of four containers", stage.budgets().pod_done(), &pod, ended).await
}

fn judge_codes(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    // Else somebody was faster.
    let sent =
        seen.exec("end")?.stdout.lines().filter_map(ProbeReport::parse).filter(ProbeReport::ok).count();
    let began = seen.exec("end")?.started;
    let ended = |state: &SeenPod| SIGNALLED.iter().any(|name| state.end_of(name, 0).is_some());
    let too_early = seen.states(uid).take_while(|state| state.at < began).any(ended);
    let all_sent = sent == SIGNALLED.len() && !too_early;
    Inquiry::premise("both signals sent to processes that were there", all_sent)?;
    for (container, expected, assertion) in WAYS {
        let end = seen.ending(uid, container, 0)?;
        let told = format!("{} {}", end.value.exit_code, end.value.reason.unwrap_or_default());
        say.assert_equal(assertion, &expected, &told.as_str(), end.pointer);
    }
    Ok(())
}

async fn say_last_words(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(SPEAKERS).await?;
    stage.until_terminal(&pod).await
}

async fn run_out_of_memory(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(GREEDY).await?;
    stage.until_terminal(&pod).await
}

fn judge_words(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SPEAKERS, 0)?.uid;
    undisturbed(seen, uid)?;
    let written = seen.log_report(uid, WRITER, 0, "write")?;
    Inquiry::premise("last words that were written", written.value.ok())?;
    let end = seen.ending(uid, WRITER, 0)?;
    let told = end.value.message.unwrap_or_default();
    say.assert_equal("message-is-told", &seen.token, &told, end.pointer);

    let log = seen.ended_log(uid, LOGGER, 0)?;
    let logged: Vec<_> = log.value.texts().collect();
    Inquiry::premise("something in the log", !logged.is_empty())?;
    let end = seen.ending(uid, LOGGER, 0)?;
    let told = end.value.message.unwrap_or_default();
    let (logged, told) = (logged.join("\n"), told.trim_end());
    let cut = told.len() > logged.len() && (told.starts_with(&logged) || told.ends_with(&logged));
    Inquiry::premise("all of the log that the kubelet read", !cut)?;
    say.assert_equal("log-stands-in", &logged.as_str(), &told, end.pointer);
    Ok(())
}

fn judge_oom(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(GREEDY, 0)?.uid;
    let reason = seen.last(uid)?.reason();
    Inquiry::premise("a pod that is left alone", reason.is_none())?;
    let end = seen.ending(uid, GREEDY, 0)?;
    let told = format!("{} {}", end.value.exit_code, end.value.reason.unwrap_or_default());
    say.assert_equal("reason-is-told", &"137 OOMKilled", &told.as_str(), end.pointer);
    Ok(())
}
