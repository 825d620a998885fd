//! Signals from within a container to its first process.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::exchange::undisturbed;
use crate::cases::premise::Expected;
use crate::cases::quiet::{restarts, watch_for_restarts, watched};
use crate::evidence::{Evidence, LogText, Missing, Observed};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

const POD: &str = "single";

/// What the sender of the signals logs before the first one.
const SENDING: &str = "sending TERM";

/// What it logs after each of them: the exit code of the command that sent it.
const SENT: [&str; 2] = ["TERM: 0", "KILL: 0"];

/// What it logs a while later. It could not, had the first process ended: nothing outlives that.
const STILL_HERE: &str = "still here";

pub(super) const PID1_SIGNAL_IMMUNITY: Case = Case {
    id: "restart/pid1-signal-immunity",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN)],
    drive: |stage| Box::pin(send_signals(stage)),
    judge: judge_immunity,
};

async fn send_signals(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage
        .until("signals to the first process", stage.budgets().log_line(), |seen: &Observed| {
            let said = seen.log(&pod.uid, MAIN, 0).is_some_and(|log| says(log, STILL_HERE));
            let ended = seen.pod(&pod.uid).is_some_and(|seen| restarts(seen) > 0 || seen.is_terminal());
            if said || ended { Progress::Met(()) } else { Progress::NotYet }
        })
        .await?;
    watch_for_restarts(stage, &pod).await
}

fn says(log: &LogText, words: &str) -> bool {
    log.texts().any(|line| line == words)
}

fn judge_immunity(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let log = seen.log(uid, MAIN, 0)?;
    Inquiry::premise("signals to the first process", says(log.value, SENDING))?;
    let now = seen.container(uid, MAIN)?;
    let ended = now.value.restarts > 0 || now.value.ended.is_some();
    if ended {
        // Who has sent his last line has outlived both signals: what ended him is another's.
        let log = seen.ended_log(uid, MAIN, 0)?;
        Inquiry::premise("an end before the sender's last line", !says(log.value, STILL_HERE))?;
    } else {
        for words in SENT {
            Inquiry::premise(&format!("the line `{words}` of the sender"), says(log.value, words))?;
        }
        Inquiry::premise("the sender's last line", says(log.value, STILL_HERE))?;
        watched(seen)?;
        Inquiry::premise("a container that runs", now.value.running)?;
    }
    let told = format!("restarts: {}, ended: {}", now.value.restarts, now.value.ended.is_some());
    say.assert("goes-on", !ended, "restarts: 0, ended: false", told, now.pointer);
    Ok(())
}
