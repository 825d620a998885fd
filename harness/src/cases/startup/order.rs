//! The order in which the containers of a pod are started.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

use super::inits::since_boot;

const POD: &str = "four";

/// The containers in the order of the manifest, which is not the order of the alphabet.
const ORDER: [&str; 4] = ["first", "second", "third", "fourth"];

pub(super) const SPEC_ORDER: Case = Case {
    id: "startup/spec-order",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(start_four(stage)),
    judge: judge_order,
};

async fn start_four(stage: &Stage) -> Result<(), Blocked> {
    let four = stage.create(POD).await?;
    try_join_all(ORDER.map(|name| stage.until_reported(&four, name, 0, "identity"))).await?;
    stage
        .until("an event for each start", stage.budgets().pod_running(), |seen| {
            let told = ORDER.iter().all(|name| seen.started_at(&four.uid, name).is_some());
            if told { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
}

fn judge_order(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
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
        starts.push(seen.start_event(uid, name)?.value);
    }
    // A tick is 10 ms, in which two processes may begin; two events never carry the same nanosecond.
    let told = order_of(&ticks);
    say.assert("processes-in-order", ticks.is_sorted(), ORDER.join(" "), told, format!("logs/{POD}"));
    // The runtime makes a process before it lets its program begin; only the program itself knows when that was.
    let backwards = programs.is_sorted_by(|one, next| one > next);
    let order = order_of(&programs);
    // A program that the node let wait for its turn says nothing; that each waited for all after it is no chance.
    let told = format!("programs in an order that says something ({order})");
    Inquiry::premise(&told, !ticks.is_sorted() || backwards || programs.is_sorted())?;
    if ticks.is_sorted() {
        say.assert("programs-in-order", !backwards, ORDER.join(" "), order, format!("logs/{POD}"));
    }
    let in_order = starts.is_sorted_by(|one, next| one < next);
    // The kernel's clock never goes back, the kubelet's may.
    let overruled = (1..ORDER.len()).any(|at| ticks[at - 1] < ticks[at] && starts[at - 1] > starts[at]);
    Inquiry::premise("events that agree with the kernel's clock", !overruled)?;
    say.assert("events-in-order", in_order, ORDER.join(" "), order_of(&starts), "events");
    Ok(())
}

/// The containers' names in the order of their times, with the distance of each from the first.
fn order_of(times: &[u64]) -> String {
    let mut order: Vec<_> = times.iter().zip(ORDER).collect();
    order.sort();
    let earliest = order.first().map_or(0, |(time, _)| **time);
    order.iter().map(|(time, name)| format!("{name} (+{})", **time - earliest)).collect::<Vec<_>>().join(" ")
}
