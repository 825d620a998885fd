//! Whether a case takes longer, or less long, than it did.

use super::course::window;
use super::news::{News, Pace};
use super::night::Night;
use super::rules::Rules;
use crate::history::kept::KeptRun;
use crate::history::statistics::{adjusted, median, rank_sum};

/// What is shorter is taken for this long, in seconds: a clock does not tell them apart.
const SHORTEST: f64 = 0.001;

/// The longest ago that the beginning of a change is looked for, in nights.
const FARTHEST: usize = 25;

/// One case's durations: the run's place, and the logarithm of the seconds. In logarithms a change is a factor, and a
/// long night weighs no more than a short one.
struct Durations(Vec<(usize, f64)>);

/// A change that the recent nights show, adjusted for nothing yet.
struct Shift {
    /// The logarithm of the factor.
    by: f64,
    p: f64,
}

/// A word on the pace of each of the cases, given their nights in sound runs; each ends with the run that is judged.
pub(super) fn paces(nights: &[Vec<&Night<'_>>], runs: &[KeptRun], rules: &Rules) -> Vec<Option<News>> {
    let durations: Vec<_> = nights.iter().map(|nights| Durations::of(nights, runs.len() - 1)).collect();
    let shift = |recent| {
        let shifts = durations.iter().map(move |durations| durations.shift(recent, rules));
        shifts.collect::<Vec<_>>()
    };
    let suspected = shift(rules.suspected_nights);
    let confirmed = confirmed(&rules.confirmed_nights.map(shift), rules);
    durations
        .iter()
        .zip(suspected.into_iter().zip(confirmed))
        .map(|(durations, (suspected, confirmed))| {
            let suspected = suspected
                .filter(|shift| shift.p <= rules.suspected_p)
                .map(|shift| (shift, rules.suspected_nights));
            let is_confirmed = confirmed.is_some();
            let (shift, recent) = confirmed.or(suspected)?;
            durations.told(&shift, is_confirmed, recent, runs, rules)
        })
        .collect()
}

/// Of each case the surest shift that is sure enough, with how many nights show it, by what every number of recent
/// nights says of every case. What shows no change that matters counts as asked, too.
fn confirmed(tested: &[Vec<Option<Shift>>; 2], rules: &Rules) -> Vec<Option<(Shift, usize)>> {
    let asked = tested.iter().flatten();
    let p: Vec<_> = asked.map(|shift| shift.as_ref().map_or(1.0, |shift| shift.p)).collect();
    let adjusted = adjusted(&p);
    let cases = tested[0].len();
    let surest = |case: usize| {
        let shifts = tested.iter().zip(rules.confirmed_nights).enumerate();
        let sure = shifts.filter_map(|(asked, (tested, nights))| {
            let p = adjusted[asked * cases + case];
            let by = tested[case].as_ref().filter(|_| p <= rules.confirmed_p)?.by;
            Some((Shift { by, p }, nights))
        });
        sure.min_by(|one, other| one.0.p.total_cmp(&other.0.p))
    };
    (0..cases).map(surest).collect()
}

impl Durations {
    /// None where the run that is judged has no duration.
    fn of(nights: &[&Night<'_>], tonight: usize) -> Self {
        let of_night = |night: &&Night<'_>| Some((night.run, night.seconds()?.max(SHORTEST).ln()));
        let durations: Vec<_> = nights.iter().filter_map(of_night).collect();
        let is_there = durations.last().is_some_and(|(run, _)| *run == tonight);
        Self(if is_there { durations } else { Vec::new() })
    }

    /// The recent nights, and the baseline before them where it is long enough.
    fn split(&self, recent: usize, rules: &Rules) -> Option<(Vec<f64>, Vec<f64>)> {
        let begun = self.0.len().checked_sub(recent)?;
        let baseline = begun.saturating_sub(rules.baseline)..begun;
        let values = |part: &[(usize, f64)]| part.iter().map(|(_, value)| *value).collect::<Vec<_>>();
        let long_enough = baseline.len() >= rules.least_baseline;
        long_enough.then(|| (values(&self.0[begun..]), values(&self.0[baseline])))
    }

    fn shift(&self, recent: usize, rules: &Rules) -> Option<Shift> {
        let (recent, baseline) = self.split(recent, rules)?;
        let (now, before) = (median(&recent)?, median(&baseline)?);
        let by = now - before;
        let matters = by.abs() >= rules.factor.ln() && (now.exp() - before.exp()).abs() >= rules.seconds;
        // To count all ways is what costs.
        if !matters {
            return None;
        }
        rank_sum(&recent, &baseline).map(|found| Shift { by, p: found.p })
    }

    fn told(
        &self,
        shift: &Shift,
        confirmed: bool,
        recent: usize,
        runs: &[KeptRun],
        rules: &Rules,
    ) -> Option<News> {
        let (now, before) = self.split(recent, rules)?;
        let begun = self.begun(rules)?;
        let last_good = begun.checked_sub(1).map(|before| self.0[before].0);
        let pace = Pace {
            confirmed,
            before: median(&before)?.exp(),
            now: median(&now)?.exp(),
            p: shift.p,
            window: window(runs, last_good, self.0[begun].0),
        };
        Some(if shift.by > 0.0 { News::Slower(pace) } else { News::Faster(pace) })
    }

    /// Where two medians fit best, one before and one after: the nights together lie least far from them. Ranks would
    /// not do: among few slow nights one of the slowest before costs nothing.
    fn begun(&self, rules: &Rules) -> Option<usize> {
        let first = self.0.len().saturating_sub(FARTHEST + rules.baseline);
        let values: Vec<_> = self.0[first..].iter().map(|(_, value)| *value).collect();
        let farthest = values.len().checked_sub(rules.least_baseline)?.min(FARTHEST);
        let away = |recent: usize| {
            let (before, now) = values.split_at(values.len() - recent);
            distance(before) + distance(now)
        };
        let best = (1..=farthest).min_by(|one, other| away(*one).total_cmp(&away(*other)))?;
        Some(self.0.len() - best)
    }
}

/// How far values lie from their median, together.
fn distance(values: &[f64]) -> f64 {
    let middle = median(values).unwrap_or_default();
    values.iter().map(|value| (value - middle).abs()).sum()
}
