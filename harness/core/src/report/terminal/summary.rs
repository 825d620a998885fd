//! The summary line of a run.

use std::path::Path;

use super::style::{Styles, styled};
use crate::plan::Purpose;
use crate::record::{CaseRecord, Proof, RunOutcome, RunRecord};
use crate::report::text::{counted, visible_line};

/// The longest text after the counts, in characters.
const LONGEST_REST: usize = 400;

/// The outcome and the counts of a run, in one line.
pub(super) fn summary(
    record: &RunRecord,
    proofs: &[(&CaseRecord, Proof)],
    folder: &Path,
    styles: &Styles,
) -> String {
    let counts = match record.purpose {
        Purpose::Check => verdict_counts(record),
        Purpose::Prove => proof_counts(proofs),
    };
    let outcome = RunOutcome::of(record);
    let style = match outcome {
        RunOutcome::Conformant => styles.good,
        RunOutcome::Partial => styles.skipped,
        RunOutcome::Inconclusive => styles.inconclusive,
        RunOutcome::Nonconformant => styles.bad,
    };
    let interrupted =
        record.interrupted.as_deref().map(|by| format!(", interrupted by {by}")).unwrap_or_default();
    let wall = record.ended.duration_since(record.started).as_secs_f64();
    let rest = format!(
        "after {wall:.1} s on {}, evidence in {}{interrupted}",
        record.cluster.version,
        folder.display()
    );
    format!("{} ({counts}) {}", styled(style, outcome.word()), visible_line(&rest, LONGEST_REST))
}

fn verdict_counts(record: &RunRecord) -> String {
    let counts = record.counts();
    let noun = if record.cases.iter().any(|case| case.round > 1) { "execution" } else { "case" };
    let all = counted(record.cases.len(), noun);
    let parts = [
        (counts.pass, "passed"),
        (counts.fail, "failed"),
        (counts.flaky, "flaky"),
        (counts.inconclusive, "inconclusive"),
        (counts.skip, "skipped"),
    ];
    listed(&all, &parts)
}

fn proof_counts(proofs: &[(&CaseRecord, Proof)]) -> String {
    let mutants: Vec<_> =
        proofs.iter().filter(|(case, _)| case.mutant.is_some()).map(|(_, proof)| proof).collect();
    let cases: Vec<_> =
        proofs.iter().filter(|(case, _)| case.mutant.is_none()).map(|(_, proof)| proof).collect();
    let count =
        |proofs: &[&Proof], fits: fn(&Proof) -> bool| proofs.iter().filter(|proof| fits(proof)).count();
    let inconclusive = |proof: &Proof| matches!(proof, Proof::Inconclusive { .. });
    let skipped = |proof: &Proof| matches!(proof, Proof::Skipped { .. });
    let of_cases = [
        (count(&cases, |proof| matches!(proof, Proof::Passed)), "passed"),
        (count(&cases, |proof| matches!(proof, Proof::Failed)), "failed"),
        (count(&cases, inconclusive), "inconclusive"),
        (count(&cases, skipped), "skipped"),
    ];
    let of_mutants = [
        (count(&mutants, |proof| matches!(proof, Proof::Killed)), "killed"),
        (count(&mutants, |proof| matches!(proof, Proof::Survived)), "survived"),
        (
            count(&mutants, |proof| matches!(proof, Proof::WrongAssertion { .. })),
            "killed by the wrong assertion",
        ),
        (count(&mutants, inconclusive), "inconclusive"),
        (count(&mutants, skipped), "skipped"),
    ];
    let cases = listed(&counted(cases.len(), "case"), &of_cases);
    let mutants = listed(&counted(mutants.len(), "mutant"), &of_mutants);
    format!("{cases}; {mutants}")
}

/// Lists the counts after `all`; leaves out zeros.
pub(super) fn listed(all: &str, parts: &[(usize, &str)]) -> String {
    let some: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if some.is_empty() { all.to_owned() } else { format!("{all}: {}", some.join(", ")) }
}
