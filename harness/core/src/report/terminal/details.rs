//! The details of each execution that failed or is inconclusive.

use std::path::Path;

use super::claim_name::claim;
use super::style::{Styles, styled};
use crate::judge::Finding;
use crate::record::{CaseRecord, Proof, RunRecord, evidence_folder};
use crate::report::entry::rests_on_evidence;
use crate::report::status::{CaseStatus, gist};
use crate::report::text::{visible, visible_line};

/// The longest text, in bytes. The evidence has the whole text.
const LONGEST_TEXT: usize = 2000;

/// The longest line, in characters.
const LONGEST_LINE: usize = 300;

/// A paragraph per failed or inconclusive execution, then the faults.
pub(super) fn details(
    record: &RunRecord,
    proofs: &[(&CaseRecord, Proof)],
    folder: &Path,
    styles: &Styles,
) -> String {
    let mut text = String::new();
    for (case, proof) in proofs {
        let status = CaseStatus::of(record.purpose, case, proof);
        match status {
            // The table already has the reason of a skip.
            CaseStatus::Pass | CaseStatus::Killed | CaseStatus::Skip => {}
            CaseStatus::Survived | CaseStatus::Inconclusive => {
                text += &head(case, status, styles);
                text += &reason(case, proof, status);
                text += &attempts(case, styles);
                text += &evidence(case, folder, styles);
            }
            CaseStatus::Fail | CaseStatus::Flaky | CaseStatus::WrongAssertion => {
                text += &head(case, status, styles);
                text += &expected_killer(case, status);
                text += &case.verdict.findings().iter().map(|one| finding(one, styles)).collect::<String>();
                text += &attempts(case, styles);
                text += &notes(case, styles);
                text += &evidence(case, folder, styles);
            }
        }
    }
    text + &faults(record, styles)
}

fn head(case: &CaseRecord, status: CaseStatus, styles: &Styles) -> String {
    let word = styled(status.style(styles), status.word());
    let mutant = case.mutant.as_ref().map(|mutant| format!(" under {}", mutant.name)).unwrap_or_default();
    let name = visible_line(&(claim(case) + &mutant), LONGEST_LINE);
    format!("{word} {}\n  {}\n", styled(styles.strong, &name), visible_line(&case.title, LONGEST_LINE))
}

fn reason(case: &CaseRecord, proof: &Proof, status: CaseStatus) -> String {
    let reason = match (status, &case.mutant) {
        (CaseStatus::Survived, Some(mutant)) => {
            format!("passed although {}; {} must fail", mutant.breaks, mutant.must_fail)
        }
        _ => gist(case, proof),
    };
    let reason = if reason.trim().is_empty() { "no reason was given" } else { reason.as_str() };
    format!("  {}\n", hanging(reason, 2))
}

/// The assertion that must fail, for a mutant that was killed by another one. The findings after it show which.
fn expected_killer(case: &CaseRecord, status: CaseStatus) -> String {
    match (status, &case.mutant) {
        (CaseStatus::WrongAssertion, Some(mutant)) => {
            format!("  {} must fail\n", hanging(&mutant.must_fail, 2))
        }
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

/// The verdicts of the attempts. Empty if there was only one.
fn attempts(case: &CaseRecord, styles: &Styles) -> String {
    if case.attempts.is_empty() {
        return String::new();
    }
    format!("  {} {}\n", styled(styles.faint, "attempts"), case.attempt_verdicts())
}

/// Known problems of the runtime that may have caused a fail. They do not change the verdict.
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
        .map(|fault| format!("{} {}\n", styled(styles.inconclusive, "FAULT"), hanging(&fault, 6)))
        .collect();
    if lines.is_empty() { String::new() } else { lines.concat() + "\n" }
}

/// Indents every line of `text` but the first.
fn hanging(text: &str, indent: usize) -> String {
    visible(text.trim_end(), LONGEST_TEXT).replace('\n', &format!("\n{}", " ".repeat(indent)))
}
