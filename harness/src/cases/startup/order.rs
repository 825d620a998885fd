//! The order in which the containers of a pod are started.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

use super::inits::since_boot;

const POD: &str = "four";

/// The containers in the order of the manifest, which is not alphabetical.
const ORDER: [&str; 4] = ["first", "second", "third", "fourth"];

pub(super) const SPEC_ORDER: Case = Case {
    id: "startup/spec-order",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(start_four(stage)),
    judge: judge_order,
};

async fn start_four(stage: &Stage) -> Result<(), StageError> {
    let four = stage.create(POD).await?;
    try_join_all(ORDER.map(|name| stage.until_reported(&four, name, 0, "identity"))).await?;
    stage
        .until("an event for each start", stage.budgets().pod_running(), |seen| {
            let all_started = ORDER.iter().all(|name| seen.first_start_nanos(&four.uid, name).is_some());
            if all_started { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

fn judge_order(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let mut ticks = Vec::new();
    let mut starts = Vec::new();
    let mut programs = Vec::new();
    for name in ORDER {
        let restarts = seen.container(uid, name)?.value.restarts;
        Inquiry::premise(&format!("container {name} without a restart"), restarts == 0)?;
        let identity = seen.log_report(uid, name, 0, "identity")?.value;
        ticks.push(identity.number("pid1_start_ticks")?);
        programs.push(since_boot(&identity)?);
        starts.push(seen.first_start_nanos(uid, name)?.value);
    }
    // Two processes may start within one tick of 10 ms, but two events never have the same nanosecond.
    let actual = order_of(&ticks);
    inquiry.assert("processes-in-order", ticks.is_sorted(), ORDER.join(" "), actual, format!("logs/{POD}"));
    // The runtime creates a process before it runs its program, so only the program knows when it started.
    let is_reversed = programs.is_sorted_by(|one, next| one > next);
    let order = order_of(&programs);
    // A partly changed order may come from the node's scheduler and proves nothing; a completely reversed order does
    // not.
    let what = format!("programs in the listed or the reverse order ({order})");
    Inquiry::premise(&what, !ticks.is_sorted() || is_reversed || programs.is_sorted())?;
    if ticks.is_sorted() {
        inquiry.assert("programs-in-order", !is_reversed, ORDER.join(" "), order, format!("logs/{POD}"));
    }
    let in_order = starts.is_sorted_by(|one, next| one < next);
    // The kernel's clock never goes back, but the kubelet's clock may.
    let clock_went_back = (1..ORDER.len()).any(|at| ticks[at - 1] < ticks[at] && starts[at - 1] > starts[at]);
    Inquiry::premise("events that agree with the kernel's clock", !clock_went_back)?;
    inquiry.assert("events-in-order", in_order, ORDER.join(" "), order_of(&starts), "events");
    Ok(())
}

/// Returns the container names in the order of their times, each with its distance from the earliest.
fn order_of(times: &[u64]) -> String {
    let mut order: Vec<_> = times.iter().zip(ORDER).collect();
    order.sort();
    let earliest = order.first().map_or(0, |(time, _)| **time);
    order.iter().map(|(time, name)| format!("{name} (+{})", **time - earliest)).collect::<Vec<_>>().join(" ")
}
