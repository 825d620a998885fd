//! What a pod does whose sandbox is lost.

use crate::cases::case::Case;
use crate::cases::comeback::{MAIN, SIBLING};
use crate::cases::exchange::undisturbed;
use crate::cases::keeper::{KEEPER, all_back, lose_sandbox, lost};
use crate::cases::premise::Expected;
use crate::cases::quiet::restarts;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::Attire;

/// The init container.
const FIRST: &str = "first";

/// The file to which each run of the init container adds a letter.
const INITS: &str = "/data/inits";

pub(super) const SANDBOX_RECREATE: Case = Case {
    id: "restart/sandbox-recreate",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(FIRST), Expected::Ended(MAIN), Expected::Ended(SIBLING), Expected::Outage],
    drive: |stage| Box::pin(lose_sandbox(stage)),
    judge: judge_return,
};

pub(super) const SANDBOX_LOSS_NEVER: Case = Case {
    id: "restart/sandbox-loss-never",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(FIRST), Expected::Ended(MAIN), Expected::Ended(SIBLING), Expected::Outage],
    drive: |stage| Box::pin(lose_sandbox(stage)),
    judge: judge_end,
};

fn judge_return(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = lost(seen)?;
    undisturbed(seen, uid)?;
    let back = seen.states(uid).any(all_back);
    let last = seen.last(uid)?;
    Inquiry::premise("every container back, or the end of the pod", back || last.is_terminal())?;
    let told = format!("{} with {} restarts", last.phase(), restarts(last));
    say.assert("all-restart", back, "one restart of each container", told, format!("timeline/{KEEPER}"));
    if back {
        let before = seen.log_report_on((uid, MAIN, 0), "read", INITS)?;
        Inquiry::premise("one run of the init container at first", before.value.text("content") == Ok("x"))?;
        let after = seen.log_report_on((uid, MAIN, 1), "read", INITS)?;
        say.assert_found("init-runs-again", &after, "content", "xx")?;
    }
    Ok(())
}

fn judge_end(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = lost(seen)?;
    undisturbed(seen, uid)?;
    let last = seen.last(uid)?;
    let told = format!("{} with {} restarts", last.phase(), restarts(last));
    let over = last.is_terminal();
    Inquiry::premise("the end of the pod, or its return", over || seen.states(uid).any(all_back))?;
    let failed = last.phase() == "Failed" && restarts(last) == 0;
    say.assert("pod-fails", failed, "Failed with 0 restarts", told, format!("timeline/{KEEPER}"));
    Ok(())
}
