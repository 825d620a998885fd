//! What stands on stdout when a run has ended.

use std::path::Path;

use anstyle::Style;

use super::columns::Columns;
use super::details::details;
use super::style::Styles;
use super::summary::summary;
use crate::plan::Purpose;
use crate::report::status::{Status, gist};
use crate::report::text::visible_line;
use crate::run::{CaseRecord, Proof, RunRecord, proofs};

/// How much of a name fits into a column.
const LONGEST_NAME: usize = 80;

/// How much of what is said fits into the last column.
const LONGEST_WHAT: usize = 100;

/// The record as text for people: the table, then what each execution that is no success has to say, the faults, and
/// the summary. `folder` is the run's.
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
        let status = Status::of(record.purpose, case, proof);
        let gist = gist(case, proof);
        let what = if gist.is_empty() { title(case) } else { gist };
        columns.push(vec![
            (status.style(styles), status.word().to_owned()),
            (Style::new(), claim(case)),
            (Style::new(), format!("{:.1}", case.seconds)),
            (Style::new(), visible_line(&what, LONGEST_WHAT)),
        ]);
    }
    columns
}

/// The claim's sentence, with a word of warning where no cluster has shown yet that its case can fail, and one where
/// it took more than one attempt to tell.
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
        let status = Status::of(Purpose::Prove, case, proof);
        let (killer, what) = killer_and_what(case, proof);
        columns.push(vec![
            (status.style(styles), status.word().to_owned()),
            (Style::new(), claim(case)),
            (Style::new(), mutant(case)),
            (Style::new(), visible_line(&killer, LONGEST_NAME)),
            (Style::new(), format!("{:.1}", case.seconds)),
            (Style::new(), visible_line(&what, LONGEST_WHAT)),
        ]);
    }
    columns
}

fn killer_and_what(case: &CaseRecord, proof: &Proof) -> (String, String) {
    let mutant = case.mutant.as_ref();
    let must_fail = mutant.map(|mutant| mutant.must_fail.as_str()).unwrap_or_default();
    match proof {
        Proof::Green => (nobody(), "passes without a mutant".to_owned()),
        Proof::Red => (nobody(), format!("fails without a mutant: {}", gist(case, proof))),
        Proof::Killed => {
            (must_fail.to_owned(), mutant.map(|mutant| mutant.breaks.clone()).unwrap_or_default())
        }
        Proof::Survived => (nobody(), format!("{must_fail} must fail")),
        Proof::KilledOtherwise { by } => (by.join(", "), format!("{must_fail} must fail")),
        Proof::Skipped { why } | Proof::Untold { why } => (nobody(), why.clone()),
    }
}

pub(super) fn claim(case: &CaseRecord) -> String {
    match case.round {
        0 | 1 => case.claim.to_string(),
        round => format!("{} (round {round})", case.claim),
    }
}

fn mutant(case: &CaseRecord) -> String {
    case.mutant.as_ref().map_or_else(nobody, |mutant| visible_line(&mutant.name, LONGEST_NAME))
}

fn nobody() -> String {
    "-".to_owned()
}
