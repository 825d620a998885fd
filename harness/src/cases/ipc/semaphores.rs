//! Semaphores: a program that waits in one container is woken from another.

use crate::cases::case::Case;
use crate::cases::members::{FINDER, MAKER, Members, done, home};
use crate::evidence::{Evidence, Missing, Observed, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

/// The moment at which the waiting program has been watched for the whole of the quiet window.
const WATCHED: &str = "watched";

/// The verbs of one kind of semaphore, and how it is named.
struct Kind {
    wait: &'static str,
    look: &'static str,
    post: &'static str,
    name: [&'static str; 2],
}

const SYSV: Kind = Kind { wait: "sem-wait", look: "sem-look", post: "sem-post", name: ["--key", "70726f6f"] };

const POSIX: Kind =
    Kind { wait: "psem-wait", look: "psem-look", post: "psem-post", name: ["--name", "/podproof"] };

pub(super) const SYSV_SEMAPHORE: Case = Case {
    id: "ipc/sysv-semaphore",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(wake(stage, &SYSV)),
    judge: |seen, say| judge_waking(seen, say, &SYSV),
};

pub(super) const POSIX_NAMED_SEM: Case = Case {
    id: "ipc/posix-named-sem",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(wake(stage, &POSIX)),
    judge: |seen, say| judge_waking(seen, say, &POSIX),
};

async fn wake(stage: &Stage, kind: &Kind) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, kind.wait), (FINDER, "hold")]).await?;
    let maker = members.pod_of(MAKER)?;
    let woken = |seen: &Observed| {
        let log = seen.log(&maker.uid, MAKER, 0);
        let woken = log.is_some_and(|log| log.reports().any(|report| is_woken(&report, kind)));
        if woken { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.unless("the waiting program to go on by itself", stage.budgets().quiet_window(), woken).await?;
    stage.mark(WATCHED);
    let named = |verb| [verb, kind.name[0], kind.name[1]];
    members.probe("look", FINDER, &named(kind.look)).await?;
    let post = members.probe("post", FINDER, &named(kind.post)).await?;
    let posted = post.stdout.lines().filter_map(ProbeReport::parse).any(|report| report.ok());
    // Where there was nothing to add to, nobody is woken.
    if posted {
        // A program that sleeps on shows in the value that is looked at next.
        stage.unless("the waiting program to go on", stage.budgets().log_line(), woken).await?;
    }
    members.probe("after", FINDER, &named(kind.look)).await?;
    Ok(())
}

fn is_woken(report: &ProbeReport, kind: &Kind) -> bool {
    report.verb() == kind.wait && report.text("state") == Ok("woken")
}

fn judge_waking(seen: &Evidence, say: &mut Inquiry, kind: &Kind) -> Result<(), Missing> {
    let uid = home(seen, MAKER)?;
    done(seen, MAKER, kind.wait)?;
    let look = seen.exec_report("look", kind.look)?;
    let present = look.value.present()?;
    say.assert("is-found", present, "the semaphore", look.value.to_string(), look.pointer);
    if !present {
        return Ok(());
    }
    let post = seen.exec_report("post", kind.post)?;
    Inquiry::premise("one added to the semaphore", post.value.ok())?;
    let after = seen.exec_report("after", kind.look)?;
    say.assert_equal("is-woken", &0, &after.value.number("value")?, after.pointer);

    seen.mark(WATCHED)?;
    let woken = seen.log_report_with((uid, MAKER, 0), kind.wait, ("state", "woken"))?;
    let asleep = monotonic(&look.value)? < monotonic(&woken.value)?;
    let told = format!("value {}, asleep: {asleep}", look.value.number("value")?);
    say.assert("sleeps", told == "value 0, asleep: true", "value 0, asleep: true", told, woken.pointer);
    Ok(())
}

/// When the probe reported, by the node's clock that never goes back.
fn monotonic(report: &ProbeReport) -> Result<u64, Missing> {
    let time = report.field("at")?.get("monotonic_ns").and_then(serde_json::Value::as_u64);
    time.ok_or_else(|| Missing::new("the time of a report"))
}
