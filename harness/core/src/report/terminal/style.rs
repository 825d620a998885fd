//! Terminal styles.

use anstyle::{AnsiColor, Style};

use crate::history::CaseOutcome;
use crate::history::regression::Severity;
use crate::report::status::{CaseStatus, StatusClass};

/// The styles of text on a terminal; plain by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Styles {
    /// For passed cases and other good results.
    pub good: Style,
    /// For failed cases and other bad results.
    pub bad: Style,
    /// For inconclusive results.
    pub inconclusive: Style,
    /// For skipped cases.
    pub skipped: Style,
    /// For names and headings.
    pub strong: Style,
    /// For labels and other secondary text.
    pub faint: Style,
}

impl Styles {
    /// Styles with colours of the terminal's palette.
    #[must_use]
    pub fn coloured() -> Self {
        let colour = |colour: AnsiColor| colour.on_default().bold();
        Self {
            good: colour(AnsiColor::Green),
            bad: colour(AnsiColor::Red),
            inconclusive: colour(AnsiColor::Magenta),
            skipped: colour(AnsiColor::Yellow),
            strong: Style::new().bold(),
            faint: Style::new().dimmed(),
        }
    }

    pub(super) fn of_outcome(&self, outcome: CaseOutcome) -> Style {
        match outcome {
            CaseOutcome::Pass => self.good,
            CaseOutcome::Fail => self.bad,
            CaseOutcome::Inconclusive => self.inconclusive,
            CaseOutcome::Skip => self.skipped,
        }
    }

    pub(super) fn of_severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Bad => self.bad,
            Severity::Warning => self.skipped,
            Severity::Inconclusive => self.inconclusive,
            Severity::Good => self.good,
            Severity::Neutral => Style::new(),
        }
    }
}

impl CaseStatus {
    pub(super) fn style(self, styles: &Styles) -> Style {
        match self.class() {
            StatusClass::Good => styles.good,
            StatusClass::Bad => styles.bad,
            StatusClass::Inconclusive => styles.inconclusive,
            StatusClass::Skipped => styles.skipped,
        }
    }
}

/// Renders `text` in `style`. A plain style adds nothing.
pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
