//! Runs the trials batch by batch and assembles the record.

use std::path::PathBuf;

use futures::future::join_all;
use jiff::Timestamp;

use super::batch::{Batch, batches};
use super::strategy::Strategy;
use super::trial::read_trial;
use super::watch::until_over;
use crate::cluster::Access;
use crate::run::{Interrupt, store_evidence};
use crate::stage::{PodProfile, Removals, Stage, StageError, StageOptions, delete_namespace};
use podproof_core::plan::{Budgets, ClaimId, Security};
use podproof_core::record::{RunId, evidence_folder, random_hex};
use podproof_core::trials::{
    ExperimentJournal, ExperimentRecord, FORMAT, ListOrder, Measured, Start, Trial, TrialGroup, TrialOutcome,
};

/// The settings of an experiment.
#[derive(Clone, Debug)]
pub struct ExperimentOptions {
    /// The run's ID.
    pub run: RunId,
    /// The folder that receives the record and the evidence.
    pub folder: PathBuf,
    /// The strategies to compare.
    pub strategies: Vec<Strategy>,
    /// The number of trials of each strategy in each list order.
    pub trials: u32,
    /// The number of trials that run at once.
    pub parallel: u32,
    /// The time budgets.
    pub budgets: Budgets,
}

/// Progress report about a batch that has ended.
#[derive(Clone, Debug)]
pub struct BatchEnded {
    /// The name of the batch.
    pub slug: String,
    /// The number of batches that have ended, including this one.
    pub done: usize,
    /// The number of all batches.
    pub of: usize,
    /// The trials of the batch.
    pub trials: Vec<Trial>,
}

/// Runs the experiment on the cluster behind `access` and calls `report` after each batch.
///
/// Always returns a record; after an interrupt, of the trials that had ended.
pub async fn experiment(
    access: &Access,
    options: &ExperimentOptions,
    interrupt: &Interrupt,
    mut report: impl FnMut(BatchEnded),
) -> ExperimentRecord {
    let started = Timestamp::now();
    let version = &access.facts.version;
    let runnable: Vec<_> = options
        .strategies
        .iter()
        .filter(|strategy| strategy.unsupported_reason(version).is_none())
        .cloned()
        .collect();
    let batches = batches(&runnable, options.trials, options.parallel);
    let runner = BatchRunner {
        access,
        options,
        interrupt,
        removals: Removals::new(access.client.clone(), options.budgets, interrupt.stop.clone()),
    };
    let mut record = ExperimentRecord {
        format: FORMAT,
        experiment: "startup".to_owned(),
        run: options.run.clone(),
        podproof: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        ended: started,
        cluster: access.facts.clone(),
        trials: options.trials,
        parallel: options.parallel,
        interrupted: None,
        groups: groups(&options.strategies, version),
        faults: Vec::new(),
    };
    let journal = ExperimentJournal::begin(&options.folder, &record);
    for (index, batch) in batches.iter().enumerate() {
        if interrupt.stop.is_cancelled() {
            break;
        }
        let result = runner.run(index, batch).await;
        record.faults.extend(result.faults);
        if let Some(place) = record.groups.iter().position(|group| belongs_to(group, batch)) {
            journal.keep(place, &result.trials);
            record.groups[place].trials.extend(result.trials.iter().cloned());
        }
        report(BatchEnded { slug: batch.slug(), done: index + 1, of: batches.len(), trials: result.trials });
    }
    for group in &mut record.groups {
        group.measured = Measured::of(&group.trials);
    }
    record.ended = Timestamp::now();
    record.faults.extend(journal.end());
    record.faults.extend(runner.removals.faults(&interrupt.immediately).await);
    record.interrupted = interrupt.stop.is_cancelled().then(|| "a signal".to_owned());
    record
}

fn groups(strategies: &[Strategy], version: &str) -> Vec<TrialGroup> {
    let group = |strategy: &Strategy, order| TrialGroup {
        strategy: strategy.name.to_owned(),
        order,
        skipped: strategy.unsupported_reason(version),
        measured: Measured::default(),
        trials: Vec::new(),
    };
    strategies.iter().flat_map(|strategy| ListOrder::ALL.map(|order| group(strategy, order))).collect()
}

