//! The name of a claim in a table.

use crate::record::CaseRecord;

pub(super) fn claim(case: &CaseRecord) -> String {
    match case.round {
        0 | 1 => case.claim.to_string(),
        round => format!("{} (round {round})", case.claim),
    }
}
