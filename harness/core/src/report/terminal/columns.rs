//! Aligned columns of text.

use anstyle::Style;

use super::style::styled;

/// A table of text. Every column is as wide as its widest cell; the last column is not padded.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// The columns that are aligned to the right, by index.
    right: &'static [usize],
    rows: Vec<Vec<(Style, String)>>,
}

impl Columns {
    /// Creates a table with these column heads. `right` has the indices of the columns to align to the right.
    pub(super) fn new(heads: &[&str], style: Style, right: &'static [usize]) -> Self {
        let heads = heads.iter().map(|head| (style, (*head).to_owned())).collect();
        Self { right, rows: vec![heads] }
    }

    /// Adds a row. The caller must clean the text of the cells, see [`visible_line`](crate::report::visible_line).
    pub(super) fn push(&mut self, row: Vec<(Style, String)>) {
        self.rows.push(row);
    }

    /// Renders the table, one line per row.
    pub(super) fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(|column| self.width(column)).collect();
        self.rows.iter().map(|row| self.line(row, &widths)).collect()
    }

    fn width(&self, column: usize) -> usize {
        self.rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|(_, cell)| cell.chars().count())
            .max()
            .unwrap_or(0)
    }

    fn line(&self, row: &[(Style, String)], widths: &[usize]) -> String {
        let last = row.iter().rposition(|(_, cell)| !cell.is_empty()).unwrap_or(0);
        let mut line = String::new();
        for (column, (style, cell)) in row.iter().enumerate().take(last + 1) {
            let width = widths[column];
            // Style only the text, not the padding.
            let gap = " ".repeat(width - cell.chars().count());
            let word = styled(*style, cell);
            if self.right.contains(&column) {
                line += &(gap + &word);
            } else if column < last {
                line += &(word + &gap);
            } else {
                line += &word;
            }
            line += if column < last { "  " } else { "\n" };
        }
        line
    }
}
