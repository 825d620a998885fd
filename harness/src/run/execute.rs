//! One execution of one case: open the stage, drive, close, judge, write the evidence.

use std::panic::catch_unwind;
use std::path::PathBuf;

use jiff::Timestamp;

use super::preconditions::missing_precondition;
use super::run_context::RunContext;
use super::runtime_notes::notes;
use super::uncertainty::{downgrade_fail, uncertainty};
use crate::cases::{self, Case};
use crate::cluster::{NodeAccess, with_causes};
use crate::stage::{CleanupFault, Stage, StageOptions, delete_namespace};
use podproof_core::evidence::{Evidence, write_evidence};
use podproof_core::judge::Verdict;
use podproof_core::plan::{PlannedCase, Security};
use podproof_core::record::{CaseRecord, evidence_folder, random_hex};

/// The next attempt at a case.
#[derive(Clone, Copy)]
pub(super) struct DueAttempt<'a> {
    /// The index of the case in the plan.
    pub(super) index: usize,
    /// The number of the attempt, from 1.
    pub(super) attempt: u32,
    /// The planned case.
    pub(super) planned: &'a PlannedCase,
}

impl DueAttempt<'_> {
    /// The slug of the planned case, with `.attempt-2` and so on for a retry.
    fn slug(&self) -> String {
        let again = if self.attempt > 1 { format!(".attempt-{}", self.attempt) } else { String::new() };
        self.planned.slug() + &again
    }

    /// The record of an attempt in which podproof itself panicked.
    pub(super) fn panicked(&self) -> CaseRecord {
        self.record(Verdict::Inconclusive { reason: "podproof panicked".to_owned() }, Timestamp::now())
    }

    fn record(&self, verdict: Verdict, started: Timestamp) -> CaseRecord {
        CaseRecord { slug: self.slug(), ..CaseRecord::of(self.planned, verdict, started) }
    }
}

/// Executes one attempt at a planned case. Always returns a record.
pub(super) async fn execute(run_context: &RunContext, due: DueAttempt<'_>) -> CaseRecord {
    let RunContext { access, options, interrupt, .. } = run_context;
    let DueAttempt { planned, .. } = due;
    let started = Timestamp::now();
    if let Some(reason) = missing_precondition(&planned.claim, &planned.manifest, &access.facts) {
        return due.record(Verdict::Skip { reason }, started);
    }
    let inconclusive = |reason: String| due.record(Verdict::Inconclusive { reason }, started);
    let Some(case) = cases::find(&planned.claim.id) else {
        return inconclusive(format!("this program has no case for {}", planned.claim.id));
    };
    let stage_options = match stage_options(run_context, case, due) {
        Ok(stage_options) => stage_options,
        Err(error) => return inconclusive(format!("no random token: {error}")),
    };
    let namespace = stage_options.namespace.clone();
    let acting = Box::pin(act(run_context, case, due, stage_options, started));
    if let Some(record) = interrupt.immediately.run_until_cancelled(acting).await {
        return record;
    }
    // The user interrupted twice: only request the deletion and do not wait for it.
    let _ = delete_namespace(&access.client, &namespace, options.budgets.request()).await;
    due.record(Verdict::Skip { reason: "interrupted twice".to_owned() }, started)
}

fn stage_options(
    RunContext { access, options, .. }: &RunContext,
    case: &Case,
    due: DueAttempt<'_>,
) -> Result<StageOptions, getrandom::Error> {
    let DueAttempt { index, attempt, planned } = due;
    // The inspector is a privileged pod in the case's own namespace.
    let inspects = planned.claim.tier.needs_node() && matches!(access.node_access, NodeAccess::Inspector);
    let security = planned.mutant.as_ref().and_then(|mutant| mutant.security);
    Ok(StageOptions {
        namespace: options.run.namespace(index, attempt, planned.claim.id.name()),
        run: options.run.to_string(),
        lifetime: options.budgets.lifetime(),
        claim: planned.claim.id.clone(),
        token: random_hex(8)?,
        manifest: planned.manifest.clone(),
        pod_profile: case.pod_profile,
        security: if inspects { Security::Privileged } else { security.unwrap_or_else(|| case.security()) },
        saboteur: planned.mutant.as_ref().and_then(|mutant| mutant.saboteur.clone()),
    })
}

async fn act(
    run_context: &RunContext,
    case: &Case,
    due: DueAttempt<'_>,
    stage_options: StageOptions,
    started: Timestamp,
) -> CaseRecord {
    let RunContext { access, options, interrupt, removals, .. } = run_context;
    let DueAttempt { planned, .. } = due;
    let namespace = stage_options.namespace.clone();
    let stage = match Stage::open(access, stage_options, options.budgets).await {
        Ok(stage) => stage,
        Err(error) => {
            removals.begin(namespace).await;
            let reason = format!("the stage could not be opened: {error}");
            return due.record(Verdict::Inconclusive { reason }, started);
        }
    };
    let driven = interrupt.drive((case.drive)(&stage)).await;
    let mutant = planned.mutant.as_ref();
    let undo = mutant.and_then(|mutant| mutant.undo.as_ref());
    let name = mutant.map(|mutant| mutant.name.clone());
    let (evidence, faults) = stage.close(planned.claim.id.clone(), name, driven, undo).await;
    removals.begin(namespace).await;

    let verdict = catch_unwind(|| case.verdict(&evidence))
        .unwrap_or_else(|_| Verdict::Inconclusive { reason: "the judge panicked".to_owned() });
    let uncertainty = uncertainty(planned, &access.facts);
    let verdict = downgrade_fail(verdict, uncertainty.as_deref());
    let mut record = due.record(verdict, started);
    (record.faults, record.doubt) = (faults, uncertainty);
    record.notes = notes(planned, &access.facts, &evidence);
    let folder = evidence_folder(&options.folder, &record.slug);
    record.faults.extend(store_evidence(folder, evidence).await);
    record
}

/// Writes the evidence, in a blocking thread: a slow disk must not delay the watches of other cases. Returns a failure.
pub(crate) async fn store_evidence(folder: PathBuf, evidence: Evidence) -> Option<CleanupFault> {
    match tokio::task::spawn_blocking(move || write_evidence(&folder, &evidence)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(with_causes(&error)),
        Err(error) => Some(format!("write the evidence: {error}")),
    }
}
