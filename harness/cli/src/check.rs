//! `podproof run` and `podproof prove`.

use jiff::Timestamp;
use podproof::provider::ClusterSharing;
use podproof::run::{Interrupt, RunOptions, conduct};
use podproof_core::plan::{Article, Budgets, Plan, Purpose, Tier};
use podproof_core::record::{RunId, RunOutcome, TimedEvent, write_record};
use podproof_core::report::{ReportError, Reporters};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
#[cfg(feature = "history")]
use tokio::task::block_in_place;

use crate::access::open_access;
use crate::args::{CasesArgs, OutputArgs, RunArgs, SelectArgs, TierChoice};
use crate::exit::{Code, Failure};
#[cfg(feature = "history")]
use crate::history::renames;
use crate::report::write_all;
use crate::{list, output, signal};

/// Checks a cluster against the selected claims.
pub async fn run(RunArgs { cases, retries }: RunArgs, output_args: OutputArgs) -> Result<Code, Failure> {
    Box::pin(check(cases, output_args, Purpose::Check, retries)).await
}

/// Verifies that each selected case can fail.
pub async fn prove(args: CasesArgs, output_args: OutputArgs) -> Result<Code, Failure> {
    // No retries: a mutant must fail at the first attempt.
    Box::pin(check(args, output_args, Purpose::Prove, 0)).await
}

async fn check(
    args: CasesArgs,
    output_args: OutputArgs,
    purpose: Purpose,
    retries: u32,
) -> Result<Code, Failure> {
    let interrupt = Interrupt::default();
    signal::cancel_on_signal(&interrupt);
    let catalogue = list::catalogue(&args.selection)?;
    let chosen = list::select(&catalogue, &with_default_tier(&args.selection))?;
    let article = Article::read_optional(&list::tree(args.selection.manifests.as_deref()), &catalogue)?;
    let plan = Plan::new(&catalogue, &chosen, purpose, args.repeat).with_article(article);
    let budgets = Budgets::stretched(args.stretch);
    let disturbs = plan.cases.iter().any(|planned| planned.claim.tier == Tier::Disruptive);
    let sharing = if disturbs { ClusterSharing::Exclusive } else { ClusterSharing::Shared };
    let access = open_access(&args.cluster, &budgets, &interrupt, sharing).await?;
    let run = RunId::new(Timestamp::now()).map_err(|error| Failure::NoRandomId(error.to_string()))?;
    let folder = output::make_folder(&args.out, &run)?;
    let parallel = args.parallel.map_or_else(|| access.facts.parallel_cases(), usize::from);
    let run_options = RunOptions { run, folder: folder.clone(), parallel, retries, budgets };

    let (sender, events) = unbounded_channel();
    let reporters = output::reporters(&output_args).log(folder.join("events.jsonl"));
    let reporting = tokio::spawn(report_live(events, reporters));
    let record = conduct(access, plan, run_options, interrupt, sender).await;

    #[cfg(feature = "history")]
    let comparison = block_in_place(|| args.before.read(&record, &renames(catalogue.renames())));
    #[cfg(not(feature = "history"))]
    let comparison = Ok(None);
    let mut faults: Vec<_> = write_record(&folder, &record).err().map(Failure::Record).into_iter().collect();
    faults.extend(write_all(&folder, &record, &args.report, comparison));
    match reporting.await {
        Ok(live) => faults.extend(live.into_iter().map(Failure::Report)),
        // A panic in a reporter must not lose the verdicts.
        Err(error) => faults.push(Failure::LiveReport(error)),
    }
    faults.extend(output::print_record(&record, &folder, &output_args).err());
    for fault in &faults {
        output::print_failure(fault);
    }
    Ok(Code::of_run(RunOutcome::of(&record), signal::code(), faults.is_empty()))
}

/// Selects the quick tier if neither cases nor a tier are named.
fn with_default_tier(selection: &SelectArgs) -> SelectArgs {
    let is_named = selection.select.is_some() || selection.tier.is_some();
    SelectArgs { tier: if is_named { selection.tier } else { Some(TierChoice::Quick) }, ..selection.clone() }
}

/// Passes each event to the reporters. Returns their errors.
async fn report_live(
    mut events: UnboundedReceiver<TimedEvent>,
    mut reporters: Reporters,
) -> Vec<ReportError> {
    while let Some(event) = events.recv().await {
        reporters.write_event(&event);
    }
    reporters.close()
}
