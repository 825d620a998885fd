//! Makes the trials, batch by batch, and puts the record together.

use std::path::PathBuf;

use futures::future::join_all;
use jiff::Timestamp;

use super::batch::{Batch, batches};
use super::journal::Journal;
use super::record::{ExperimentRecord, FORMAT, Group, Measured};
use super::strategy::{ListOrder, Strategy};
use super::trial::{Outcome, Trial, read_trial};
use super::watch::until_over;
use crate::cluster::Access;
use crate::evidence::{Evidence, write_evidence};
use crate::plan::{Budgets, ClaimId, Security};
use crate::run::{Interrupt, RunId, evidence_folder, random_hex};
use crate::stage::{Attire, Blocked, Removals, Stage, StageOrder, delete_namespace};

/// How an experiment is to be made.
#[derive(Clone, Debug)]
pub struct ExperimentOrder {
    /// The run's id.
    pub run: RunId,
    /// The run's folder.
    pub folder: PathBuf,
    /// What is compared.
    pub strategies: Vec<Strategy>,
    /// How many trials of each strategy in each order.
    pub trials: u32,
    /// How many at once.
    pub parallel: u32,
    /// The time budgets.
    pub budgets: Budgets,
}

/// A batch that has ended.
#[derive(Clone, Debug)]
pub struct BatchTold {
    /// Its name.
    pub slug: String,
    /// How many batches have ended, with this one.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// Its trials.
    pub trials: Vec<Trial>,
}

/// Makes the experiment on the cluster behind `access` and tells of each batch as it ends.
///
/// Always gives a record; after an interrupt, of the trials that had come to their end.
pub async fn experiment(
    access: &Access,
    order: &ExperimentOrder,
    interrupt: &Interrupt,
    mut tell: impl FnMut(BatchTold),
) -> ExperimentRecord {
    let started = Timestamp::now();
    let version = &access.facts.version;
    let able: Vec<_> =
        order.strategies.iter().filter(|strategy| strategy.lacks(version).is_none()).cloned().collect();
    let batches = batches(&able, order.trials, order.parallel);
    let bench =
        Bench { access, order, interrupt, removals: Removals::new(access.client.clone(), order.budgets) };
    let mut record = ExperimentRecord {
        format: FORMAT,
        experiment: "startup".to_owned(),
        run: order.run.clone(),
        podproof: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        ended: started,
        cluster: access.facts.clone(),
        trials: order.trials,
        parallel: order.parallel,
        interrupted: None,
        groups: groups(&order.strategies, version),
        faults: Vec::new(),
    };
    let journal = Journal::begin(&order.folder, &record);
    for (index, batch) in batches.iter().enumerate() {
        if interrupt.stop.is_cancelled() {
            break;
        }
        let made = bench.make(index, batch).await;
        record.faults.extend(made.faults);
        if let Some(place) = record.groups.iter().position(|group| is_of(group, batch)) {
            journal.keep(place, &made.trials);
            record.groups[place].trials.extend(made.trials.iter().cloned());
        }
        tell(BatchTold { slug: batch.slug(), done: index + 1, of: batches.len(), trials: made.trials });
    }
    for group in &mut record.groups {
        group.measured = Measured::of(&group.trials);
    }
    record.ended = Timestamp::now();
    record.faults.extend(journal.end());
    match interrupt.now.run_until_cancelled(bench.removals.finish()).await {
        Some(left) => record.faults.extend(left),
        None => record.faults.push("interrupted before the namespaces were gone".to_owned()),
    }
    record.interrupted = interrupt.stop.is_cancelled().then(|| "a signal".to_owned());
    record
}

fn groups(strategies: &[Strategy], version: &str) -> Vec<Group> {
    let group = |strategy: &Strategy, order| Group {
        strategy: strategy.name.to_owned(),
        order,
        skipped: strategy.lacks(version),
        measured: Measured::default(),
        trials: Vec::new(),
    };
    strategies.iter().flat_map(|strategy| ListOrder::ALL.map(|order| group(strategy, order))).collect()
}

fn is_of(group: &Group, batch: &Batch<'_>) -> bool {
    group.strategy == batch.strategy.name && group.order == batch.order
}

/// Where the batches of one experiment are made.
struct Bench<'a> {
    access: &'a Access,
    order: &'a ExperimentOrder,
    interrupt: &'a Interrupt,
    removals: Removals,
}

