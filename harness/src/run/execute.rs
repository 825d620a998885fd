//! One execution of one case: open the stage, drive, close, judge, keep.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Component, Path, PathBuf};

use futures::FutureExt as _;
use jiff::Timestamp;

use super::differ::notes;
use super::dispatch::{Conductor, Interrupt};
use super::doubt::{doubt, weighed};
use super::identity::random_hex;
use super::lack::lack;
use super::record::CaseRecord;
use crate::cases::{self, Case};
use crate::cluster::{Door, with_causes};
use crate::evidence::write_evidence;
use crate::judge::Verdict;
use crate::plan::{PlannedCase, Security};
use crate::stage::{Blocked, Stage, StageOrder, delete_namespace};

/// Where the evidence of the execution called `slug` lies in the run's folder.
#[must_use]
pub fn evidence_folder(run: &Path, slug: &str) -> PathBuf {
    run.join("cases").join(slug)
}

/// The same where a record may come from anywhere, or why there is none: neither the slug nor a link may lead out of
/// the run's folder.
pub(crate) fn evidence_folder_within(run: &Path, slug: &str) -> Result<PathBuf, &'static str> {
    const ELSEWHERE: &str = "the name of its folder leads elsewhere";
    if !Path::new(slug).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(ELSEWHERE);
    }
    let folder = evidence_folder(run, slug);
    match (folder.canonicalize(), run.canonicalize()) {
        (Ok(real), Ok(run)) if real.starts_with(&run) => Ok(folder),
        (Ok(_), Ok(_)) => Err(ELSEWHERE),
        _ => Err("there is none"),
    }
}

/// An attempt that is due.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    /// The case's place in the plan.
    pub(super) index: usize,
    /// Which attempt at it this is, from 1.
    pub(super) attempt: u32,
    /// The case.
    pub(super) planned: &'a PlannedCase,
}

impl Turn<'_> {
    /// The name in the plan, with `.attempt-2` for another attempt.
    fn slug(&self) -> String {
        let again = if self.attempt > 1 { format!(".attempt-{}", self.attempt) } else { String::new() };
        self.planned.slug() + &again
    }

    /// What is kept of it where the harness itself broke.
    pub(super) fn panicked(&self) -> CaseRecord {
        self.record(Verdict::Inconclusive { reason: "the harness panicked".to_owned() }, Timestamp::now())
    }

    /// What is kept of it.
    fn record(&self, verdict: Verdict, started: Timestamp) -> CaseRecord {
        CaseRecord { slug: self.slug(), ..CaseRecord::of(self.planned, verdict, started) }
    }
}

/// Executes a planned case once. Whatever happens, there is a record.
pub(super) async fn execute(conductor: &Conductor, turn: Turn<'_>) -> CaseRecord {
    let Conductor { access, order, interrupt, .. } = conductor;
    let Turn { planned, .. } = turn;
    let started = Timestamp::now();
    if let Some(reason) = lack(&planned.claim, &planned.manifest, &access.facts) {
        return turn.record(Verdict::Skip { reason }, started);
    }
    let untold = |reason: String| turn.record(Verdict::Inconclusive { reason }, started);
    let Some(case) = cases::find(&planned.claim.id) else {
        return untold(format!("this program has no case for {}", planned.claim.id));
    };
    let stage_order = match stage_order(conductor, case, turn) {
        Ok(stage_order) => stage_order,
        Err(error) => return untold(format!("no random token: {error}")),
    };
    let namespace = stage_order.namespace.clone();
    let acting = Box::pin(act(conductor, case, turn, stage_order, started));
    if let Some(record) = interrupt.now.run_until_cancelled(acting).await {
        return record;
    }
    // No time for grace: what can be removed by one request is.
    let _ = delete_namespace(&access.client, &namespace, order.budgets.request()).await;
    turn.record(Verdict::Skip { reason: "interrupted twice".to_owned() }, started)
}

fn stage_order(
    Conductor { access, order, .. }: &Conductor,
    case: &Case,
    turn: Turn<'_>,
) -> Result<StageOrder, getrandom::Error> {
    let Turn { index, attempt, planned } = turn;
    // What inspects a node is a privileged pod in the case's own namespace.
    let inspects = planned.claim.tier.needs_node() && matches!(access.door, Door::Inspector);
    let security = planned.mutant.as_ref().and_then(|mutant| mutant.security);
    Ok(StageOrder {
        namespace: order.run.namespace(index, attempt, planned.claim.id.name()),
        run: order.run.to_string(),
        lifetime: order.budgets.lifetime(),
        claim: planned.claim.id.clone(),
        token: random_hex(8)?,
        manifest: planned.manifest.clone(),
        attire: case.attire,
        security: if inspects { Security::Privileged } else { security.unwrap_or_else(|| case.security()) },
        saboteur: planned.mutant.as_ref().and_then(|mutant| mutant.saboteur.clone()),
    })
}

async fn act(
    conductor: &Conductor,
    case: &Case,
    turn: Turn<'_>,
    stage_order: StageOrder,
    started: Timestamp,
) -> CaseRecord {
    let Conductor { access, order, interrupt, removals, .. } = conductor;
    let Turn { planned, .. } = turn;
    let namespace = stage_order.namespace.clone();
    let stage = match Stage::open(access, stage_order, order.budgets).await {
        Ok(stage) => stage,
        Err(blocked) => {
            removals.begin(namespace).await;
            let reason = format!("the stage could not be opened: {blocked}");
            return turn.record(Verdict::Inconclusive { reason }, started);
        }
    };
    let driven = drive(&stage, case, interrupt).await;
    let mutant = planned.mutant.as_ref();
    let undo = mutant.and_then(|mutant| mutant.undo.as_ref());
    let name = mutant.map(|mutant| mutant.name.clone());
    let (evidence, faults) = stage.close(planned.claim.id.clone(), name, driven, undo).await;
    removals.begin(namespace).await;

    let verdict = catch_unwind(|| case.verdict(&evidence))
        .unwrap_or_else(|_| Verdict::Inconclusive { reason: "the judge panicked".to_owned() });
    let doubt = doubt(planned, &access.facts);
    let verdict = weighed(verdict, doubt.as_deref());
    let mut record = turn.record(verdict, started);
    (record.faults, record.doubt) = (faults, doubt);
    record.notes = notes(planned, &access.facts, &evidence);
    let folder = evidence_folder(&order.folder, &record.slug);
    // On a thread of its own: a slow disk must not hold up the watches of other cases.
    let written = tokio::task::spawn_blocking(move || write_evidence(&folder, &evidence)).await;
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => record.faults.push(with_causes(&error)),
        Err(error) => record.faults.push(format!("write the evidence: {error}")),
    }
    record
}

async fn drive(stage: &Stage, case: &Case, interrupt: &Interrupt) -> Result<(), Blocked> {
    let driving = AssertUnwindSafe((case.drive)(stage)).catch_unwind();
    match interrupt.stop.run_until_cancelled(driving).await {
        Some(Ok(driven)) => driven,
        Some(Err(_)) => Err(Blocked::Panicked),
        None => Err(Blocked::Interrupted),
    }
}
