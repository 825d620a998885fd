//! Pods in the node's IPC namespace.

use crate::cases::case::Case;
use crate::cases::pod_replacement::{HOLDER, premise_replaced, replace};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// The pod with `hostIPC: true`, and the pod without.
const HOST_IPC: &str = "leaner";
const PLAIN: &str = "plain";

/// A part of every rejection message of Pod Security admission.
const POD_SECURITY_MESSAGE: &str = "violates PodSecurity";

pub(super) const HOSTIPC_DENIED: Case = Case {
    id: "isolation/hostipc-denied",
    pod_profile: PodProfile::AsTyped,
    allows: &[],
    drive: |stage| Box::pin(try_both(stage)),
    judge: judge_refusal,
};

pub(super) const HOSTIPC_LEAKS: Case = Case {
    id: "isolation/hostipc-leaks",
    pod_profile: PodProfile::Privileged,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(replace_and_clean_up(stage)),
    judge: judge_leftover_queue,
};

async fn try_both(stage: &Stage) -> Result<(), StageError> {
    stage.create(PLAIN).await?;
    if let Some(pod) = stage.try_create(HOST_IPC).await? {
        stage.until_pod("the pod leaner", stage.budgets().pod_running(), &pod, |_| Some(())).await?;
    }
    Ok(())
}

fn judge_refusal(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    seen.applied(PLAIN, 0)?;
    if let Ok(applied) = seen.applied(HOST_IPC, 0) {
        let phase = seen.pod(&applied.uid)?.phase();
        let actual = format!("a pod in phase {phase}");
        inquiry.assert("is-refused", false, "a refusal", actual, format!("applied/{HOST_IPC}"));
        return Ok(());
    }
    let refusal = seen.refusal(HOST_IPC)?;
    // A rejection because of missing RBAC rights, or by another admission rule, says nothing about Pod Security.
    let by_pod_security = refusal.message.contains(POD_SECURITY_MESSAGE);
    Inquiry::premise(
        &format!("a rejection by Pod Security admission ({})", refusal.message),
        by_pod_security,
    )?;
    let pointer = format!("refusals/{HOST_IPC}");
    inquiry.assert_equal("is-refused", &403, &refusal.code, &pointer);
    let named = refusal.message.contains("hostIPC");
    inquiry.assert("says-why", named, "a message that names hostIPC", &refusal.message, pointer);
    Ok(())
}

async fn replace_and_clean_up(stage: &Stage) -> Result<(), StageError> {
    let second = replace(stage, "mq-send").await?;
    let queue = format!("/pp-{}", stage.token());
    stage.probe("clear", &second, HOLDER, &["mq-unlink", "--queue", &queue]).await.map(drop)
}

fn judge_leftover_queue(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (first, second) = premise_replaced(seen)?;
    let before = seen.log_report(first, HOLDER, 0, "mq-look")?;
    Inquiry::premise_absent("no queue of that name at first", &before)?;
    let sent = seen.log_report(first, HOLDER, 0, "mq-send")?;
    Inquiry::premise("a message of the first pod", sent.value.ok())?;
    let found = seen.log_report(second, HOLDER, 0, "mq-look")?;
    let waiting = found.value.present()?.then(|| found.value.number("curmsgs")).transpose()?;
    inquiry.assert_equal("queue-is-left", &Some(1), &waiting, found.pointer);
    let cleared = seen.exec_report("clear", "mq-unlink")?;
    Inquiry::premise("the queue removed at the end", cleared.value.present()?)
}
