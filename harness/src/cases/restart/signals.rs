//! Signals sent to process 1 of a container from within it.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::exchange::premise_not_ended_by_node;
use crate::cases::never_happens::{premise_watched, restarts, watch_for_restarts};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, LogText, Missing, Observations};
use podproof_core::judge::Inquiry;

const POD: &str = "single";

/// The line that the sender logs before the first signal.
const SENDING: &str = "sending TERM";

/// The line that it logs after each signal, with the exit code of the `kill` command.
const SENT: [&str; 2] = ["TERM: 0", "KILL: 0"];

/// The line that it logs later. If process 1 had ended, the sender could not log it: no process outlives process 1.
const STILL_HERE: &str = "still here";

pub(super) const PID1_SIGNAL_IMMUNITY: Case = Case {
    id: "restart/pid1-signal-immunity",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN)],
    drive: |stage| Box::pin(send_signals(stage)),
    judge: judge_immunity,
};

async fn send_signals(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage
        .until("signals to process 1", stage.budgets().log_line(), |seen: &Observations| {
            let logged = seen.log(&pod.uid, MAIN, 0).is_some_and(|log| has_line(log, STILL_HERE));
            let ended = seen.pod(&pod.uid).is_some_and(|seen| restarts(seen) > 0 || seen.is_terminal());
            if logged || ended { Progress::Met(()) } else { Progress::NotYet }
        })
        .await?;
    watch_for_restarts(stage, &pod).await
}

fn has_line(log: &LogText, words: &str) -> bool {
    log.texts().any(|line| line == words)
}

fn judge_immunity(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_not_ended_by_node(seen, uid)?;
    let log = seen.log(uid, MAIN, 0)?;
    Inquiry::premise("signals to process 1", has_line(log.value, SENDING))?;
    let main = seen.container(uid, MAIN)?;
    let ended = main.value.restarts > 0 || main.value.ended.is_some();
    if ended {
        // If the sender logged its last line, process 1 survived both signals, and something else ended it later.
        let log = seen.ended_log(uid, MAIN, 0)?;
        Inquiry::premise(
            "an end of the container before the sender's last line",
            !has_line(log.value, STILL_HERE),
        )?;
    } else {
        for words in SENT {
            Inquiry::premise(&format!("the line `{words}` of the sender"), has_line(log.value, words))?;
        }
        Inquiry::premise("the sender's last line", has_line(log.value, STILL_HERE))?;
        premise_watched(seen)?;
        Inquiry::premise("a container that runs", main.value.running)?;
    }
    let actual = format!("restarts: {}, ended: {}", main.value.restarts, main.value.ended.is_some());
    inquiry.assert("goes-on", !ended, "restarts: 0, ended: false", actual, main.pointer);
    Ok(())
}
