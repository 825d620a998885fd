//! What reports tell of the runs before: read from the store, which is left as it is.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args as Group;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use podproof::history::regression::{
    Change, Judgement, News, NightReport, Pace, Rules, Waivers, Window, judge_night,
};
use podproof::history::{CaseKey, KeptRun, Outcome, Place, RunName, StoreError, changed_facts, series_of};
use podproof::report::{self, Background, Changed, Earlier, NewsKind};
use podproof::run::{Counts, RunRecord};

use super::args::Keep;
use super::check::{health_line, told, waived};
use super::clean;
use crate::exit::Failure;

/// How many runs are looked at, as by `podproof history check`.
const WINDOW: u32 = 400;

/// The runs before, beside which the reports show this one.
#[derive(Clone, Debug, Group)]
pub struct Before {
    /// Tell in the reports what changed since the runs of this store, which `podproof history` keeps
    // The variable may hold a password, and would be shown.
    #[arg(
        long, value_name = "FILE|URL", env = "PODPROOF_HISTORY", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(Place::from)
    )]
    pub history: Option<Place>,
    /// Which runs of the store are compared with [default: those of the run's cluster]
    #[arg(long, value_name = "NAME", env = "PODPROOF_SERIES")]
    pub series: Option<String>,
}

impl Before {
    /// What is known of the runs before this one; nothing where no store is named.
    pub fn read(&self, record: &RunRecord, manifests: Option<&Path>) -> Result<Option<Background>, Failure> {
        let Some(store) = &self.history else { return Ok(None) };
        let manifests = manifests.map(Path::to_owned);
        let series = self.series.as_deref().unwrap_or_else(|| series_of(record)).to_owned();
        let keep = Keep { store: Some(store.clone()), series: Some(series.clone()), manifests };
        let tonight = KeptRun::of(record);
        let mut runs = match keep.load(None, WINDOW) {
            Ok((_, runs)) => runs,
            // Before the first run is kept there is nothing to compare with.
            Err(Failure::History(error @ (StoreError::Missing { .. } | StoreError::NoSeries { .. }))) => {
                let why = clean(&error.to_string());
                tracing::info!(target: "podproof::talk", "the reports tell of no runs before this one: {why}");
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        // A run that is kept is not compared with itself, nor with what came after it.
        runs.retain(|run| run.id != tonight.id && run.started <= tonight.started);
        runs.push(tonight);
        Ok(judge_night(&runs, &Waivers::default(), &Rules::default())
            .and_then(|report| background(&series, &report, &runs)))
    }
}

/// `runs` end with the one that was judged.
fn background(series: &str, report: &NightReport, runs: &[KeptRun]) -> Option<Background> {
    let (tonight, before) = runs.split_last()?;
    let judgement = report.judgement();
    let doubt = health_line(&report.health);
    Some(Background {
        series: series.to_owned(),
        against: report.against,
        word: judgement.word().to_owned(),
        regressed: judgement == Judgement::Regressed,
        doubt: Some(doubt).filter(|doubt| !doubt.is_empty()),
        last: before.last().map(|run| earlier(run, tonight)),
        good: before.iter().rev().find(|run| is_good(run)).map(|run| earlier(run, tonight)),
        news: report.changes.iter().map(news).collect(),
    })
}

fn is_good(run: &KeptRun) -> bool {
    let counts = counts(run);
    counts.fail == 0 && counts.inconclusive == 0 && counts.pass > 0 && run.interrupted.is_none()
}

fn counts(run: &KeptRun) -> Counts {
    let [pass, fail, inconclusive, skip] =
        [Outcome::Pass, Outcome::Fail, Outcome::Inconclusive, Outcome::Skip]
            .map(|outcome| run.count(outcome));
    Counts { pass, fail, inconclusive, skip, ..Counts::default() }
}

fn earlier(run: &KeptRun, tonight: &KeptRun) -> Earlier {
    let (then, now) = (worst(run), worst(tonight));
    let both: Vec<_> = now.iter().filter_map(|(key, now)| Some((*now, *then.get(key)?))).collect();
    let changed = changed_facts(&run.facts, &tonight.facts).into_iter();
    Earlier {
        run: run.id.clone(),
        started: run.started,
        then: counts(run),
        now: counts(tonight),
        worse: both.iter().filter(|(now, then)| now > then).count(),
        better: both.iter().filter(|(now, then)| now < then).count(),
        changed: changed
            .map(|change| Changed { fact: change.fact, before: change.before, now: change.after })
            .collect(),
    }
}

/// How the worst execution of each case ended.
fn worst(run: &KeptRun) -> BTreeMap<&CaseKey, Outcome> {
    let mut worst = BTreeMap::new();
    for attempt in &run.attempts {
        let known = worst.entry(&*attempt.key).or_insert(attempt.outcome);
        *known = attempt.outcome.max(*known);
    }
    worst
}

fn news(change: &Change) -> report::News {
    report::News {
        kind: kind(&change.news),
        case: change.key.to_string(),
        name: change.news.words().to_owned(),
        words: told(&change.news),
        since: since(&change.news).map(|run| (run.id.clone(), run.started)),
        reason: change.reason.clone(),
        waived: change.waived.as_ref().map(waived),
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
        News::Untold { .. } => NewsKind::Untold,
        News::Fixed { .. } => NewsKind::Fixed,
        News::Faster(_) => NewsKind::Faster,
        News::New { .. } | News::NoMoreSkipped => NewsKind::New,
    }
}

/// The first run in which it was so, where that is known.
fn since(news: &News) -> Option<&RunName> {
    match news {
        News::NewFailure { window: Window { first_bad, .. } }
        | News::Reopened { window: Window { first_bad, .. }, .. }
        | News::StillFailing { window: Window { first_bad, .. }, .. }
        | News::Slower(Pace { window: Window { first_bad, .. }, .. })
        | News::Faster(Pace { window: Window { first_bad, .. }, .. })
        | News::Untold { failing: Some(Window { first_bad, .. }) } => Some(first_bad),
        News::Untold { failing: None }
        | News::Flaky { .. }
        | News::Missing { .. }
        | News::NewlySkipped { .. }
        | News::Fixed { .. }
        | News::New { .. }
        | News::NoMoreSkipped => None,
    }
}
