//! The styles of words.

use anstyle::{AnsiColor, Style};

use crate::report::status::{Class, Status};

/// The styles of words on a terminal; plain by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Styles {
    /// What is as it must be.
    pub good: Style,
    /// What is not.
    pub bad: Style,
    /// What could not be told.
    pub untold: Style,
    /// What was not asked.
    pub skipped: Style,
    /// What a reader looks for.
    pub strong: Style,
    /// What a reader may pass over.
    pub faint: Style,
}

impl Styles {
    /// Colours of the terminal's own palette.
    #[must_use]
    pub fn coloured() -> Self {
        let colour = |colour: AnsiColor| colour.on_default().bold();
        Self {
            good: colour(AnsiColor::Green),
            bad: colour(AnsiColor::Red),
            untold: colour(AnsiColor::Magenta),
            skipped: colour(AnsiColor::Yellow),
            strong: Style::new().bold(),
            faint: Style::new().dimmed(),
        }
    }
}

impl Status {
    pub(super) fn style(self, styles: &Styles) -> Style {
        match self.class() {
            Class::Good => styles.good,
            Class::Bad => styles.bad,
            Class::Untold => styles.untold,
            Class::Skipped => styles.skipped,
        }
    }
}

/// `text` in `style`; a plain style leaves no trace.
pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
