//! What each execution that is no success has to say.

use std::path::Path;

use super::style::{Styles, styled};
use super::table::claim;
use crate::judge::Finding;
use crate::report::entry::rests_on_evidence;
use crate::report::status::{Status, gist};
use crate::report::text::{visible, visible_line};
use crate::run::{CaseRecord, Proof, RunRecord, evidence_folder};

/// How much of one text is shown; all of it is in the evidence.
const LONGEST_TEXT: usize = 2000;

/// How much of a line is shown.
const LONGEST_LINE: usize = 300;

/// A paragraph per execution that is no success, then the faults.
pub(super) fn details(
    record: &RunRecord,
    proofs: &[(&CaseRecord, Proof)],
    folder: &Path,
    styles: &Styles,
) -> String {
    let mut text = String::new();
    for (case, proof) in proofs {
        let status = Status::of(record.purpose, case, proof);
        match status {
            // The table has said why a case was not asked.
            Status::Pass | Status::Killed | Status::Skip => {}
            Status::Survived | Status::Untold | Status::Inconclusive => {
                text += &head(case, status, styles);
                text += &told(case, proof, status);
                text += &attempts(case, styles);
                text += &evidence(case, folder, styles);
            }
            Status::Fail | Status::Flaky | Status::KilledOtherwise => {
                text += &head(case, status, styles);
                text += &unkilled(case, status);
                text += &case.verdict.findings().iter().map(|one| finding(one, styles)).collect::<String>();
                text += &attempts(case, styles);
                text += &notes(case, styles);
                text += &evidence(case, folder, styles);
            }
        }
    }
    text + &faults(record, styles)
}

fn head(case: &CaseRecord, status: Status, styles: &Styles) -> String {
    let word = styled(status.style(styles), status.word());
    let mutant = case.mutant.as_ref().map(|mutant| format!(" under {}", mutant.name)).unwrap_or_default();
    let name = visible_line(&(claim(case) + &mutant), LONGEST_LINE);
    format!("{word} {}\n  {}\n", styled(styles.strong, &name), visible_line(&case.title, LONGEST_LINE))
}

fn told(case: &CaseRecord, proof: &Proof, status: Status) -> String {
    let said = match (status, &case.mutant) {
        (Status::Survived, Some(mutant)) => {
            format!("passed although {}; {} must fail", mutant.breaks, mutant.must_fail)
        }
        _ => gist(case, proof),
    };
    let said = if said.trim().is_empty() { "no reason was given" } else { said.as_str() };
    format!("  {}\n", hanging(said, 2))
}

/// A mutant that was killed otherwise fails by what follows, and not by what it must.
fn unkilled(case: &CaseRecord, status: Status) -> String {
    match (status, &case.mutant) {
        (Status::KilledOtherwise, Some(mutant)) => format!("  {} must fail\n", hanging(&mutant.must_fail, 2)),
        _ => String::new(),
    }
}

fn finding(finding: &Finding, styles: &Styles) -> String {
    let Finding { assertion, expected, seen, pointer } = finding;
    let line = |label: &str, text: &str| {
        format!("    {} {}\n", styled(styles.faint, &format!("{label:8}")), hanging(text, 13))
    };
    format!(
        "  {}\n{}{}{}",
        styled(styles.strong, &visible_line(assertion, LONGEST_LINE)),
        line("expected", expected),
        line("seen", seen),
        line("where", pointer),
    )
}

/// What became of each attempt, where there was more than one.
fn attempts(case: &CaseRecord, styles: &Styles) -> String {
    if case.attempts.is_empty() {
        return String::new();
    }
    format!("  {} {}\n", styled(styles.faint, "attempts"), case.attempts_in_words())
}

/// What is known of the runtime belongs to a finding; it is no excuse.
fn notes(case: &CaseRecord, styles: &Styles) -> String {
    let label = styled(styles.faint, "note");
    let lines: Vec<_> = case.notes.iter().map(|note| format!("  {label} {}\n", hanging(note, 7))).collect();
    lines.concat()
}

fn evidence(case: &CaseRecord, folder: &Path, styles: &Styles) -> String {
    if !rests_on_evidence(folder, &case.slug, &case.verdict) {
        return "\n".to_owned();
    }
    let file = evidence_folder(folder, &case.slug).join("evidence.json");
    let file = visible_line(&file.display().to_string(), LONGEST_LINE);
    format!("  {} {file}\n\n", styled(styles.faint, "evidence"))
}

fn faults(record: &RunRecord, styles: &Styles) -> String {
    let of_cases = record
        .cases
        .iter()
        .flat_map(|case| case.faults.iter().map(|fault| format!("{}: {fault}", case.slug)));
    let lines: Vec<_> = of_cases
        .chain(record.faults.iter().cloned())
        .map(|fault| format!("{} {}\n", styled(styles.untold, "FAULT"), hanging(&fault, 6)))
        .collect();
    if lines.is_empty() { String::new() } else { lines.concat() + "\n" }
}

/// A text of several lines, each but the first indented.
fn hanging(text: &str, indent: usize) -> String {
    visible(text.trim_end(), LONGEST_TEXT).replace('\n', &format!("\n{}", " ".repeat(indent)))
}
