//! `podproof sweep`: removes what runs that were killed left.

use std::fmt::Write as _;

use podproof::plan::Budgets;
use podproof::report::{json_line, visible_line};
use podproof::run::Interrupt;
use podproof::stage::{Leftover, Removals, delete_namespace, leftovers};
use serde_json::json;

use crate::args::{Format, SweepArgs, Talk};
use crate::exit::{Code, Failure};
use crate::place::Company;
use crate::reach::reach;
use crate::{output, signal};

/// How many characters a line has at most.
const LONGEST: usize = 400;

/// Removes the namespaces whose time is over, or those of one run.
pub async fn sweep(order: SweepArgs, talk: Talk) -> Result<Code, Failure> {
    let budgets = Budgets::default();
    let interrupt = Interrupt::default();
    signal::stop(&interrupt);
    let access = reach(&order.reach, &budgets, &interrupt, Company::Others).await?;
    let left = leftovers(&access.client, budgets.request()).await.map_err(Failure::Sweep)?;
    let found = match &order.run {
        Some(run) => left.namespaces.into_iter().filter(|leftover| leftover.run == *run).collect(),
        None if left.now.is_none() => return Err(Failure::NoClock),
        None => left.expired(),
    };
    if found.is_empty() {
        tracing::info!(target: "podproof::talk", "nothing to remove");
    }
    if order.dry_run {
        output::print(&told(&found, "WOULD REMOVE", &talk))?;
        return Ok(Code::Conformant);
    }
    let removals = Removals::new(access.client.clone(), budgets);
    for leftover in &found {
        // Whoever sees it to its end asks again, and tells where it stays.
        let _ = delete_namespace(&access.client, &leftover.namespace, budgets.request()).await;
        removals.begin(leftover.namespace.clone()).await;
    }
    match interrupt.stop.run_until_cancelled(removals.finish()).await {
        Some(faults) if faults.is_empty() => {
            output::print(&told(&found, "REMOVED", &talk))?;
            Ok(Code::Conformant)
        }
        Some(faults) => Err(Failure::Left(faults.join(", "))),
        None => Err(Failure::Interrupted(signal::code().unwrap_or(Code::Interrupted))),
    }
}

/// One line for each, with what became of it.
fn told(found: &[Leftover], word: &str, talk: &Talk) -> String {
    let mut text = String::new();
    for Leftover { namespace, run, claim, .. } in found {
        // Writing into a string cannot fail.
        let _ = match talk.message_format {
            Format::Human => {
                let line = format!("{word:<12} {namespace} of run {run} ({claim})");
                writeln!(text, "{}", visible_line(&line, LONGEST))
            }
            Format::Json => {
                let line = json!({ "namespace": namespace, "run": run, "claim": claim, "done": word.to_lowercase() });
                // A value of texts can always be written.
                write!(text, "{}", json_line(&line).unwrap_or_default())
            }
        };
    }
    text
}
