//! Semaphores: a program in one container wakes a waiting program in another.

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, ok_report_of, pod_uid_of};
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, ProbeReport};
use podproof_core::judge::Inquiry;

/// The mark set when the waiting program has been watched for the whole quiet window.
const WATCHED: &str = "watched";

/// The probe verbs for one kind of semaphore, and the option that names it.
struct SemaphoreKind {
    wait: &'static str,
    look: &'static str,
    post: &'static str,
    name: [&'static str; 2],
}

const SYSV: SemaphoreKind =
    SemaphoreKind { wait: "sem-wait", look: "sem-look", post: "sem-post", name: ["--key", "70726f6f"] };

const POSIX: SemaphoreKind =
    SemaphoreKind { wait: "psem-wait", look: "psem-look", post: "psem-post", name: ["--name", "/podproof"] };

pub(super) const SYSV_SEMAPHORE: Case = Case {
    id: "ipc/sysv-semaphore",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(wake(stage, &SYSV)),
    judge: |seen, inquiry| judge_waking(seen, inquiry, &SYSV),
};

pub(super) const POSIX_NAMED_SEM: Case = Case {
    id: "ipc/posix-named-sem",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(wake(stage, &POSIX)),
    judge: |seen, inquiry| judge_waking(seen, inquiry, &POSIX),
};

async fn wake(stage: &Stage, kind: &SemaphoreKind) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, kind.wait), (FINDER, "hold")]).await?;
    let maker = pods.pod_of(MAKER)?;
    let woken = |seen: &Observations| {
        let log = seen.log(&maker.uid, MAKER, 0);
        let woken = log.is_some_and(|log| log.reports().any(|report| is_woken(&report, kind)));
        if woken { Progress::Met(()) } else { Progress::NotYet }
    };
    stage
        .observe_for("the waiting program to go on by itself", stage.budgets().quiet_window(), woken)
        .await?;
    stage.mark(WATCHED);
    let named = |verb| [verb, kind.name[0], kind.name[1]];
    pods.probe("look", FINDER, &named(kind.look)).await?;
    let post = pods.probe("post", FINDER, &named(kind.post)).await?;
    let posted = post.stdout.lines().filter_map(ProbeReport::parse).any(|report| report.ok());
    // If the semaphore could not be posted, nothing wakes the program.
    if posted {
        // If the program keeps sleeping, the semaphore's value in the next look shows it.
        stage.observe_for("the waiting program to go on", stage.budgets().log_line(), woken).await?;
    }
    pods.probe("after", FINDER, &named(kind.look)).await?;
    Ok(())
}

fn is_woken(report: &ProbeReport, kind: &SemaphoreKind) -> bool {
    report.verb() == kind.wait && report.text("state") == Ok("woken")
}

fn judge_waking(seen: &Evidence, inquiry: &mut Inquiry, kind: &SemaphoreKind) -> Result<(), Missing> {
    let uid = pod_uid_of(seen, MAKER)?;
    ok_report_of(seen, MAKER, kind.wait)?;
    let look = seen.exec_report("look", kind.look)?;
    let present = look.value.present()?;
    inquiry.assert("is-found", present, "the semaphore", look.value.to_string(), look.pointer);
    if !present {
        return Ok(());
    }
    let post = seen.exec_report("post", kind.post)?;
    Inquiry::premise("a successful post to the semaphore", post.value.ok())?;
    let after = seen.exec_report("after", kind.look)?;
    inquiry.assert_equal("is-woken", &0, &after.value.number("value")?, after.pointer);

    seen.mark(WATCHED)?;
    let woken = seen.log_report_with((uid, MAKER, 0), kind.wait, ("state", "woken"))?;
    let was_asleep = monotonic(&look.value)? < monotonic(&woken.value)?;
    let actual = format!("value {}, asleep: {was_asleep}", look.value.number("value")?);
    inquiry.assert(
        "sleeps",
        actual == "value 0, asleep: true",
        "value 0, asleep: true",
        actual,
        woken.pointer,
    );
    Ok(())
}

/// Returns the time of a report by the node's monotonic clock, in nanoseconds.
fn monotonic(report: &ProbeReport) -> Result<u64, Missing> {
    let time = report.field("at")?.get("monotonic_ns").and_then(serde_json::Value::as_u64);
    time.ok_or_else(|| Missing::new("the time of a report"))
}