#[derive(Default)]
struct Made {
    trials: Vec<Trial>,
    faults: Vec<String>,
}

impl Bench<'_> {
    /// One batch. Whatever happens, each of its trials is told of, unless the experiment was interrupted before its end.
    async fn make(&self, index: usize, batch: &Batch<'_>) -> Made {
        let untold = |why: String| {
            let trial = |(number, pod): (u32, String)| Trial {
                number,
                namespace: String::new(),
                pod,
                outcome: Outcome::Inconclusive(why.clone()),
                restarts: 0,
                producer: super::Start::default(),
                consumer: super::Start::default(),
            };
            Made { trials: batch.numbers().zip(batch.pods()).map(trial).collect(), faults: Vec::new() }
        };
        let stage_order = match self.stage_order(index, batch) {
            Ok(stage_order) => stage_order,
            Err(why) => return untold(why),
        };
        let namespace = stage_order.namespace.clone();
        let making = async {
            match Stage::open(self.access, stage_order, self.order.budgets).await {
                Ok(stage) => self.act(stage, batch).await,
                Err(blocked) => {
                    self.removals.begin(namespace.clone()).await;
                    untold(format!("the stage could not be opened: {blocked}"))
                }
            }
        };
        if let Some(made) = self.interrupt.now.run_until_cancelled(Box::pin(making)).await {
            return made;
        }
        // No time for grace: what can be removed by one request is.
        let _ = delete_namespace(&self.access.client, &namespace, self.order.budgets.request()).await;
        Made::default()
    }

    fn stage_order(&self, index: usize, batch: &Batch<'_>) -> Result<StageOrder, String> {
        let manifest = batch.strategy.pods(batch.order, &batch.pods());
        Ok(StageOrder {
            saboteur: None,
            namespace: self.order.run.namespace(
                index,
                1,
                &format!("{}-{}", batch.strategy.name, batch.order),
            ),
            run: self.order.run.to_string(),
            lifetime: self.order.budgets.lifetime(),
            claim: subject(batch)?,
            token: random_hex(8).map_err(|error| format!("no random token: {error}"))?,
            manifest: manifest.ok_or_else(|| format!("the manifest has no pod `{}`", batch.order))?,
            attire: Attire::Restricted,
            security: Security::Restricted,
        })
    }

    async fn act(&self, stage: Stage, batch: &Batch<'_>) -> Made {
        let driving = drive(&stage);
        let driven = self.interrupt.stop.run_until_cancelled(driving).await;
        let driven = driven.unwrap_or(Err(Blocked::Interrupted));
        let subject = match subject(batch) {
            Ok(subject) => subject,
            Err(why) => return Made { trials: Vec::new(), faults: vec![why] },
        };
        let (evidence, mut faults) = stage.close(subject, None, driven, None).await;
        self.removals.begin(evidence.namespace.clone()).await;
        let trials =
            batch.numbers().zip(batch.pods()).map(|(number, pod)| read_trial(&evidence, &pod, number));
        // What an interrupt cut short was not measured.
        let trials = trials
            .filter(|trial| !(evidence.interrupted && matches!(trial.outcome, Outcome::Inconclusive(_))));
        let trials = trials.collect();
        faults.extend(self.keep(batch, evidence).await);
        Made { trials, faults }
    }

    /// Writes the evidence, on a thread of its own: a slow disk must not hold up the watches.
    async fn keep(&self, batch: &Batch<'_>, evidence: Evidence) -> Option<String> {
        let folder = evidence_folder(&self.order.folder, &batch.slug());
        match tokio::task::spawn_blocking(move || write_evidence(&folder, &evidence)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{error}")),
            Err(error) => Some(format!("write the evidence: {error}")),
        }
    }
}

/// What the evidence of a batch is about, in the form of a claim's id.
fn subject(batch: &Batch<'_>) -> Result<ClaimId, String> {
    format!("experiment/{}-{}", batch.strategy.name, batch.order).parse()
}

/// Makes all pods of the batch at once and waits for each; what stops one does not stop the others.
async fn drive(stage: &Stage) -> Result<(), Blocked> {
    let trial = async |name: &String| until_over(stage, &stage.create(name).await?).await;
    join_all(stage.objects().iter().map(trial)).await.into_iter().collect()
}
