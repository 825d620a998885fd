//! `podproof sweep`: removes the namespaces that killed runs left.

use std::fmt::Write as _;

use podproof::provider::ClusterSharing;
use podproof::run::Interrupt;
use podproof::stage::{Leftover, Removals, leftovers};
use podproof_core::plan::Budgets;
use podproof_core::report::{json_line, visible_line};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::access::open_access;
use crate::args::{Format, OutputArgs, SweepArgs};
use crate::exit::{Code, Failure};
use crate::{output, signal};

/// The maximum length of a line, in characters.
const LONGEST: usize = 400;

/// Removes the expired namespaces, or those of one run.
pub async fn sweep(args: SweepArgs, output_args: OutputArgs) -> Result<Code, Failure> {
    let budgets = Budgets::default();
    let interrupt = Interrupt::default();
    signal::cancel_on_signal(&interrupt);
    let access = open_access(&args.cluster, &budgets, &interrupt, ClusterSharing::Shared).await?;
    let left = leftovers(&access.client, budgets.request()).await.map_err(Failure::ListLeftovers)?;
    let found = match &args.run {
        Some(run) => left.namespaces.into_iter().filter(|leftover| leftover.run == *run).collect(),
        None if left.now.is_none() => return Err(Failure::NoServerDate),
        None => left.expired(),
    };
    if found.is_empty() {
        tracing::info!(target: "podproof::progress", "nothing to remove");
    }
    if args.dry_run {
        output::print(&render(&found, "WOULD REMOVE", &output_args))?;
        return Ok(Code::Success);
    }
    // The namespaces come first, because their jobs and stateful sets would replace the pods.
    let at_once = CancellationToken::new();
    at_once.cancel();
    let removals = Removals::new(access.client.clone(), budgets, at_once);
    for leftover in &found {
        removals.begin(leftover.namespace.clone()).await;
    }
    match removals.finish(&interrupt.stop).await {
        Some(faults) if faults.is_empty() => {
            output::print(&render(&found, "REMOVED", &output_args))?;
            Ok(Code::Success)
        }
        Some(faults) => Err(Failure::NotRemoved(faults.join(", "))),
        None => Err(Failure::Interrupted(signal::code().unwrap_or(Code::Interrupted))),
    }
}

/// Renders one line for each namespace.
fn render(found: &[Leftover], word: &str, output_args: &OutputArgs) -> String {
    let mut text = String::new();
    for Leftover { namespace, run, claim, .. } in found {
        // Writing into a string cannot fail.
        let _ = match output_args.message_format {
            Format::Human => {
                let line = format!("{word:<12} {namespace} of run {run} ({claim})");
                writeln!(text, "{}", visible_line(&line, LONGEST))
            }
            Format::Json => {
                let line = json!({ "namespace": namespace, "run": run, "claim": claim, "done": word.to_lowercase() });
                // Serialising strings cannot fail.
                write!(text, "{}", json_line(&line).unwrap_or_default())
            }
        };
    }
    text
}
