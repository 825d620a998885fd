//! How much room there is on the page.

use maud::{Markup, html};

use crate::report::entry::Entry;

/// How large the page may be, about, in bytes.
const PAGE: usize = 4_500_000;

/// How much of it an execution and a finding take without their texts and their evidence, about.
const ONE_EXECUTION: usize = 1_280;
const ONE_FINDING: usize = 800;

/// How much the evidence of all executions may take, and how much however many there are.
const MOST_EVIDENCE: usize = 3_000_000;
const LEAST_EVIDENCE: usize = 200_000;

/// How much the evidence of one execution may take.
const ONE_EVIDENCE: usize = 96 << 10;

/// How many findings are shown in all, and how many of one execution.
const ALL_FINDINGS: usize = 2_000;
const ONE_EXECUTIONS_FINDINGS: usize = 12;

/// How much the texts of all findings and reasons may take together, in bytes of text.
const ALL_TEXTS: usize = 500_000;

/// How much one of those texts may take, and how much however many there are.
const ONE_TEXT: usize = 4 << 10;
const LEAST_TEXT: usize = 48;

/// The room that is left on the page.
pub(super) struct Budget {
    evidence: usize,
    findings: usize,
    text: usize,
}

impl Budget {
    /// The room that these executions share.
    pub(super) fn new(entries: &[Entry<'_>]) -> Self {
        let told = entries.iter().map(|entry| entry.case.verdict.findings().len()).filter(|count| *count > 0);
        let findings = (ALL_FINDINGS / told.clone().count().max(1)).clamp(1, ONE_EXECUTIONS_FINDINGS);
        let shown: usize = told.map(|count| count.min(findings)).sum();
        let others = entries.len() * ONE_EXECUTION + shown * ONE_FINDING;
        Self {
            evidence: PAGE.saturating_sub(others).clamp(LEAST_EVIDENCE, MOST_EVIDENCE),
            findings,
            text: (ALL_TEXTS / (entries.len() + 3 * shown).max(1)).clamp(LEAST_TEXT, ONE_TEXT),
        }
    }

    /// How many findings of one execution are shown.
    pub(super) fn findings(&self) -> usize {
        self.findings
    }

    /// The largest size of one text of a finding or a reason, in bytes.
    pub(super) fn text(&self) -> usize {
        self.text
    }

    /// Whether there is room for any more evidence.
    pub(super) fn has_room(&self) -> bool {
        self.evidence > 0
    }

    /// `part` if there is room for it, else a note that it is left out.
    pub(super) fn take(&mut self, part: Markup) -> Markup {
        let size = part.0.len();
        if size > self.evidence.min(ONE_EVIDENCE) {
            // What comes after is less important: a page that shows some of it would have gaps.
            self.evidence = if size > ONE_EVIDENCE { self.evidence } else { 0 };
            return left_out();
        }
        self.evidence -= size;
        part
    }
}

/// The note that stands for evidence for which there is no room.
pub(super) fn left_out() -> Markup {
    html! { p.faint { "Left out here, to keep this page small." } }
}
