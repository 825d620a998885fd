//! `podproof run` and `podproof prove`: plan, cluster, run, report, exit.

use jiff::Timestamp;
use podproof::plan::{Budgets, Plan, Purpose, Tier};
use podproof::report::{ReportError, Reporters};
use podproof::run::{Interrupt, Outcome, RunId, RunOrder, Told, conduct, write_record};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
#[cfg(feature = "history")]
use tokio::task::block_in_place;

use crate::args::{CheckArgs, Choice, RunArgs, Talk, TierChoice};
use crate::exit::{Code, Failure};
use crate::place::Company;
use crate::reach::reach;
use crate::report::write_all;
use crate::{list, output, signal};

/// Checks a cluster against the selected claims.
pub async fn run(RunArgs { check: order, retries }: RunArgs, talk: Talk) -> Result<Code, Failure> {
    Box::pin(check(order, talk, Purpose::Check, retries)).await
}

/// Proves that each selected case can fail.
pub async fn prove(order: CheckArgs, talk: Talk) -> Result<Code, Failure> {
    // A mutant that is killed at the second attempt only is no proof.
    Box::pin(check(order, talk, Purpose::Prove, 0)).await
}

async fn check(order: CheckArgs, talk: Talk, purpose: Purpose, retries: u32) -> Result<Code, Failure> {
    let interrupt = Interrupt::default();
    signal::stop(&interrupt);
    let catalogue = list::catalogue(&order.choice)?;
    let chosen = list::select(&catalogue, &quick_unless_asked(&order.choice))?;
    let plan = Plan::new(&catalogue, &chosen, purpose, order.repeat);
    let budgets = Budgets::stretched(order.stretch);
    let disturbs = plan.cases.iter().any(|planned| planned.claim.tier == Tier::Disruptive);
    let company = if disturbs { Company::Nobody } else { Company::Others };
    let access = reach(&order.reach, &budgets, &interrupt, company).await?;
    let run = RunId::new(Timestamp::now()).map_err(|error| Failure::Random(error.to_string()))?;
    let folder = output::make_folder(&order.out, &run)?;
    let parallel = order.parallel.map_or_else(|| access.facts.room(), usize::from);
    let run_order = RunOrder { run, folder: folder.clone(), parallel, retries, budgets };

    let (tell, told) = unbounded_channel();
    let reporters = output::reporters(&talk).log(folder.join("events.jsonl"));
    let reporting = tokio::spawn(report_live(told, reporters));
    let record = conduct(access, plan, run_order, interrupt, tell).await;

    #[cfg(feature = "history")]
    let background = block_in_place(|| order.before.read(&record, order.choice.manifests.as_deref()));
    #[cfg(not(feature = "history"))]
    let background = Ok(None);
    let mut faults: Vec<_> = write_record(&folder, &record).err().map(Failure::Record).into_iter().collect();
    faults.extend(write_all(&folder, &record, &order.wishes, background));
    match reporting.await {
        Ok(live) => faults.extend(live.into_iter().map(Failure::Report)),
        // A reporter that panicked must not cost the verdicts.
        Err(error) => faults.push(Failure::Reporter(error)),
    }
    faults.extend(output::print_record(&record, &folder, &talk).err());
    for fault in &faults {
        output::tell_failure(fault);
    }
    Ok(Code::of_run(Outcome::of(&record), signal::code(), faults.is_empty()))
}

/// Who names neither cases nor a tier gets what is quick and disturbs nobody.
fn quick_unless_asked(choice: &Choice) -> Choice {
    let named = choice.select.is_some() || choice.tier.is_some();
    Choice { tier: if named { choice.tier } else { Some(TierChoice::Quick) }, ..choice.clone() }
}

/// Tells each event as it comes; gives back what could not be told.
async fn report_live(mut told: UnboundedReceiver<Told>, mut reporters: Reporters) -> Vec<ReportError> {
    while let Some(told) = told.recv().await {
        reporters.tell(&told);
    }
    reporters.close()
}
