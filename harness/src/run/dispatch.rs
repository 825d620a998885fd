//! Starts slow cases first and disruptive ones last, with limited parallelism, and stops when asked to.

use std::cmp::Reverse;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

use super::execute::{DueAttempt, execute};
use super::identity_monitor::IdentityMonitor;
use super::run_context::{Interrupt, RunContext, RunOptions};
use crate::cluster::Access;
use crate::stage::Removals;
use podproof_core::judge::Verdict;
use podproof_core::plan::{Plan, PlannedCase, Purpose, Tier};
use podproof_core::record::{
    CaseRecord, Event, FORMAT, RunJournal, RunOutcome, RunRecord, TimedEvent, claim_texts, is_worth_retrying,
    placeholder_record,
};

/// The upper limit for cases that run at once.
const MAX_PARALLEL: usize = 1024;

/// Executes `plan` on the cluster behind `access` and sends each event as it happens.
///
/// Always returns a record with one entry for each planned case, in plan order.
pub async fn conduct(
    access: Access,
    plan: Plan,
    options: RunOptions,
    interrupt: Interrupt,
    events: UnboundedSender<TimedEvent>,
) -> RunRecord {
    // The run goes on if no reporter listens any more.
    let send = |event: Event| drop(events.send(event.stamped()));
    let started = Timestamp::now();
    send(Event::RunStarted {
        run: options.run.clone(),
        purpose: plan.purpose,
        planned: plan.cases.len(),
        parallel: options.parallel,
        cluster: access.facts.clone(),
    });
    let identity_monitor = IdentityMonitor::at_start(&access, options.budgets).await;
    let (identity, _) = identity_monitor.so_far().await;
    let mut record = RunRecord {
        format: FORMAT,
        run: options.run.clone(),
        podproof: env!("CARGO_PKG_VERSION").to_owned(),
        purpose: plan.purpose,
        started,
        ended: started,
        cluster: access.facts.clone(),
        identity: Some(identity),
        change: None,
        parallel: options.parallel,
        interrupted: None,
        retries: options.retries,
        claims: claim_texts(&plan),
        article: plan.article.clone(),
        cases: plan.cases.iter().map(|planned| placeholder_record(planned, started)).collect(),
        faults: Vec::new(),
    };
    let journal = RunJournal::begin(&options.folder, &record);
    let removals = Removals::new(access.client.clone(), options.budgets, interrupt.stop.clone());
    let run_context = Arc::new(RunContext {
        access,
        plan,
        options,
        interrupt,
        removals,
        identity_monitor,
        journal,
        events: events.clone(),
    });
    record.cases = run_context.run_all().await;
    let RunContext { access, options, interrupt, removals, identity_monitor, journal, .. } = &*run_context;
    record.ended = Timestamp::now();
    record.interrupted = interrupt.stop.is_cancelled().then(|| "a signal".to_owned());
    record.faults.extend(journal.end());
    let last_check = identity_monitor.at_end(access, options.budgets);
    let (identity, change) = match interrupt.immediately.run_until_cancelled(last_check).await {
        Some(checked) => checked,
        None => identity_monitor.so_far().await,
    };
    (record.identity, record.change) = (Some(identity), change);
    let mut record = record.discount_after_cluster_change();
    send(Event::CleanupStarted);
    record.faults.extend(removals.faults(&interrupt.immediately).await);
    send(Event::RunFinished { outcome: RunOutcome::of(&record) });
    record
}

impl RunContext {
    async fn run_all(self: &Arc<Self>) -> Vec<CaseRecord> {
        let slots = Arc::new(Semaphore::new(self.options.parallel.clamp(1, MAX_PARALLEL)));
        let mut running = JoinSet::new();
        let mut records: Vec<Option<CaseRecord>> = vec![None; self.plan.cases.len()];
        let all_slots = u32::try_from(slots.available_permits()).unwrap_or(u32::MAX);
        for group in in_start_order(groups(&self.plan.cases), &self.plan.cases) {
            // A disruptive group takes all slots. The semaphore is fair, so no later group overtakes it.
            let exclusive = tier_of(&group, &self.plan.cases) == Some(Tier::Disruptive);
            let slot = tokio::select! {
                slot = Arc::clone(&slots).acquire_many_owned(if exclusive { all_slots } else { 1 }) => slot,
                () = self.interrupt.stop.cancelled() => break,
            };
            let run_context = Arc::clone(self);
            running.spawn(async move {
                let _slot = slot;
                run_context.run_group(group, exclusive).await
            });
        }
        while let Some(group) = running.join_next().await {
            for (index, record) in group.unwrap_or_default() {
                records[index] = Some(record);
            }
        }
        let record_for_unfinished = |planned: &PlannedCase| {
            let verdict = if self.interrupt.stop.is_cancelled() {
                Verdict::Skip { reason: "interrupted before the case started".to_owned() }
            } else {
                Verdict::Inconclusive { reason: "podproof panicked".to_owned() }
            };
            CaseRecord::of(planned, verdict, Timestamp::now())
        };
        let planned = self.plan.cases.iter();
        records
            .into_iter()
            .zip(planned)
            .map(|(record, planned)| record.unwrap_or_else(|| record_for_unfinished(planned)))
            .collect()
    }

