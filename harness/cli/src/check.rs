//! `podproof run` and `podproof prove`: plan, cluster, run, report, exit.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use podproof::plan::{Budgets, Plan, Purpose};
use podproof::run::{Interrupt, Outcome, RunId, RunOrder, RunRecord, Told, conduct, write_record};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::args::{CheckArgs, Talk};
use crate::exit::{Code, Failure};
use crate::signal::Signals;
use crate::{list, output, place};

/// Checks a cluster against the selected claims.
pub async fn run(order: CheckArgs, talk: Talk) -> Result<Code, Failure> {
    check(order, talk, Purpose::Check).await
}

/// Proves that each selected case can fail.
pub async fn prove(order: CheckArgs, talk: Talk) -> Result<Code, Failure> {
    check(order, talk, Purpose::Prove).await
}

async fn check(order: CheckArgs, talk: Talk, purpose: Purpose) -> Result<Code, Failure> {
    let catalogue = list::catalogue(&order.choice)?;
    let chosen = list::select(&catalogue, &order.choice)?;
    let plan = Plan::new(&catalogue, &chosen, purpose, order.repeat);
    let budgets = Budgets::stretched(order.stretch);

    let interrupt = Interrupt::default();
    let signals = Signals::listen(&interrupt)?;
    let access = place::access(&order.place, &budgets, &interrupt).await?;
    let run = RunId::new(Timestamp::now()).map_err(|error| Failure::Random(error.to_string()))?;
    let folder = make_folder(&order.out, &run)?;
    let parallel = usize::from(order.parallel);
    let run_order = RunOrder { run, folder: folder.clone(), parallel, budgets };

    let (tell, told) = unbounded_channel();
    let reporting = tokio::spawn(report_live(told, folder.clone(), talk.clone()));
    let record = conduct(access, plan, run_order, interrupt, tell).await;
    // A reporter that panicked must not cost the verdicts.
    let live_faults = reporting.await.unwrap_or_else(|error| vec![format!("the live report: {error}")]);

    let faults = [live_faults, write_reports(&folder, &record)].concat();
    output::print_record(&record, &folder, &talk)?;
    for fault in &faults {
        output::tell_fault(fault);
    }
    Ok(Code::of_run(Outcome::of(&record), signals.code(), faults.is_empty()))
}

fn make_folder(out: &Path, run: &RunId) -> Result<PathBuf, Failure> {
    let folder = out.join(run.as_str());
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(source) => Err(Failure::Folder { folder, source }),
    }
}

async fn report_live(mut told: UnboundedReceiver<Told>, _folder: PathBuf, _talk: Talk) -> Vec<String> {
    while let Some(Told { event, .. }) = told.recv().await {
        if let podproof::run::Event::CaseFinished { case, .. } = event {
            eprintln!("{:12} {:6.1}s {}", case.verdict.word(), case.seconds, case.slug);
        }
    }
    Vec::new()
}

fn write_reports(folder: &Path, record: &RunRecord) -> Vec<String> {
    write_record(folder, record).err().map(|error| error.to_string()).into_iter().collect()
}