fn belongs_to(group: &TrialGroup, batch: &Batch<'_>) -> bool {
    group.strategy == batch.strategy.name && group.order == batch.order
}

/// The context in which the batches of one experiment run.
struct BatchRunner<'a> {
    access: &'a Access,
    options: &'a ExperimentOptions,
    interrupt: &'a Interrupt,
    removals: Removals,
}

#[derive(Default)]
struct BatchResult {
    trials: Vec<Trial>,
    faults: Vec<String>,
}

impl BatchRunner<'_> {
    /// Runs one batch. Returns every one of its trials, unless the experiment was interrupted before the batch ended.
    async fn run(&self, index: usize, batch: &Batch<'_>) -> BatchResult {
        let inconclusive = |why: String| {
            let trial = |(number, pod): (u32, String)| Trial {
                number,
                namespace: String::new(),
                pod,
                outcome: TrialOutcome::Inconclusive(why.clone()),
                restarts: 0,
                producer: Start::default(),
                consumer: Start::default(),
            };
            BatchResult { trials: batch.numbers().zip(batch.pods()).map(trial).collect(), faults: Vec::new() }
        };
        let stage_options = match self.stage_options(index, batch) {
            Ok(stage_options) => stage_options,
            Err(why) => return inconclusive(why),
        };
        let namespace = stage_options.namespace.clone();
        let running = async {
            match Stage::open(self.access, stage_options, self.options.budgets).await {
                Ok(stage) => self.act(stage, batch).await,
                Err(error) => {
                    self.removals.begin(namespace.clone()).await;
                    inconclusive(format!("the stage could not be opened: {error}"))
                }
            }
        };
        if let Some(result) = self.interrupt.immediately.run_until_cancelled(Box::pin(running)).await {
            return result;
        }
        // The user interrupted twice: only request the deletion and do not wait for it.
        let _ = delete_namespace(&self.access.client, &namespace, self.options.budgets.request()).await;
        BatchResult::default()
    }

    fn stage_options(&self, index: usize, batch: &Batch<'_>) -> Result<StageOptions, String> {
        let manifest = batch.strategy.pods(batch.order, &batch.pods());
        Ok(StageOptions {
            saboteur: None,
            namespace: self.options.run.namespace(
                index,
                1,
                &format!("{}-{}", batch.strategy.name, batch.order),
            ),
            run: self.options.run.to_string(),
            lifetime: self.options.budgets.lifetime(),
            claim: subject(batch)?,
            token: random_hex(8).map_err(|error| format!("no random token: {error}"))?,
            manifest: manifest.ok_or_else(|| format!("the manifest has no pod `{}`", batch.order))?,
            pod_profile: PodProfile::Restricted,
            security: Security::Restricted,
        })
    }

    async fn act(&self, stage: Stage, batch: &Batch<'_>) -> BatchResult {
        let driven = self.interrupt.drive(drive(&stage)).await;
        let subject = match subject(batch) {
            Ok(subject) => subject,
            Err(why) => return BatchResult { trials: Vec::new(), faults: vec![why] },
        };
        let (evidence, mut faults) = stage.close(subject, None, driven, None).await;
        self.removals.begin(evidence.namespace.clone()).await;
        let trials =
            batch.numbers().zip(batch.pods()).map(|(number, pod)| read_trial(&evidence, &pod, number));
        // A trial that the interrupt cut short was not measured.
        let trials = trials.filter(|trial| {
            !(evidence.interrupted && matches!(trial.outcome, TrialOutcome::Inconclusive(_)))
        });
        let trials = trials.collect();
        let folder = evidence_folder(&self.options.folder, &batch.slug());
        faults.extend(store_evidence(folder, evidence).await);
        BatchResult { trials, faults }
    }
}

/// The subject of the batch's evidence, which has the form of a claim ID.
fn subject(batch: &Batch<'_>) -> Result<ClaimId, String> {
    format!("experiment/{}-{}", batch.strategy.name, batch.order).parse()
}

/// Creates all pods of the batch at once and waits for each. A failure of one does not stop the others.
async fn drive(stage: &Stage) -> Result<(), StageError> {
    let trial = async |name: &String| until_over(stage, &stage.create(name).await?).await;
    join_all(stage.object_names().iter().map(trial)).await.into_iter().collect()
}
