//! Terminal.
use std::path::Path;

use anstyle::Style;

use crate::run::{RunRecord, Told};

/// The styles of words on a terminal; plain by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Styles {
    /// A pass, a killed mutant.
    pub good: Style,
}

impl Styles {
    /// Colours.
    #[must_use]
    pub fn coloured() -> Self {
        Self::default()
    }
}

/// Lines for people while a run goes on.
#[derive(Debug, Default)]
pub struct LiveLines {
    styles: Styles,
}

impl LiveLines {
    /// None told yet.
    #[must_use]
    pub fn new(styles: Styles) -> Self {
        Self { styles }
    }

    /// The line for an event, with its line end; none where there is nothing to say.
    pub fn line(&mut self, told: &Told) -> Option<String> {
        Some(format!("{}{:?}\n", self.styles.good, told))
    }
}

/// The record as text for people: the table, the findings, the summary.
#[must_use]
pub fn table(record: &RunRecord, folder: &Path, styles: &Styles) -> String {
    format!("{}{record:?}{}", styles.good, folder.display())
}
