//! The comparison with earlier runs in the reports. Reads the store and does not change it.

use std::collections::BTreeMap;

use clap::Args as Group;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use podproof_core::history::regression::{
    Change, DurationChange, News, Rules, RunJudgement, RunReview, Waivers, Window, review_run,
};
use podproof_core::history::{
    CaseKey, CaseOutcome, HistoryRun, Renames, RunName, StoreError, StoreLocation, changed_facts, series_of,
};
use podproof_core::record::{Counts, RunRecord};
use podproof_core::report::{self, Background, ChangedFact, EarlierRun, NewsKind};

use super::args::StoreArgs;
use super::check::{describe_waiver, details, health_line};
use super::stored::clean;
use crate::exit::Failure;

/// How many runs are examined; the default of `podproof history check`.
const WINDOW: u32 = 400;

/// The earlier runs to compare with in the reports.
#[derive(Clone, Debug, Group)]
pub struct BaselineArgs {
    /// Show in the reports what changed since the runs in this store of `podproof history`
    // The value may contain a password, so it must not appear in the help text.
    #[arg(
        long, value_name = "FILE|URL", env = "PODPROOF_HISTORY", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(StoreLocation::from)
    )]
    pub history: Option<StoreLocation>,
    /// Series of runs in the store to compare with [default: the name of the run's cluster]
    #[arg(long, value_name = "NAME", env = "PODPROOF_SERIES")]
    pub series: Option<String>,
}

impl BaselineArgs {
    /// Compares `record` with the earlier runs, in which the cases get the current ids of `renames`; `None` if no store
    /// is named or it has no earlier runs.
    pub fn read(&self, record: &RunRecord, renames: &Renames) -> Result<Option<Background>, Failure> {
        let Some(store) = &self.history else { return Ok(None) };
        let series = self.series.as_deref().unwrap_or_else(|| series_of(record)).to_owned();
        let store_args =
            StoreArgs { store: Some(store.clone()), series: Some(series.clone()), manifests: None };
        let current = HistoryRun::of(record);
        let mut runs = match store_args.load_renamed(None, WINDOW, renames) {
            Ok((_, runs)) => runs,
            // There is nothing to compare with until the first run is stored.
            Err(Failure::History(error @ (StoreError::Missing { .. } | StoreError::NoSeries { .. }))) => {
                let why = clean(&error.to_string());
                tracing::info!(target: "podproof::progress", "the reports show no earlier runs: {why}");
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        // A stored run is not compared with itself or with later runs.
        runs.retain(|run| run.id != current.id && run.started <= current.started);
        runs.push(current);
        Ok(review_run(&runs, &Waivers::default(), &Rules::default())
            .and_then(|report| background(&series, &report, &runs)))
    }
}

/// `runs` ends with the reviewed run.
fn background(series: &str, report: &RunReview, runs: &[HistoryRun]) -> Option<Background> {
    let (current, before) = runs.split_last()?;
    let judgement = report.judgement();
    let not_compared = health_line(&report.health);
    Some(Background {
        series: series.to_owned(),
        against: report.against,
        word: judgement.word().to_owned(),
        regressed: judgement == RunJudgement::Regressed,
        not_compared: Some(not_compared).filter(|reason| !reason.is_empty()),
        last: before.last().map(|run| earlier(run, current)),
        good: before.iter().rev().find(|run| is_good(run)).map(|run| earlier(run, current)),
        news: report.changes.iter().map(news).collect(),
    })
}

fn is_good(run: &HistoryRun) -> bool {
    let counts = counts(run);
    counts.fail == 0 && counts.inconclusive == 0 && counts.pass > 0 && run.interrupted.is_none()
}

fn counts(run: &HistoryRun) -> Counts {
    let [pass, fail, inconclusive, skip] =
        [CaseOutcome::Pass, CaseOutcome::Fail, CaseOutcome::Inconclusive, CaseOutcome::Skip]
            .map(|outcome| run.count(outcome));
    Counts { pass, fail, inconclusive, skip, ..Counts::default() }
}

fn earlier(run: &HistoryRun, current: &HistoryRun) -> EarlierRun {
    let (then, now) = (worst(run), worst(current));
    let both: Vec<_> = now.iter().filter_map(|(key, now)| Some((*now, *then.get(key)?))).collect();
    let changed = changed_facts(&run.facts, &current.facts).into_iter();
    EarlierRun {
        run: run.id.clone(),
        started: run.started,
        then: counts(run),
        now: counts(current),
        worse: both.iter().filter(|(now, then)| now > then).count(),
        better: both.iter().filter(|(now, then)| now < then).count(),
        changed: changed
            .map(|change| ChangedFact { fact: change.fact, before: change.before, now: change.after })
            .collect(),
    }
}

/// The worst outcome of each case.
fn worst(run: &HistoryRun) -> BTreeMap<&CaseKey, CaseOutcome> {
    let mut worst = BTreeMap::new();
    for attempt in &run.attempts {
        let known = worst.entry(&*attempt.key).or_insert(attempt.outcome);
        *known = attempt.outcome.max(*known);
    }
    worst
}

fn news(change: &Change) -> report::CaseNews {
    report::CaseNews {
        kind: kind(&change.news),
        case: change.key.to_string(),
        name: change.news.words().to_owned(),
        words: details(&change.news),
        since: since(&change.news).map(|run| (run.id.clone(), run.started)),
        reason: change.reason.clone(),
        waived: change.waived.as_ref().map(describe_waiver),
    }
}

fn kind(news: &News) -> NewsKind {
    match news {
        News::NewFailure { .. } | News::Reopened { .. } => NewsKind::NewFailure,
        News::StillFailing { .. } => NewsKind::StillFailing,
        News::Missing { .. } => NewsKind::Missing,
        News::Flaky { .. } => NewsKind::Flaky,
        News::Slower(_) => NewsKind::Slower,
        News::NewlySkipped { .. } => NewsKind::NewlySkipped,
        News::Inconclusive { .. } => NewsKind::Inconclusive,
        News::Fixed { .. } => NewsKind::Fixed,
        News::Faster(_) => NewsKind::Faster,
        News::New { .. } | News::NoMoreSkipped => NewsKind::New,
    }
}

/// The first run with this state; `None` if unknown.
fn since(news: &News) -> Option<&RunName> {
    match news {
        News::NewFailure { window: Window { first_bad, .. } }
        | News::Reopened { window: Window { first_bad, .. }, .. }
        | News::StillFailing { window: Window { first_bad, .. }, .. }
        | News::Slower(DurationChange { window: Window { first_bad, .. }, .. })
        | News::Faster(DurationChange { window: Window { first_bad, .. }, .. })
        | News::Inconclusive { failing: Some(Window { first_bad, .. }) } => Some(first_bad),
        News::Inconclusive { failing: None }
        | News::Flaky { .. }
        | News::Missing { .. }
        | News::NewlySkipped { .. }
        | News::Fixed { .. }
        | News::New { .. }
        | News::NoMoreSkipped => None,
    }
}
