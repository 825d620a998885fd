//! The report of a run on stdout.

use std::path::Path;

use anstyle::Style;

use super::claim_name::claim;
use super::columns::Columns;
use super::details::details;
use super::style::Styles;
use super::summary::summary;
use crate::plan::Purpose;
use crate::record::{CaseRecord, Proof, RunRecord, proofs};
use crate::report::status::{CaseStatus, gist};
use crate::report::text::visible_line;

/// The longest name in a column, in characters.
const LONGEST_NAME: usize = 80;

/// The longest text in the last column, in characters.
const LONGEST_TEXT: usize = 100;

/// Renders a record for a terminal: a table, the details of failed and inconclusive executions, the faults and a
/// summary. `folder` is the run's.
#[must_use]
pub fn table(record: &RunRecord, folder: &Path, styles: &Styles) -> String {
    let proofs = proofs(record);
    let columns = match record.purpose {
        Purpose::Check => check_columns(record, &proofs, styles),
        Purpose::Prove => prove_columns(&proofs, styles),
    };
    let details = details(record, &proofs, folder, styles);
    format!("{}\n{details}{}\n", columns.text(), summary(record, &proofs, folder, styles))
}

fn check_columns(record: &RunRecord, proofs: &[(&CaseRecord, Proof)], styles: &Styles) -> Columns {
    let heads = ["VERDICT", "CLAIM", "SECONDS", "WHAT"];
    let mut columns = Columns::new(&heads, styles.strong, &[2]);
    for (case, proof) in proofs {
        let status = CaseStatus::of(record.purpose, case, proof);
        let gist = gist(case, proof);
        let text = if gist.is_empty() { title(case) } else { gist };
        columns.push(vec![
            (status.style(styles), status.word().to_owned()),
            (Style::new(), claim(case)),
            (Style::new(), format!("{:.1}", case.seconds)),
            (Style::new(), visible_line(&text, LONGEST_TEXT)),
        ]);
    }
    columns
}

/// The claim's title, marked if no cluster has proved yet that its case can fail, and if there was more than one
/// attempt.
fn title(case: &CaseRecord) -> String {
    let warning = if case.unproved.is_some() { " (unproved)" } else { "" };
    let attempts = match case.attempts_made() {
        1 => String::new(),
        made => format!(" (attempt {made})"),
    };
    format!("{}{warning}{attempts}", case.title)
}

fn prove_columns(proofs: &[(&CaseRecord, Proof)], styles: &Styles) -> Columns {
    let heads = ["PROOF", "CASE", "MUTANT", "KILLED BY", "SECONDS", "WHAT"];
    let mut columns = Columns::new(&heads, styles.strong, &[4]);
    for (case, proof) in proofs {
        let status = CaseStatus::of(Purpose::Prove, case, proof);
        let (killer, text) = killer_and_text(case, proof);
        columns.push(vec![
            (status.style(styles), status.word().to_owned()),
            (Style::new(), claim(case)),
            (Style::new(), mutant(case)),
            (Style::new(), visible_line(&killer, LONGEST_NAME)),
            (Style::new(), format!("{:.1}", case.seconds)),
            (Style::new(), visible_line(&text, LONGEST_TEXT)),
        ]);
    }
    columns
}

fn killer_and_text(case: &CaseRecord, proof: &Proof) -> (String, String) {
    let mutant = case.mutant.as_ref();
    let must_fail = mutant.map(|mutant| mutant.must_fail.as_str()).unwrap_or_default();
    match proof {
        Proof::Passed => (no_value(), "passes without a mutant".to_owned()),
        Proof::Failed => (no_value(), format!("fails without a mutant: {}", gist(case, proof))),
        Proof::Killed => {
            (must_fail.to_owned(), mutant.map(|mutant| mutant.breaks.clone()).unwrap_or_default())
        }
        Proof::Survived => (no_value(), format!("{must_fail} must fail")),
        Proof::WrongAssertion { by } => (by.join(", "), format!("{must_fail} must fail")),
        Proof::Skipped { why } | Proof::Inconclusive { why } => (no_value(), why.clone()),
    }
}

fn mutant(case: &CaseRecord) -> String {
    case.mutant.as_ref().map_or_else(no_value, |mutant| visible_line(&mutant.name, LONGEST_NAME))
}

fn no_value() -> String {
    "-".to_owned()
}
