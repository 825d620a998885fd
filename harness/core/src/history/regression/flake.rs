//! Recognizes flaky cases: failures that come and go without a visible reason.

use super::case_run::{CaseResult, CaseRun};
use super::rules::Rules;
use crate::history::model::HistoryRun;
use crate::statistics::Share;

/// The flakes in the history of a case.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flakes {
    /// The number of runs considered.
    considered: u32,
    /// The number of those that failed.
    failed: u32,
    /// The number of changes between pass and fail.
    pub(super) flips: usize,
    /// The number of failure episodes that ended.
    episodes: usize,
    /// The number of episodes that ended within a run, or without a change of the environment.
    unexplained: usize,
}

impl Flakes {
    /// Evaluates the significant runs of a case. Ignores long episodes (see [`Rules::broken_runs`]), which were real
    /// failures, and failures at the end, which may still continue.
    pub(super) fn of(significant: &[&CaseRun<'_>], runs: &[HistoryRun], rules: &Rules) -> Self {
        let recent = &significant[significant.len().saturating_sub(rules.flake_runs)..];
        let mut flakes = Self::default();
        let mut chunks = recent.chunk_by(|one, other| one.is_bad() == other.is_bad()).peekable();
        let mut is_first = true;
        while let Some(chunk) = chunks.next() {
            let next = chunks.peek().and_then(|next| next.first());
            match (chunk.first().is_some_and(|run| run.is_bad()), next) {
                (true, Some(next)) => flakes.add_failures(chunk, next, is_first, runs, rules),
                (true, None) => {}
                (false, _) => flakes.add_passes(chunk),
            }
            is_first = false;
        }
        flakes
    }

    fn add_failures(
        &mut self,
        chunk: &[&CaseRun<'_>],
        next: &CaseRun<'_>,
        is_first: bool,
        runs: &[HistoryRun],
        rules: &Rules,
    ) {
        if chunk.len() >= rules.broken_runs {
            return;
        }
        let count = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        self.considered += count;
        self.failed += count;
        self.episodes += 1;
        self.flips += if is_first { 1 } else { 2 };
        let unchanged = chunk.last().is_some_and(|last| {
            let (during, after) = (&runs[last.run].facts, &runs[next.run].facts);
            // Without facts it is unknown whether the environment changed.
            !during.is_empty() && during == after
        });
        self.unexplained += usize::from(unchanged);
    }

    fn add_passes(&mut self, chunk: &[&CaseRun<'_>]) {
        for run in chunk {
            let mixed = run.result() == CaseResult::Mixed;
            self.considered += 1;
            self.failed += u32::from(mixed);
            self.unexplained += usize::from(mixed);
            self.flips += usize::from(mixed);
        }
    }

    /// Returns whether the case is flaky: an unexplained episode, or more than one episode of any kind.
    pub(super) fn is_flaky(&self) -> bool {
        self.unexplained > 0 || self.episodes > 1
    }

    /// The failure rate. `None` without runs.
    pub(super) fn rate(&self) -> Option<Share> {
        Share::of(self.failed, self.considered)
    }

    /// The number of consecutive failures from which on the case counts as failing, not flaky.
    pub(super) fn alarm(&self, rules: &Rules) -> usize {
        const MOST: f64 = 0.9;
        let rate = self.rate().map_or(0.0, |rate| rate.share.min(MOST));
        if !self.is_flaky() || rate <= 0.0 {
            return 1;
        }
        let mut in_a_row = 1;
        let mut probability = rate;
        while probability > rules.explained {
            probability *= rate;
            in_a_row += 1;
        }
        in_a_row
    }
}
