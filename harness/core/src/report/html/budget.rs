//! Size limits that keep the page small enough for a browser.

use maud::{Markup, html};

use crate::report::entry::Entry;

/// Approximate size limit of the page, in bytes.
const PAGE: usize = 4_500_000;

/// Approximate size of one execution and of one finding, without their texts and evidence, in bytes.
const ONE_EXECUTION: usize = 1_280;
const ONE_FINDING: usize = 800;

/// Upper and lower bound for the evidence of all executions together, in bytes.
const MOST_EVIDENCE: usize = 3_000_000;
const LEAST_EVIDENCE: usize = 200_000;

/// Limit for the evidence of one execution, in bytes.
const ONE_EVIDENCE: usize = 96 << 10;

/// The number of findings shown: on the whole page, and per execution.
const ALL_FINDINGS: usize = 2_000;
const ONE_EXECUTIONS_FINDINGS: usize = 12;

/// Limit for the texts of all findings and reasons together, in bytes before escaping.
const ALL_TEXTS: usize = 500_000;

/// Upper and lower bound for one of these texts, in bytes.
const ONE_TEXT: usize = 4 << 10;
const LEAST_TEXT: usize = 48;

/// The space that is left on the page.
pub(super) struct Budget {
    evidence: usize,
    findings: usize,
    text: usize,
}

impl Budget {
    /// Divides the page among these executions.
    pub(super) fn new(entries: &[Entry<'_>]) -> Self {
        let counts =
            entries.iter().map(|entry| entry.case.verdict.findings().len()).filter(|count| *count > 0);
        let findings = (ALL_FINDINGS / counts.clone().count().max(1)).clamp(1, ONE_EXECUTIONS_FINDINGS);
        let shown: usize = counts.map(|count| count.min(findings)).sum();
        let others = entries.len() * ONE_EXECUTION + shown * ONE_FINDING;
        Self {
            evidence: PAGE.saturating_sub(others).clamp(LEAST_EVIDENCE, MOST_EVIDENCE),
            findings,
            text: (ALL_TEXTS / (entries.len() + 3 * shown).max(1)).clamp(LEAST_TEXT, ONE_TEXT),
        }
    }

    /// The number of findings to show per execution.
    pub(super) fn findings(&self) -> usize {
        self.findings
    }

    /// The limit for one text of a finding or a reason, in bytes.
    pub(super) fn text(&self) -> usize {
        self.text
    }

    pub(super) fn has_room(&self) -> bool {
        self.evidence > 0
    }

    /// Returns `part` if it fits, otherwise a note that it is left out.
    pub(super) fn take(&mut self, part: Markup) -> Markup {
        let size = part.0.len();
        if size > self.evidence.min(ONE_EVIDENCE) {
            // Later evidence is less important. Showing parts of it would leave arbitrary gaps, so show none of it.
            self.evidence = if size > ONE_EVIDENCE { self.evidence } else { 0 };
            return left_out();
        }
        self.evidence -= size;
        part
    }
}

/// The note that replaces evidence that does not fit.
pub(super) fn left_out() -> Markup {
    html! { p.faint { "Left out to keep this page small." } }
}
