//! The history of one case: whether it passes or fails, and since when.

use super::case_run::{CaseResult, CaseRun};
use super::change::{ChangeKind, ChangeRange};
use super::flake::Flakes;
use super::rules::Rules;
use crate::history::facts::changed_facts;
use crate::history::model::HistoryRun;

/// The history of a case up to the reviewed run, in sound runs and for one revision of its claim; the oldest run first.
pub(super) struct CaseHistory<'a> {
    pub(super) runs: &'a [HistoryRun],
    pub(super) rules: &'a Rules,
    /// The runs in which the case passed, failed or was mixed.
    pub(super) significant: Vec<&'a CaseRun<'a>>,
}

impl CaseHistory<'_> {
    /// The change of a case that ended with `result` in the reviewed run.
    pub(super) fn change(&self, result: CaseResult) -> Option<ChangeKind> {
        match result {
            CaseResult::Pass => self.change_of_pass(),
            CaseResult::Fail => self.change_of_fail(),
            CaseResult::Mixed => {
                let newly_flaky = !self.flakes(self.significant.len() - 1).is_flaky();
                flaky(self.flakes(self.significant.len()), true, newly_flaky)
            }
            CaseResult::Inconclusive => Some(ChangeKind::Inconclusive { failing: self.failing() }),
            CaseResult::Skip => None,
        }
    }

    fn change_of_fail(&self) -> Option<ChangeKind> {
        let failures = self.failures_before(self.significant.len());
        let start = self.significant.len() - failures;
        let flakes = self.flakes(start);
        let alarm = flakes.alarm(self.rules);
        let range = self.range(start)?;
        if failures < alarm {
            flaky(flakes, true, false)
        } else if failures > alarm || start == 0 {
            Some(ChangeKind::StillFailing { range, runs: failures })
        } else {
            match self.repaired_before(start) {
                Some(repaired) if !flakes.is_flaky() => {
                    let fixed_in = self.runs[self.significant[repaired].run].name();
                    Some(ChangeKind::Reopened { range, fixed_in })
                }
                _ => Some(ChangeKind::NewFailure { range }),
            }
        }
    }

    fn change_of_pass(&self) -> Option<ChangeKind> {
        let last = self.significant.len() - 1;
        let failures = self.failures_before(last);
        let flakes = self.flakes(self.significant.len());
        if failures > 0 {
            let start = last - failures;
            let alarmed = failures >= self.flakes(start).alarm(self.rules);
            let broken = failures >= self.rules.broken_runs;
            if alarmed && (broken || !flakes.is_flaky()) {
                let since = self.runs[self.significant[start].run].name();
                return Some(ChangeKind::Fixed { since, runs: failures });
            }
        }
        let newly_flaky = failures > 0 && !self.flakes(last).is_flaky();
        flaky(flakes, false, newly_flaky)
    }

    /// Since when the case has failed, if its last significant run failed and flakes do not explain the failures.
    fn failing(&self) -> Option<ChangeRange> {
        let failures = self.failures_before(self.significant.len());
        let start = self.significant.len() - failures;
        (failures > 0 && failures >= self.flakes(start).alarm(self.rules)).then(|| self.range(start))?
    }

    fn flakes(&self, until: usize) -> Flakes {
        Flakes::of(&self.significant[..until], self.runs, self.rules)
    }

    /// The number of consecutive failures directly before index `until`.
    fn failures_before(&self, until: usize) -> usize {
        self.significant[..until].iter().rev().take_while(|run| run.is_bad()).count()
    }

    /// The index of the first pass after earlier failures, if that is shortly before index `start`.
    fn repaired_before(&self, start: usize) -> Option<usize> {
        let passes = self.significant[..start].iter().rev().take_while(|run| !run.is_bad()).count();
        (passes <= self.rules.reopened_runs && passes < start).then_some(start - passes)
    }

    fn range(&self, start: usize) -> Option<ChangeRange> {
        let first_bad = self.significant.get(start)?.run;
        let last_good = start.checked_sub(1).map(|before| self.significant[before].run);
        Some(range(self.runs, last_good, first_bad))
    }
}

fn flaky(flakes: Flakes, in_this_run: bool, newly_flaky: bool) -> Option<ChangeKind> {
    let rate = flakes.rate().filter(|_| flakes.is_flaky())?;
    Some(ChangeKind::Flaky { rate, flips: flakes.flips, in_this_run, newly_flaky })
}

/// The range between two runs, given by their indices in `runs`.
pub(super) fn range(runs: &[HistoryRun], last_good: Option<usize>, first_bad: usize) -> ChangeRange {
    let changed = last_good.map(|good| changed_facts(&runs[good].facts, &runs[first_bad].facts));
    ChangeRange {
        last_good: last_good.map(|good| runs[good].name()),
        first_bad: runs[first_bad].name(),
        changed_facts: changed.unwrap_or_default(),
    }
}
