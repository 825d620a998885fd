//! Starts the executions in the order of the plan, so many at once, and stops when asked to.

use std::cmp::Reverse;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::attempt::is_unsettled;
use super::event::{Event, Told};
use super::execute::{Turn, execute};
use super::identity::RunId;
use super::journal::{Journal, not_ended};
use super::outcome::Outcome;
use super::record::{CaseRecord, FORMAT, RunRecord};
use super::same_cluster::SameCluster;
use crate::cluster::Access;
use crate::judge::Verdict;
use crate::plan::{Budgets, Plan, PlannedCase, Purpose, Tier};
use crate::stage::Removals;

/// More cases at once than this are of no use to anybody.
const MOST_PARALLEL: usize = 1024;

/// How a run is asked to stop, in two steps.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// Start nothing more, end what is driven, clean up.
    pub stop: CancellationToken,
    /// Wait for nothing any more.
    pub now: CancellationToken,
}

/// How a plan is to be conducted.
#[derive(Clone, Debug)]
pub struct RunOrder {
    /// The run's id.
    pub run: RunId,
    /// The run's folder.
    pub folder: PathBuf,
    /// How many cases may run at once; at least one does.
    pub parallel: usize,
    /// How often at most what failed or could not be told is tried again. A fail stays one whatever follows.
    pub retries: u32,
    /// The time budgets.
    pub budgets: Budgets,
}

/// Conducts `plan` on the cluster behind `access` and tells each event as it happens.
///
/// Always gives a record with one entry per planned case, in the order of the plan.
pub async fn conduct(
    access: Access,
    plan: Plan,
    order: RunOrder,
    interrupt: Interrupt,
    tell: UnboundedSender<Told>,
) -> RunRecord {
    // A reporter that has gone away is no reason to stop.
    let say = |event: Event| drop(tell.send(event.now()));
    let started = Timestamp::now();
    say(Event::RunStarted {
        run: order.run.clone(),
        purpose: plan.purpose,
        planned: plan.cases.len(),
        parallel: order.parallel,
        cluster: access.facts.clone(),
    });
    let same = SameCluster::at_begin(&access, order.budgets).await;
    let (identity, _) = same.so_far().await;
    let mut record = RunRecord {
        format: FORMAT,
        run: order.run.clone(),
        podproof: env!("CARGO_PKG_VERSION").to_owned(),
        purpose: plan.purpose,
        started,
        ended: started,
        cluster: access.facts.clone(),
        identity: Some(identity),
        change: None,
        parallel: order.parallel,
        interrupted: None,
        retries: order.retries,
        cases: plan.cases.iter().map(|planned| not_ended(planned, started)).collect(),
        faults: Vec::new(),
    };
    let journal = Journal::begin(&order.folder, &record);
    let removals = Removals::new(access.client.clone(), order.budgets);
    let conductor =
        Arc::new(Conductor { access, plan, order, interrupt, removals, same, journal, tell: tell.clone() });
    record.cases = conductor.run_all().await;
    let Conductor { access, order, interrupt, removals, same, journal, .. } = &*conductor;
    record.ended = Timestamp::now();
    record.interrupted = interrupt.stop.is_cancelled().then(|| "a signal".to_owned());
    record.faults.extend(journal.end());
    let last_look = same.at_end(access, order.budgets);
    let (identity, change) = match interrupt.now.run_until_cancelled(last_look).await {
        Some(seen) => seen,
        None => same.so_far().await,
    };
    (record.identity, record.change) = (Some(identity), change);
    let mut record = record.of_one_cluster();
    say(Event::CleanupStarted);
    match interrupt.now.run_until_cancelled(removals.finish()).await {
        Some(faults) => record.faults.extend(faults),
        None => record.faults.push("interrupted before the namespaces were gone".to_owned()),
    }
    say(Event::RunFinished { outcome: Outcome::of(&record) });
    record
}

/// What every execution of a run shares.
pub(super) struct Conductor {
    pub(super) access: Access,
    plan: Plan,
    pub(super) order: RunOrder,
    pub(super) interrupt: Interrupt,
    pub(super) removals: Removals,
    same: SameCluster,
    journal: Journal,
    tell: UnboundedSender<Told>,
}

