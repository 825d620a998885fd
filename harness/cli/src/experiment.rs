//! `podproof experiment`.

use std::path::Path;

use jiff::Timestamp;
use podproof::experiment::{BatchEnded, ExperimentOptions, Strategy, experiment};
use podproof::provider::ClusterSharing;
use podproof::run::Interrupt;
use podproof_core::plan::{Budgets, Tree};
use podproof_core::record::RunId;
use podproof_core::report::{write_experiment_page, write_trials};
use podproof_core::trials::{ExperimentRecord, TrialOutcome, write_experiment};

use crate::access::open_access;
use crate::args::{OutputArgs, StartupArgs};
use crate::exit::{Code, Failure};
use crate::{output, signal};

/// Measures how often each remedy for the startup race works.
pub async fn startup(args: StartupArgs, output_args: OutputArgs) -> Result<Code, Failure> {
    let interrupt = Interrupt::default();
    signal::cancel_on_signal(&interrupt);
    let tree = args.manifests.clone().map_or(Tree::Embedded, Tree::Folder);
    let strategies = Strategy::select(&tree, &args.strategies)?;
    let budgets = Budgets::stretched(args.stretch);
    let access = open_access(&args.cluster, &budgets, &interrupt, ClusterSharing::Shared).await?;
    let run = RunId::new(Timestamp::now()).map_err(|error| Failure::NoRandomId(error.to_string()))?;
    let folder = output::make_folder(&args.out, &run)?;
    let (trials, parallel) = (args.trials, u32::from(args.parallel));
    let options = ExperimentOptions { run, folder: folder.clone(), strategies, trials, parallel, budgets };

    let record = experiment(&access, &options, &interrupt, |batch| report_batch(&batch)).await;
    let mut faults = write_all(&folder, &record);
    faults.extend(output::print_experiment(&record, &folder, &output_args).err());
    for fault in &faults {
        output::print_failure(fault);
    }
    Ok(Code::of_experiment(record.inconclusive() == 0, signal::code(), faults.is_empty()))
}

/// Prints a progress line for a batch.
fn report_batch(batch: &BatchEnded) {
    let count = |word: &str| batch.trials.iter().filter(|trial| trial.outcome.word() == word).count();
    let words =
        [TrialOutcome::Completed, TrialOutcome::Lost(String::new()), TrialOutcome::Hung(String::new())];
    let counts = words.map(|outcome| format!("{} {}", count(outcome.word()), outcome.word())).join(", ");
    let BatchEnded { slug, done, of, .. } = batch;
    let inconclusive = count("inconclusive");
    tracing::info!(target: "podproof::progress", "{done}/{of} {slug}: {counts}, {inconclusive} inconclusive");
}

/// Writes the record, the trials and the page. A failure does not prevent the other files from being written.
fn write_all(folder: &Path, record: &ExperimentRecord) -> Vec<Failure> {
    let written = [
        write_experiment(folder, record).map(drop).map_err(Failure::Experiment),
        write_trials(folder, record).map_err(Failure::Report),
        write_experiment_page(folder, record).map_err(Failure::Report),
    ];
    written.into_iter().filter_map(Result::err).collect()
}
