//! Pods in the node's IPC namespace.

use crate::cases::case::Case;
use crate::cases::namesake::{HOLDER, namesakes, replace};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// A pod that reaches for the node's IPC namespace, and one that does not.
const LEANER: &str = "leaner";
const PLAIN: &str = "plain";

/// How Pod Security begins its refusals.
const BY_POD_SECURITY: &str = "violates PodSecurity";

pub(super) const HOSTIPC_DENIED: Case = Case {
    id: "isolation/hostipc-denied",
    attire: Attire::AsTyped,
    expects: &[],
    drive: |stage| Box::pin(try_both(stage)),
    judge: judge_refusal,
};

pub(super) const HOSTIPC_LEAKS: Case = Case {
    id: "isolation/hostipc-leaks",
    attire: Attire::Privileged,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(leave_and_clear(stage)),
    judge: judge_what_is_left,
};

async fn try_both(stage: &Stage) -> Result<(), Blocked> {
    stage.create(PLAIN).await?;
    if let Some(leaner) = stage.attempt(LEANER).await? {
        stage.until_pod("the pod leaner", stage.budgets().pod_running(), &leaner, |_| Some(())).await?;
    }
    Ok(())
}

fn judge_refusal(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    seen.applied(PLAIN, 0)?;
    if let Ok(leaner) = seen.applied(LEANER, 0) {
        let phase = seen.last(&leaner.uid)?.phase();
        let told = format!("a pod in phase {phase}");
        say.assert("is-refused", false, "a refusal", told, format!("applied/{LEANER}"));
        return Ok(());
    }
    let refusal = seen.refusal(LEANER)?;
    // A refusal for want of rights, or by somebody else's rule, says nothing about Pod Security.
    let by_pod_security = refusal.message.contains(BY_POD_SECURITY);
    Inquiry::premise(&format!("a refusal by Pod Security ({})", refusal.message), by_pod_security)?;
    let pointer = format!("refusals/{LEANER}");
    say.assert_equal("is-refused", &403, &refusal.code, &pointer);
    let named = refusal.message.contains("hostIPC");
    say.assert("says-why", named, "a message that names hostIPC", &refusal.message, pointer);
    Ok(())
}

async fn leave_and_clear(stage: &Stage) -> Result<(), Blocked> {
    let second = replace(stage, "mq-send").await?;
    let queue = format!("/pp-{}", stage.token());
    stage.probe("clear", &second, HOLDER, &["mq-unlink", "--queue", &queue]).await.map(drop)
}

fn judge_what_is_left(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (first, second) = namesakes(seen)?;
    let before = seen.log_report(first, HOLDER, 0, "mq-look")?;
    Inquiry::premise_absent("no queue of that name at first", &before)?;
    let sent = seen.log_report(first, HOLDER, 0, "mq-send")?;
    Inquiry::premise("a message of the first pod", sent.value.ok())?;
    let found = seen.log_report(second, HOLDER, 0, "mq-look")?;
    let waiting = found.value.present()?.then(|| found.value.number("curmsgs")).transpose()?;
    say.assert_equal("queue-is-left", &Some(1), &waiting, found.pointer);
    let cleared = seen.exec_report("clear", "mq-unlink")?;
    Inquiry::premise("the queue removed in the end", cleared.value.present()?)
}
