//! `podproof judge`: the verdicts of a run again, from its files alone.

use podproof::run::{Outcome, judge_again, read_record};

use crate::args::{JudgeArgs, Talk};
use crate::exit::{Code, Failure};
use crate::output;

/// Judges every case of the run again and tells where the verdict differs from the recorded one.
pub fn judge(order: &JudgeArgs, talk: &Talk) -> Result<Code, Failure> {
    let recorded = read_record(&order.run)?;
    let judged = judge_again(&order.run, &recorded);
    for (old, new) in recorded.cases.iter().zip(&judged.cases) {
        if old.verdict != new.verdict {
            let (slug, old, new) = (&new.slug, old.verdict.word(), new.verdict.word());
            tracing::info!(target: "podproof::talk", "{slug}: recorded as {old}, judged again as {new}");
        }
    }
    output::print_verdicts(&judged, &order.run, talk)?;
    Ok(Code::of_run(Outcome::of(&judged), None, true))
}
