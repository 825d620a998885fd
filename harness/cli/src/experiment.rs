//! `podproof experiment`: strategies, cluster, trials, record, exit.

use std::path::Path;

use jiff::Timestamp;
use podproof::experiment::{
    BatchTold, ExperimentOrder, ExperimentRecord, Outcome, Strategy, experiment, write_experiment,
};
use podproof::plan::{Budgets, Tree};
use podproof::report::{write_experiment_page, write_trials};
use podproof::run::{Interrupt, RunId};

use crate::args::{StartupArgs, Talk};
use crate::exit::{Code, Failure};
use crate::place::Company;
use crate::reach::reach;
use crate::{output, signal};

/// Measures how often each remedy against the startup race works.
pub async fn startup(args: StartupArgs, talk: Talk) -> Result<Code, Failure> {
    let interrupt = Interrupt::default();
    signal::stop(&interrupt);
    let tree = args.manifests.clone().map_or(Tree::Embedded, Tree::Folder);
    let strategies = Strategy::chosen(&tree, &args.strategies)?;
    let budgets = Budgets::stretched(args.stretch);
    let access = reach(&args.reach, &budgets, &interrupt, Company::Others).await?;
    let run = RunId::new(Timestamp::now()).map_err(|error| Failure::Random(error.to_string()))?;
    let folder = output::make_folder(&args.out, &run)?;
    let (trials, parallel) = (args.trials, u32::from(args.parallel));
    let order = ExperimentOrder { run, folder: folder.clone(), strategies, trials, parallel, budgets };

    let record = experiment(&access, &order, &interrupt, |batch| tell(&batch)).await;
    let mut faults = write_all(&folder, &record);
    faults.extend(output::print_experiment(&record, &folder, &talk).err());
    for fault in &faults {
        output::tell_failure(fault);
    }
    Ok(Code::of_experiment(record.inconclusive() == 0, signal::code(), faults.is_empty()))
}

/// A line of talk for each batch.
fn tell(batch: &BatchTold) {
    let count = |word: &str| batch.trials.iter().filter(|trial| trial.outcome.word() == word).count();
    let words = [Outcome::Completed, Outcome::Lost(String::new()), Outcome::Hung(String::new())];
    let told = words.map(|outcome| format!("{} {}", count(outcome.word()), outcome.word())).join(", ");
    let BatchTold { slug, done, of, .. } = batch;
    tracing::info!(target: "podproof::talk", "{done}/{of} {slug}: {told}, {} untold", count("inconclusive"));
}

/// Writes the record, the trials and the page; one that cannot be written does not keep the others from it.
fn write_all(folder: &Path, record: &ExperimentRecord) -> Vec<Failure> {
    let written = [
        write_experiment(folder, record).map(drop).map_err(Failure::Experiment),
        write_trials(folder, record).map_err(Failure::Report),
        write_experiment_page(folder, record).map_err(Failure::Report),
    ];
    written.into_iter().filter_map(Result::err).collect()
}