    /// Executes a case and then its mutants.
    async fn run_group(&self, group: Vec<usize>, exclusive: bool) -> Vec<(usize, CaseRecord)> {
        let mut done = Vec::new();
        for index in group {
            let Some(record) = self.run_case(index, exclusive).await else { break };
            self.journal.keep(index, &record);
            self.send(Event::CaseFinished { index, case: Box::new(record.clone()) });
            done.push((index, record));
        }
        done
    }

    /// Executes a case, and retries it as long as retries remain and another attempt could change the verdict. `None` if
    /// no attempt was started.
    async fn run_case(&self, index: usize, exclusive: bool) -> Option<CaseRecord> {
        let planned = &self.plan.cases[index];
        let mut attempts = Vec::new();
        // A mutant that is killed only by a retry proves nothing.
        let retries = if self.plan.purpose == Purpose::Prove { 0 } else { self.options.retries };
        for number in 1..=retries.saturating_add(1) {
            if exclusive {
                // The disruption would also hit the cleanup of earlier cases, so wait for it first.
                let _ = self.interrupt.stop.run_until_cancelled(self.removals.wait_for_pending()).await;
                let check = self.identity_monitor.check(&self.access, self.options.budgets);
                let _ = self.interrupt.stop.run_until_cancelled(check).await;
            }
            if self.interrupt.stop.is_cancelled() {
                break;
            }
            if let Some(last) = attempts.last() {
                // Journal the attempts so far: a fail must survive if the run is killed during the next attempt.
                CaseRecord::merge_attempts(attempts.clone())
                    .inspect(|so_far| self.journal.keep(index, so_far));
                self.send(Event::CaseRetried {
                    index,
                    attempt: number,
                    last: Box::new(CaseRecord::clone(last)),
                });
            } else {
                self.send(Event::CaseStarted { index, slug: planned.slug() });
            }
            let due = DueAttempt { index, attempt: number, planned };
            let executed = AssertUnwindSafe(execute(self, due)).catch_unwind().await;
            // A panic must not lose the earlier attempts.
            let record = executed.unwrap_or_else(|_| due.panicked());
            if exclusive {
                self.identity_monitor.check_after_restarts(&self.access, self.options.budgets).await;
            } else {
                let is_inconclusive = matches!(record.verdict, Verdict::Inconclusive { .. });
                let check = self.identity_monitor.check_after_case(
                    &self.access,
                    self.options.budgets,
                    is_inconclusive,
                );
                let found = self.interrupt.stop.run_until_cancelled(check).await;
                found.flatten().inspect(|change| self.journal.note(change));
            }
            let is_final = !is_worth_retrying(&record.verdict);
            attempts.push(record);
            if is_final {
                break;
            }
        }
        CaseRecord::merge_attempts(attempts)
    }

    fn send(&self, event: Event) {
        // The run goes on if no reporter listens any more.
        let _ = self.events.send(event.stamped());
    }
}

/// Slow groups start first, disruptive ones last.
fn in_start_order(mut groups: Vec<Vec<usize>>, cases: &[PlannedCase]) -> Vec<Vec<usize>> {
    groups.sort_by_key(|group| {
        let tier = match tier_of(group, cases) {
            Some(Tier::Slow) => 0,
            Some(Tier::Disruptive) => 2,
            _ => 1,
        };
        (tier, Reverse(group.len()))
    });
    groups
}

fn tier_of(group: &[usize], cases: &[PlannedCase]) -> Option<Tier> {
    group.first().map(|&index| cases[index].claim.tier)
}

/// Groups each case with the mutants that follow it. The members of a group run one after another.
fn groups(cases: &[PlannedCase]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, planned) in cases.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if planned.mutant.is_some() => group.push(index),
            _ => groups.push(vec![index]),
        }
    }
    groups
}
