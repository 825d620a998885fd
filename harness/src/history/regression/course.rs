//! Whether a case passes or fails, and since when.

use super::flake::Flakes;
use super::news::{News, Window};
use super::night::{Ended, Night};
use super::rules::Rules;
use crate::history::facts::changed_facts;
use crate::history::kept::KeptRun;

/// A case up to the run that is judged, in sound runs and as long as it means the same; the oldest first.
pub(super) struct Course<'a> {
    pub(super) runs: &'a [KeptRun],
    pub(super) rules: &'a Rules,
    /// Those that say something of the claim, up to the run that is judged.
    pub(super) significant: Vec<&'a Night<'a>>,
}

impl Course<'_> {
    /// What is new of a case that ended so in the run that is judged.
    pub(super) fn news(&self, tonight: Ended) -> Option<News> {
        match tonight {
            Ended::Pass => self.of_pass(),
            Ended::Fail => self.of_fail(),
            Ended::Mixed => {
                let newly = !self.flakes(self.significant.len() - 1).is_flaky();
                flaky(self.flakes(self.significant.len()), true, newly)
            }
            Ended::Inconclusive => Some(News::Untold { failing: self.failing() }),
            Ended::Skip => None,
        }
    }

    fn of_fail(&self) -> Option<News> {
        let nights = self.failures_before(self.significant.len());
        let begun = self.significant.len() - nights;
        let flakes = self.flakes(begun);
        let alarm = flakes.alarm(self.rules);
        let window = self.window(begun)?;
        if nights < alarm {
            flaky(flakes, true, false)
        } else if nights > alarm || begun == 0 {
            Some(News::StillFailing { window, nights })
        } else {
            match self.repaired_before(begun) {
                Some(repaired) if !flakes.is_flaky() => {
                    let fixed = self.runs[self.significant[repaired].run].name();
                    Some(News::Reopened { window, fixed })
                }
                _ => Some(News::NewFailure { window }),
            }
        }
    }

    fn of_pass(&self) -> Option<News> {
        let last = self.significant.len() - 1;
        let nights = self.failures_before(last);
        let flakes = self.flakes(self.significant.len());
        if nights > 0 {
            let begun = last - nights;
            let alarmed = nights >= self.flakes(begun).alarm(self.rules);
            let broken = nights >= self.rules.broken_nights;
            if alarmed && (broken || !flakes.is_flaky()) {
                return Some(News::Fixed { since: self.runs[self.significant[begun].run].name(), nights });
            }
        }
        let newly = nights > 0 && !self.flakes(last).is_flaky();
        flaky(flakes, false, newly)
    }

    /// Since when the case has failed, where the last night that tells is one more failure than flakes explain.
    fn failing(&self) -> Option<Window> {
        let nights = self.failures_before(self.significant.len());
        let begun = self.significant.len() - nights;
        (nights > 0 && nights >= self.flakes(begun).alarm(self.rules)).then(|| self.window(begun))?
    }

    fn flakes(&self, until: usize) -> Flakes {
        Flakes::of(&self.significant[..until], self.runs, self.rules)
    }

    /// How many failures in a row stand before the night `until`.
    fn failures_before(&self, until: usize) -> usize {
        self.significant[..until].iter().rev().take_while(|night| night.is_bad()).count()
    }

    /// The night with which failures ended that ended shortly before the night `begun`.
    fn repaired_before(&self, begun: usize) -> Option<usize> {
        let passes = self.significant[..begun].iter().rev().take_while(|night| !night.is_bad()).count();
        (passes <= self.rules.reopened_nights && passes < begun).then_some(begun - passes)
    }

    fn window(&self, begun: usize) -> Option<Window> {
        let first_bad = self.significant.get(begun)?.run;
        let last_good = begun.checked_sub(1).map(|before| self.significant[before].run);
        Some(window(self.runs, last_good, first_bad))
    }
}

fn flaky(flakes: Flakes, tonight: bool, newly: bool) -> Option<News> {
    let rate = flakes.rate().filter(|_| flakes.is_flaky())?;
    Some(News::Flaky { rate, flips: flakes.flips, tonight, newly })
}

/// The window between two runs, by their places.
pub(super) fn window(runs: &[KeptRun], last_good: Option<usize>, first_bad: usize) -> Window {
    let changed = last_good.map(|good| changed_facts(&runs[good].facts, &runs[first_bad].facts));
    Window {
        last_good: last_good.map(|good| runs[good].name()),
        first_bad: runs[first_bad].name(),
        changed: changed.unwrap_or_default(),
    }
}
