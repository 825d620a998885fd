//! The way to the cluster, as long as nobody interrupts.

use podproof::cluster::Access;
use podproof::plan::Budgets;
use podproof::run::Interrupt;

use crate::args::Reach;
use crate::exit::Failure;
use crate::place::{self, Company};
use crate::signal;

/// A way into the cluster that was asked for. A signal ends the asking with its own exit code.
pub async fn reach(
    reach: &Reach,
    budgets: &Budgets,
    interrupt: &Interrupt,
    company: Company,
) -> Result<Access, Failure> {
    // Who only asks leaves nothing behind. What is brought up is ended in its own order: only the second signal leaves it.
    let asks_only = reach.place.context.is_some();
    let given_up = if asks_only { &interrupt.stop } else { &interrupt.now };
    signal::or_interrupted(given_up, place::access(reach, budgets, interrupt, company)).await
}
