//! Which failures come and go for no reason that is seen.

use super::night::{Ended, Night};
use super::rules::Rules;
use crate::experiment::Share;
use crate::history::kept::KeptRun;

/// What the nights of a case say of its flakes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flakes {
    considered: u32,
    failed: u32,
    /// How often it changed between pass and fail.
    pub(super) flips: usize,
    /// Failures that came and went.
    episodes: usize,
    /// Those that went though nothing changed, or in the same run.
    unexplained: usize,
}

impl Flakes {
    /// What significant nights say, the last of them included. Failures of three nights or more were no flake, and
    /// those at the end are still open: neither is considered.
    pub(super) fn of(significant: &[&Night<'_>], runs: &[KeptRun], rules: &Rules) -> Self {
        let recent = &significant[significant.len().saturating_sub(rules.flake_nights)..];
        let mut flakes = Self::default();
        let mut chunks = recent.chunk_by(|one, other| one.is_bad() == other.is_bad()).peekable();
        let mut is_first = true;
        while let Some(chunk) = chunks.next() {
            let next = chunks.peek().and_then(|next| next.first());
            match (chunk.first().is_some_and(|night| night.is_bad()), next) {
                (true, Some(next)) => flakes.take_failures(chunk, next, is_first, runs, rules),
                (true, None) => {}
                (false, _) => flakes.take_passes(chunk),
            }
            is_first = false;
        }
        flakes
    }

    fn take_failures(
        &mut self,
        chunk: &[&Night<'_>],
        next: &Night<'_>,
        is_first: bool,
        runs: &[KeptRun],
        rules: &Rules,
    ) {
        if chunk.len() >= rules.broken_nights {
            return;
        }
        let count = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        self.considered += count;
        self.failed += count;
        self.episodes += 1;
        self.flips += if is_first { 1 } else { 2 };
        let unchanged = chunk.last().is_some_and(|last| {
            let (during, after) = (&runs[last.run].facts, &runs[next.run].facts);
            // Where nothing is known, something may have changed.
            !during.is_empty() && during == after
        });
        self.unexplained += usize::from(unchanged);
    }

    fn take_passes(&mut self, chunk: &[&Night<'_>]) {
        for night in chunk {
            let mixed = night.ended() == Ended::Mixed;
            self.considered += 1;
            self.failed += u32::from(mixed);
            self.unexplained += usize::from(mixed);
            self.flips += usize::from(mixed);
        }
    }

    /// Whether the case is flaky: it failed and passed with nothing changed, or did so twice whatever changed.
    pub(super) fn is_flaky(&self) -> bool {
        self.unexplained > 0 || self.episodes > 1
    }

    /// How often it fails.
    pub(super) fn rate(&self) -> Option<Share> {
        Share::of(self.failed, self.considered)
    }

    /// How many failures in a row are more than a flake.
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
