//! `podproof judge`: computes the verdicts of a run again from its files.

use podproof::run::judge_again;
use podproof_core::record::{RunOutcome, read_record};

use crate::args::{JudgeArgs, OutputArgs};
use crate::exit::{Code, Failure};
use crate::output;

/// Judges every case of the run again and reports verdicts that differ from the recorded ones.
pub fn judge(args: &JudgeArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let recorded = read_record(&args.run)?;
    let judged = judge_again(&args.run, &recorded);
    for (old, new) in recorded.cases.iter().zip(&judged.cases) {
        if old.verdict != new.verdict {
            let (slug, old, new) = (&new.slug, old.verdict.word(), new.verdict.word());
            tracing::info!(target: "podproof::progress", "{slug}: recorded as {old}, judged again as {new}");
        }
    }
    output::print_verdicts(&judged, &args.run, output_args)?;
    Ok(Code::of_run(RunOutcome::of(&judged), None, true))
}
