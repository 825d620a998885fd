//! The kernel's settings of an IPC namespace: their defaults, and what a pod may ask for.

use crate::cases::case::Case;
use crate::cases::members::{FINDER, MAKER, Members, home};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, SeenPod, has_begun};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

/// The pod of one container, and its container.
const ONE: &str = "one";

/// The container of the pod that asks for nothing.
const OTHER: &str = "other";

const FORCED: &str = "/proc/sys/kernel/shm_rmid_forced";
const KEY: &str = "70726f6f";

/// What a new namespace has.
const FRESH: [(&str, &str); 7] = [
    ("/proc/sys/fs/mqueue/msg_max", "10"),
    ("/proc/sys/fs/mqueue/msgsize_max", "8192"),
    ("/proc/sys/fs/mqueue/queues_max", "256"),
    ("/proc/sys/kernel/msgmax", "8192"),
    ("/proc/sys/kernel/msgmnb", "16384"),
    ("/proc/sys/kernel/msgmni", "32000"),
    (FORCED, "0"),
];

/// A queue, how many of its kind can be made, what the system says to the next, and the assertion that it does.
const BEYOND: [(&str, u64, &str, &str); 3] = [
    ("/long", 0, "EINVAL", "no-more-messages"),
    ("/wide", 0, "EINVAL", "no-larger-messages"),
    ("/many", 256, "ENOSPC", "no-more-queues"),
];

/// The kubelet's word for a pod that asks for a setting that it does not allow.
const FORBIDDEN: &str = "SysctlForbidden";

pub(super) const KERNEL_LIMITS: Case = Case {
    id: "ipc/kernel-limits",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(read_limits(stage)),
    judge: judge_limits,
};

pub(super) const UNSAFE_SYSCTL_REJECTED: Case = Case {
    id: "ipc/unsafe-sysctl-rejected",
    attire: Attire::Privileged,
    expects: &[Expected::Reason("SysctlForbidden")],
    drive: |stage| Box::pin(ask_for_more(stage)),
    judge: judge_rejection,
};

pub(super) const SYSV_RMID_FORCED: Case = Case {
    id: "ipc/sysv-rmid-forced",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(detach_and_look(stage)),
    judge: judge_last_user,
};

async fn read_limits(stage: &Stage) -> Result<(), Blocked> {
    Members::gather(stage, &[(ONE, "hold")]).await.map(drop)
}

fn judge_limits(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = home(seen, ONE)?;
    for (path, expected) in FRESH {
        let (value, pointer) = setting(seen, (uid, ONE), path)?;
        say.assert("fresh-values", value == expected, format!("{path}: {expected}"), value, pointer);
    }
    for (queue, most, errno, assertion) in BEYOND {
        let tried = seen.log_report_with((uid, ONE, 0), "mq-create", ("queue", queue))?;
        // Others, such as EMFILE, are limits of the user or the node.
        let refusal =
            Inquiry::errno_among(&tried.value, &["EINVAL", "ENOSPC", "EEXIST"])?.unwrap_or("no refusal");
        let ended = (tried.value.number("created")?, refusal);
        say.assert_equal(assertion, &(most, errno), &ended, tried.pointer);
    }
    Ok(())
}

/// What this container read at `path`, and where that stands.
fn setting(seen: &Evidence, (uid, container): (&str, &str), path: &str) -> Result<(String, String), Missing> {
    let read = seen.log_report_on((uid, container, 0), "read", path)?;
    Inquiry::premise(&format!("a setting {path}"), read.value.present()?)?;
    Ok((read.value.text("content")?.trim().to_owned(), read.pointer))
}

async fn ask_for_more(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(ONE).await?;
    let decided = |seen: &SeenPod| {
        let runs = seen.containers().any(has_begun);
        (seen.is_terminal() || runs).then_some(())
    };
    stage
        .until("the end of the pod or its start", stage.budgets().pod_running(), |seen| {
            let decided = seen.pod(&pod.uid).and_then(decided);
            if decided.is_some() { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

fn judge_rejection(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(ONE, 0)?.uid;
    let last = seen.last(uid)?;
    let begun = seen.states(uid).any(|state| state.containers().any(has_begun));
    Inquiry::premise("a pod that has ended or begun", last.is_terminal() || begun)?;
    let reason = last.reason();
    // A node may refuse or end a pod for many reasons, about which nothing is claimed.
    let decided = reason.is_none_or(|reason| reason == FORBIDDEN);
    Inquiry::premise(&format!("no other reason against the pod ({})", reason.unwrap_or_default()), decided)?;
    let pointer = || format!("timeline/{ONE}");
    say.assert_equal("never-runs", &false, &begun, pointer());
    say.assert_equal("is-failed", &"Failed", &last.phase(), pointer());
    say.assert_equal("says-why", &Some(FORBIDDEN), &reason, pointer());
    Ok(())
}

async fn detach_and_look(stage: &Stage) -> Result<(), Blocked> {
    let ready = [(MAKER, "hold"), (FINDER, "hold"), (OTHER, "hold")];
    let members = Members::gather(stage, &ready).await?;
    // Each command attaches, writes, and detaches when it ends.
    let put = ["shm-hold", "--key", KEY, "--text", stage.token()];
    members.probe("put", MAKER, &put).await?;
    members.probe("look", FINDER, &["shm-look", "--key", KEY]).await?;
    members.probe("put-in-other", OTHER, &put).await?;
    members.probe("look-in-other", OTHER, &["shm-look", "--key", KEY]).await?;
    Ok(())
}

fn judge_last_user(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    for container in [MAKER, FINDER] {
        let (value, pointer) = setting(seen, (home(seen, container)?, container), FORCED)?;
        say.assert_equal("set-in-every-container", &"1", &value.as_str(), pointer);
    }
    for label in ["put", "put-in-other"] {
        let put = seen.exec_report(label, "shm-hold")?;
        Inquiry::premise("a segment with a user", put.value.ok() && put.value.number("nattch")? == 1)?;
    }
    say.assert_absent("ends-with-its-last-user", &seen.exec_report("look", "shm-look")?)?;

    let (value, pointer) = setting(seen, (home(seen, OTHER)?, OTHER), FORCED)?;
    say.assert_equal("not-in-another-pod", &"0", &value.as_str(), pointer);
    let kept = seen.exec_report("look-in-other", "shm-look")?;
    say.assert_found("not-in-another-pod", &kept, "text", &seen.token)
}
