//! Wraps prose for a terminal.

/// The longest line, in characters, including the indent.
const WIDEST: usize = 100;

/// Wraps `text` into lines that begin at the column `indent`. The caller indents the first line, and the last line has
/// no line end. A word that is too long gets a line of its own.
pub(super) fn paragraph(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    let mut room = WIDEST.saturating_sub(indent);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let has_words = lines.last().is_some_and(|line| !line.is_empty());
        if has_words && length + 1 > room {
            lines.push(String::new());
            room = WIDEST.saturating_sub(indent);
        }
        if let Some(line) = lines.last_mut() {
            let gap = if line.is_empty() { "" } else { " " };
            room = room.saturating_sub(length + gap.len());
            *line += gap;
            *line += word;
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{WIDEST, paragraph};

    #[rstest]
    #[case::nothing("", "")]
    #[case::one_line("a  b\nc", "a b c")]
    fn short_text_fits_in_one_line(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(paragraph(text, 4), expected);
    }

    #[test]
    fn lines_are_filled_to_the_limit() {
        let text = paragraph(&"üü ".repeat(60), 10);
        let lines: Vec<_> = text.lines().collect();
        // 30 words of two characters and 29 gaps have 89 characters, of the 90 that there are.
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].chars().count(), 89);
        assert_eq!(lines[1], format!("{}{}", " ".repeat(10), lines[0]));
    }

    #[test]
    fn a_long_word_gets_its_own_line() {
        let long = "x".repeat(WIDEST);
        assert_eq!(paragraph(&format!("a {long} b"), 2), format!("a\n  {long}\n  b"));
    }
}
