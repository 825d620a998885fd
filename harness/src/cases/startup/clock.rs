//! The resolution of the clocks that show the order of container starts.

use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations};
use podproof_core::judge::Inquiry;

const POD: &str = "main";
const MAIN: &str = "main";

/// The maximum distance between the two times of one start.
const NEAR_SECONDS: f64 = 10.0;
const NEAR_NANOSECONDS: i128 = 10_000_000_000;

pub(super) const CLOCK_RESOLUTION: Case = Case {
    id: "startup/clock-resolution",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(start_one(stage)),
    judge: judge_clocks,
};

async fn start_one(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    let holds = |seen: &Observations| {
        let log = seen.logs.iter().find(|log| log.container == MAIN && log.report("hold").is_some())?;
        let status = seen.pod(&pod.uid)?.container(MAIN)?;
        let is_current = status.restart_count == log.restart && status.state.as_ref()?.running.is_some();
        (is_current && seen.first_start_nanos(&pod.uid, MAIN).is_some()).then_some(())
    };
    let look = |seen: &Observations| holds(seen).map_or(Progress::NotYet, Progress::Met);
    stage.until("main to hold, and the event of its start", stage.budgets().pod_running(), look).await
}

fn judge_clocks(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let pointer = format!("timeline/{POD}");
    let running = seen.pod(uid)?.container(MAIN).and_then(|status| status.state.as_ref()?.running.as_ref());
    let started = running.and_then(|running| running.started_at.as_ref());
    let started = started.ok_or_else(|| Missing::new("the time of the start in the status"))?.0;
    inquiry.assert_equal("status-has-seconds", &0, &started.subsec_nanosecond(), &pointer);

    let event = seen.first_start_nanos(uid, MAIN)?;
    let whole_second = event.value % 1_000_000_000 == 0;
    // An event with nanoseconds falls on a whole second by chance only once in 10^9.
    inquiry.assert("event-has-nanoseconds", !whole_second, "a part of a second", "none", &event.pointer);
    #[expect(clippy::cast_precision_loss, reason = "fractions of microseconds do not matter here")]
    let apart = event.value as f64 / 1e9 - started.as_nanosecond() as f64 / 1e9;
    let near = apart.abs() <= NEAR_SECONDS;
    if !near {
        // A slow kubelet may send its event late, but never early, unless the node's clock jumped in between.
        Inquiry::premise(&format!("an event in time ({apart:.1} s late)"), apart < 0.0)?;
        let restart = seen.container(uid, MAIN)?.value.restarts;
        let reported = seen.log_report(uid, MAIN, restart, "hold")?.value.realtime_ns();
        let reported = reported.ok_or_else(|| Missing::new("the time of the report `hold`"))?;
        let after_start = i128::from(reported) - started.as_nanosecond();
        let is_near = (0..=NEAR_NANOSECONDS).contains(&after_start);
        Inquiry::premise("a report of the program right after its start, by the node's clock", is_near)?;
    }
    let expected = format!("both times of one start within {NEAR_SECONDS} s");
    inquiry.assert("both-tell-one-start", near, expected, format!("{apart:.1} s apart"), event.pointer);
    Ok(())
}
