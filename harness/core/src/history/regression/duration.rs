//! Detects changes in how long a case takes.

use super::case_history::range;
use super::case_run::CaseRun;
use super::change::{ChangeKind, DurationChange};
use super::rules::Rules;
use crate::history::model::HistoryRun;
use crate::statistics::{adjusted, median, rank_sum};

/// Shorter durations count as this long, in seconds: the clock is not more precise.
const SHORTEST: f64 = 0.001;

/// The number of recent runs in which the start of a change is searched.
const SEARCHED_RUNS: usize = 25;

/// The durations of a case: the index of the run and the logarithm of the seconds. Differences of logarithms are
/// factors, so that long and short cases are treated alike.
struct Durations(Vec<(usize, f64)>);

/// A change that the recent runs show. Its p-value is not adjusted for multiple tests yet.
struct Shift {
    /// The logarithm of the factor.
    by: f64,
    p: f64,
}

/// The change of the duration of each case, given its sound runs. Each of them must end with the reviewed run.
pub(super) fn duration_changes(
    cases: &[Vec<&CaseRun<'_>>],
    runs: &[HistoryRun],
    rules: &Rules,
) -> Vec<Option<ChangeKind>> {
    let durations: Vec<_> = cases.iter().map(|case_runs| Durations::of(case_runs, runs.len() - 1)).collect();
    let shift = |recent| {
        let shifts = durations.iter().map(move |durations| durations.shift(recent, rules));
        shifts.collect::<Vec<_>>()
    };
    let suspected = shift(rules.suspected_runs);
    let confirmed = confirmed(&rules.confirmed_runs.map(shift), rules);
    durations
        .iter()
        .zip(suspected.into_iter().zip(confirmed))
        .map(|(durations, (suspected, confirmed))| {
            let suspected = suspected
                .filter(|shift| shift.p <= rules.suspected_p)
                .map(|shift| (shift, rules.suspected_runs));
            let is_confirmed = confirmed.is_some();
            let (shift, recent) = confirmed.or(suspected)?;
            durations.change(&shift, is_confirmed, recent, runs, rules)
        })
        .collect()
}

/// The most significant confirmed shift of each case, with the number of recent runs that show it. `tested` has the
/// shifts of all cases for each number of recent runs. Cases without a shift count as tests too.
fn confirmed(tested: &[Vec<Option<Shift>>; 2], rules: &Rules) -> Vec<Option<(Shift, usize)>> {
    let tests = tested.iter().flatten();
    let p: Vec<_> = tests.map(|shift| shift.as_ref().map_or(1.0, |shift| shift.p)).collect();
    let adjusted = adjusted(&p);
    let cases = tested[0].len();
    let most_significant = |case: usize| {
        let shifts = tested.iter().zip(rules.confirmed_runs).enumerate();
        let confirmed = shifts.filter_map(|(row, (tested, recent))| {
            let p = adjusted[row * cases + case];
            let by = tested[case].as_ref().filter(|_| p <= rules.confirmed_p)?.by;
            Some((Shift { by, p }, recent))
        });
        confirmed.min_by(|one, other| one.0.p.total_cmp(&other.0.p))
    };
    (0..cases).map(most_significant).collect()
}

impl Durations {
    /// Empty if the case has no duration in the reviewed run, whose index is `reviewed`.
    fn of(case_runs: &[&CaseRun<'_>], reviewed: usize) -> Self {
        let of_run = |run: &&CaseRun<'_>| Some((run.run, run.seconds()?.max(SHORTEST).ln()));
        let durations: Vec<_> = case_runs.iter().filter_map(of_run).collect();
        let has_reviewed = durations.last().is_some_and(|(run, _)| *run == reviewed);
        Self(if has_reviewed { durations } else { Vec::new() })
    }

    /// The recent runs and the baseline before them. `None` if the baseline is too short.
    fn split(&self, recent: usize, rules: &Rules) -> Option<(Vec<f64>, Vec<f64>)> {
        let start = self.0.len().checked_sub(recent)?;
        let baseline = start.saturating_sub(rules.baseline)..start;
        let values = |part: &[(usize, f64)]| part.iter().map(|(_, value)| *value).collect::<Vec<_>>();
        let long_enough = baseline.len() >= rules.least_baseline;
        long_enough.then(|| (values(&self.0[start..]), values(&self.0[baseline])))
    }

    fn shift(&self, recent: usize, rules: &Rules) -> Option<Shift> {
        let (recent, baseline) = self.split(recent, rules)?;
        let (now, before) = (median(&recent)?, median(&baseline)?);
        let by = now - before;
        let matters = by.abs() >= rules.factor.ln() && (now.exp() - before.exp()).abs() >= rules.seconds;
        // The exact test is expensive, so skip it for changes that are too small to report.
        if !matters {
            return None;
        }
        rank_sum(&recent, &baseline).map(|found| Shift { by, p: found.p })
    }

    fn change(
        &self,
        shift: &Shift,
        confirmed: bool,
        recent: usize,
        runs: &[HistoryRun],
        rules: &Rules,
    ) -> Option<ChangeKind> {
        let (now, before) = self.split(recent, rules)?;
        let start = self.start(rules)?;
        let last_good = start.checked_sub(1).map(|before| self.0[before].0);
        let change = DurationChange {
            confirmed,
            before: median(&before)?.exp(),
            now: median(&now)?.exp(),
            p: shift.p,
            range: range(runs, last_good, self.0[start].0),
        };
        Some(if shift.by > 0.0 { ChangeKind::Slower(change) } else { ChangeKind::Faster(change) })
    }

    /// The index at which the change began: the split that minimizes the sum of distances from the median before and
    /// the median after. Ranks are not suitable: if few runs are slow, moving one of the slowest earlier runs to their
    /// side does not change the rank sum much.
    fn start(&self, rules: &Rules) -> Option<usize> {
        let first = self.0.len().saturating_sub(SEARCHED_RUNS + rules.baseline);
        let values: Vec<_> = self.0[first..].iter().map(|(_, value)| *value).collect();
        let farthest = values.len().checked_sub(rules.least_baseline)?.min(SEARCHED_RUNS);
        let total_distance = |recent: usize| {
            let (before, now) = values.split_at(values.len() - recent);
            distance(before) + distance(now)
        };
        let best =
            (1..=farthest).min_by(|one, other| total_distance(*one).total_cmp(&total_distance(*other)))?;
        Some(self.0.len() - best)
    }
}

/// The sum of the distances of `values` from their median.
fn distance(values: &[f64]) -> f64 {
    let middle = median(values).unwrap_or_default();
    values.iter().map(|value| (value - middle).abs()).sum()
}
