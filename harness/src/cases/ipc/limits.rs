//! Sysctls of an IPC namespace: their defaults, and which ones a pod may set.

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, pod_uid_of};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod, has_started};
use podproof_core::judge::Inquiry;

/// The pod with one container, and that container.
const ONE: &str = "one";

/// The container of the pod that sets no sysctl.
const OTHER: &str = "other";

const FORCED: &str = "/proc/sys/kernel/shm_rmid_forced";
const KEY: &str = "70726f6f";

/// The values in a new IPC namespace.
const DEFAULTS: [(&str, &str); 7] = [
    ("/proc/sys/fs/mqueue/msg_max", "10"),
    ("/proc/sys/fs/mqueue/msgsize_max", "8192"),
    ("/proc/sys/fs/mqueue/queues_max", "256"),
    ("/proc/sys/kernel/msgmax", "8192"),
    ("/proc/sys/kernel/msgmnb", "16384"),
    ("/proc/sys/kernel/msgmni", "32000"),
    (FORCED, "0"),
];

/// A queue name, how many such queues can be created, the errno for the next one, and the assertion about it.
const TOO_MANY: [(&str, u64, &str, &str); 3] = [
    ("/long", 0, "EINVAL", "no-more-messages"),
    ("/wide", 0, "EINVAL", "no-larger-messages"),
    ("/many", 256, "ENOSPC", "no-more-queues"),
];

/// The `status.reason` of a pod with a sysctl that its kubelet does not allow.
const FORBIDDEN: &str = "SysctlForbidden";

pub(super) const KERNEL_LIMITS: Case = Case {
    id: "ipc/kernel-limits",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_limits(stage)),
    judge: judge_limits,
};

pub(super) const UNSAFE_SYSCTL_REJECTED: Case = Case {
    id: "ipc/unsafe-sysctl-rejected",
    pod_profile: PodProfile::Privileged,
    allows: &[Disturbance::Reason("SysctlForbidden")],
    drive: |stage| Box::pin(request_unsafe_sysctl(stage)),
    judge: judge_rejection,
};

pub(super) const SYSV_RMID_FORCED: Case = Case {
    id: "ipc/sysv-rmid-forced",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(detach_and_look(stage)),
    judge: judge_last_user,
};

async fn read_limits(stage: &Stage) -> Result<(), StageError> {
    ColocatedPods::create_all(stage, &[(ONE, "hold")]).await.map(drop)
}

fn judge_limits(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = pod_uid_of(seen, ONE)?;
    for (path, expected) in DEFAULTS {
        let (value, pointer) = setting(seen, (uid, ONE), path)?;
        inquiry.assert("fresh-values", value == expected, format!("{path}: {expected}"), value, pointer);
    }
    for (queue, most, errno, assertion) in TOO_MANY {
        let tried = seen.log_report_with((uid, ONE, 0), "mq-create", ("queue", queue))?;
        // Other errors, such as EMFILE, come from limits of the user or the node.
        let refusal =
            Inquiry::errno_among(&tried.value, &["EINVAL", "ENOSPC", "EEXIST"])?.unwrap_or("no refusal");
        let actual = (tried.value.number("created")?, refusal);
        inquiry.assert_equal(assertion, &(most, errno), &actual, tried.pointer);
    }
    Ok(())
}

/// Returns the value that this container read at `path`, and the pointer to its report.
fn setting(seen: &Evidence, (uid, container): (&str, &str), path: &str) -> Result<(String, String), Missing> {
    let read = seen.log_report_on((uid, container, 0), "read", path)?;
    Inquiry::premise(&format!("a setting {path}"), read.value.present()?)?;
    Ok((read.value.text("content")?.trim().to_owned(), read.pointer))
}

async fn request_unsafe_sysctl(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(ONE).await?;
    let decided = |seen: &SeenPod| {
        let runs = seen.containers().any(has_started);
        (seen.is_terminal() || runs).then_some(())
    };
    stage
        .until("the pod to start or to end", stage.budgets().pod_running(), |seen| {
            let decided = seen.pod(&pod.uid).and_then(decided);
            if decided.is_some() { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

fn judge_rejection(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(ONE, 0)?.uid;
    let last = seen.pod(uid)?;
    let begun = seen.states(uid).any(|state| state.containers().any(has_started));
    Inquiry::premise("a pod that has started or ended", last.is_terminal() || begun)?;
    let reason = last.reason();
    // The claim says nothing about pods that a node rejects or ends for other reasons.
    let decided = reason.is_none_or(|reason| reason == FORBIDDEN);
    Inquiry::premise(
        &format!("no other status reason of the pod ({})", reason.unwrap_or_default()),
        decided,
    )?;
    let pointer = || format!("timeline/{ONE}");
    inquiry.assert_equal("never-runs", &false, &begun, pointer());
    inquiry.assert_equal("is-failed", &"Failed", &last.phase(), pointer());
    inquiry.assert_equal("says-why", &Some(FORBIDDEN), &reason, pointer());
    Ok(())
}

async fn detach_and_look(stage: &Stage) -> Result<(), StageError> {
    let ready = [(MAKER, "hold"), (FINDER, "hold"), (OTHER, "hold")];
    let pods = ColocatedPods::create_all(stage, &ready).await?;
    // Each command attaches the segment, writes to it, and detaches it by exiting.
    let put = ["shm-hold", "--key", KEY, "--text", stage.token()];
    pods.probe("put", MAKER, &put).await?;
    pods.probe("look", FINDER, &["shm-look", "--key", KEY]).await?;
    pods.probe("put-in-other", OTHER, &put).await?;
    pods.probe("look-in-other", OTHER, &["shm-look", "--key", KEY]).await?;
    Ok(())
}

fn judge_last_user(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    for container in [MAKER, FINDER] {
        let (value, pointer) = setting(seen, (pod_uid_of(seen, container)?, container), FORCED)?;
        inquiry.assert_equal("set-in-every-container", &"1", &value.as_str(), pointer);
    }
    for label in ["put", "put-in-other"] {
        let put = seen.exec_report(label, "shm-hold")?;
        Inquiry::premise(
            "a segment with one attached process",
            put.value.ok() && put.value.number("nattch")? == 1,
        )?;
    }
    inquiry.assert_absent("ends-with-its-last-user", &seen.exec_report("look", "shm-look")?)?;

    let (value, pointer) = setting(seen, (pod_uid_of(seen, OTHER)?, OTHER), FORCED)?;
    inquiry.assert_equal("not-in-another-pod", &"0", &value.as_str(), pointer);
    let kept = seen.exec_report("look-in-other", "shm-look")?;
    inquiry.assert_found("not-in-another-pod", &kept, "text", &seen.token)
}