impl Conductor {
    async fn run_all(self: &Arc<Self>) -> Vec<CaseRecord> {
        let slots = Arc::new(Semaphore::new(self.order.parallel.clamp(1, MOST_PARALLEL)));
        let mut running = JoinSet::new();
        let mut records: Vec<Option<CaseRecord>> = vec![None; self.plan.cases.len()];
        let all_slots = u32::try_from(slots.available_permits()).unwrap_or(u32::MAX);
        for chain in in_starting_order(chains(&self.plan.cases), &self.plan.cases) {
            // Who disturbs the node has it alone: the semaphore is fair, so nothing overtakes.
            let alone = tier_of(&chain, &self.plan.cases) == Some(Tier::Disruptive);
            let slot = tokio::select! {
                slot = Arc::clone(&slots).acquire_many_owned(if alone { all_slots } else { 1 }) => slot,
                () = self.interrupt.stop.cancelled() => break,
            };
            let conductor = Arc::clone(self);
            running.spawn(async move {
                let _slot = slot;
                conductor.run_chain(chain, alone).await
            });
        }
        while let Some(chain) = running.join_next().await {
            for (index, record) in chain.unwrap_or_default() {
                records[index] = Some(record);
            }
        }
        let left_over = |planned: &PlannedCase| {
            let reason = if self.interrupt.stop.is_cancelled() {
                Verdict::Skip { reason: "interrupted before it began".to_owned() }
            } else {
                Verdict::Inconclusive { reason: "the harness panicked".to_owned() }
            };
            CaseRecord::of(planned, reason, Timestamp::now())
        };
        let planned = self.plan.cases.iter();
        records
            .into_iter()
            .zip(planned)
            .map(|(record, planned)| record.unwrap_or_else(|| left_over(planned)))
            .collect()
    }

    /// A case and, right after it, its mutants.
    async fn run_chain(&self, chain: Vec<usize>, alone: bool) -> Vec<(usize, CaseRecord)> {
        let mut done = Vec::new();
        for index in chain {
            let Some(record) = self.run_case(index, alone).await else { break };
            self.journal.keep(index, &record);
            self.say(Event::CaseFinished { index, case: Box::new(record.clone()) });
            done.push((index, record));
        }
        done
    }

    /// One case, again and again as long as it may be and another attempt could say more. Nothing where no attempt was
    /// begun.
    async fn run_case(&self, index: usize, alone: bool) -> Option<CaseRecord> {
        let planned = &self.plan.cases[index];
        let mut attempts = Vec::new();
        // A mutant that is killed at the second attempt only proves nothing.
        let retries = if self.plan.purpose == Purpose::Prove { 0 } else { self.order.retries };
        for number in 1..=retries.saturating_add(1) {
            if alone {
                // What disturbs the node would also disturb the end of those before.
                let _ = self.interrupt.stop.run_until_cancelled(self.removals.settle()).await;
                let look = self.same.look(&self.access, self.order.budgets);
                let _ = self.interrupt.stop.run_until_cancelled(look).await;
            }
            if self.interrupt.stop.is_cancelled() {
                break;
            }
            if let Some(last) = attempts.last() {
                // A fail stays one, also where the run is killed in the next attempt.
                CaseRecord::together(attempts.clone()).inspect(|so_far| self.journal.keep(index, so_far));
                self.say(Event::CaseRetried {
                    index,
                    attempt: number,
                    last: Box::new(CaseRecord::clone(last)),
                });
            } else {
                self.say(Event::CaseStarted { index, slug: planned.slug() });
            }
            let turn = Turn { index, attempt: number, planned };
            let executed = AssertUnwindSafe(execute(self, turn)).catch_unwind().await;
            // What an earlier attempt said must not be lost with this one.
            let record = executed.unwrap_or_else(|_| turn.panicked());
            if alone {
                self.same.look_after_restarts(&self.access, self.order.budgets).await;
            } else {
                let to_nothing = matches!(record.verdict, Verdict::Inconclusive { .. });
                let look = self.same.look_after(&self.access, self.order.budgets, to_nothing);
                let found = self.interrupt.stop.run_until_cancelled(look).await;
                found.flatten().inspect(|change| self.journal.note(change));
            }
            let is_settled = !is_unsettled(&record.verdict);
            attempts.push(record);
            if is_settled {
                break;
            }
        }
        CaseRecord::together(attempts)
    }

    fn say(&self, event: Event) {
        // A reporter that has gone away is no reason to stop.
        let _ = self.tell.send(event.now());
    }
}

/// What takes longest is begun first, and what needs the node alone comes last.
fn in_starting_order(mut chains: Vec<Vec<usize>>, cases: &[PlannedCase]) -> Vec<Vec<usize>> {
    chains.sort_by_key(|chain| {
        let tier = match tier_of(chain, cases) {
            Some(Tier::Slow) => 0,
            Some(Tier::Disruptive) => 2,
            _ => 1,
        };
        (tier, Reverse(chain.len()))
    });
    chains
}

fn tier_of(chain: &[usize], cases: &[PlannedCase]) -> Option<Tier> {
    chain.first().map(|&index| cases[index].claim.tier)
}

/// The plan's places, in groups that run one after another: a case with the mutants that follow it.
fn chains(cases: &[PlannedCase]) -> Vec<Vec<usize>> {
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for (index, planned) in cases.iter().enumerate() {
        match chains.last_mut() {
            Some(chain) if planned.mutant.is_some() => chain.push(index),
            _ => chains.push(vec![index]),
        }
    }
    chains
}
