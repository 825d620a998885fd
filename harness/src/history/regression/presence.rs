//! Whether a case is there at all.

use super::news::News;
use super::night::{Ended, Night};
use super::rules::Rules;
use crate::history::kept::KeptRun;

/// What there is to say of a case that the run does not have; `nights` are those in sound runs.
pub(super) fn absent(nights: &[&Night<'_>], runs: &[KeptRun], sound: &[bool], rules: &Rules) -> Option<News> {
    let last = nights.last()?.run;
    let missed = sound[last + 1..runs.len() - 1].iter().filter(|sound| **sound).count() + 1;
    (missed <= rules.missing_runs).then(|| News::Missing { last: runs[last].name(), runs: missed })
}

/// What there is to say of a case that the run has, by its nights in sound runs before, of the same meaning.
pub(super) fn present(tonight: Ended, before: &[&Night<'_>], runs: &[KeptRun]) -> Option<News> {
    let last = before.iter().rev().find(|night| night.ended() != Ended::Inconclusive)?;
    match (last.ended(), tonight) {
        (Ended::Skip, Ended::Skip | Ended::Inconclusive) => None,
        (Ended::Skip, _) => Some(News::NoMoreSkipped),
        (_, Ended::Skip) => Some(News::NewlySkipped { last: runs[last.run].name() }),
        _ => None,
    }
}
