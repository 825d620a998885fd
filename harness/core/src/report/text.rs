//! Cleans text from the cluster, which is untrusted.

use std::fmt::Write as _;

use super::escape::after_escape;

/// The longest message, in characters. Lists of failures can still show it.
const LONGEST_LINE: usize = 1000;

/// Text that is valid in an XML 1.0 document.
///
/// Complete terminal escape sequences are removed, and line ends become LF. Characters that XML forbids, and other
/// control characters, become U+FFFD. Characters that hide or reorder text are written as escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct XmlText(String);

impl XmlText {
    /// Cleans `raw`.
    pub(super) fn new(raw: &str) -> Self {
        let mut clean = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = after_escape(rest) {
                rest = after;
                continue;
            }
            rest = &rest[c.len_utf8()..];
            match c {
                // The LF of a CRLF is added in the next iteration.
                '\r' if rest.starts_with('\n') => {}
                '\r' => clean.push('\n'),
                '\t' | '\n' => clean.push(c),
                _ if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {
                    clean.push(char::REPLACEMENT_CHARACTER);
                }
                _ if is_deceptive(c) => push_escape(&mut clean, c),
                _ => clean.push(c),
            }
        }
        Self(clean)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Shortens it to about `limit` bytes: head, a note of how much is left out, and tail.
    pub(super) fn within(self, limit: usize) -> Self {
        Self(head_and_tail(self.0, limit))
    }

    /// Its first line that is not blank, short enough for an attribute.
    pub(super) fn line(&self) -> String {
        let line = self.0.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        // XML readers normalize tabs in attributes to spaces anyway.
        shortened(line, LONGEST_LINE).replace('\t', " ")
    }

    /// The text after [`line`](Self::line), or the whole text if that line is too long to be shown completely.
    pub(super) fn after_line(self) -> Self {
        let text = self.0.trim_start();
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        if line.chars().count() > LONGEST_LINE { self } else { Self(rest.to_owned()) }
    }

    /// Escapes it for use between `<![CDATA[` and `]]>`.
    pub(super) fn cdata(&self) -> String {
        self.0.replace("]]>", "]]]]><![CDATA[>")
    }
}

/// Cleans `raw` for a terminal and keeps its lines. Control characters, and characters that hide or reorder text, are
/// written as escapes. The result has at most about `limit` bytes.
#[must_use]
pub fn visible(raw: &str, limit: usize) -> String {
    head_and_tail(escaped(raw, false), limit)
}

/// Cleans `raw` for a terminal, in one line of at most `longest` characters.
#[must_use]
pub fn visible_line(raw: &str, longest: usize) -> String {
    // More characters than this are never shown, so do not process a long text.
    let seen: String = raw.trim().chars().take(longest + 1).collect();
    shortened(&escaped(&seen, true), longest)
}

/// Cleans `raw` for a document and keeps its lines: first as [`XmlText`], then as [`visible`]. The result has at most
/// about `limit` bytes.
pub(super) fn plain(raw: &str, limit: usize) -> String {
    visible(&XmlText::new(raw).0, limit)
}

/// Cleans `raw` for a document, in one line of at most `longest` characters.
pub(super) fn plain_line(raw: &str, longest: usize) -> String {
    // More characters than this are not shown, unless most of the text is escape sequences. So do not process a long
    // text.
    let seen: String = raw.chars().take(longest.saturating_mul(8)).collect();
    visible_line(&XmlText::new(&seen).0, longest)
}

/// Returns whether a terminal might interpret `c`, or whether `c` hides or reorders the text around it.
pub(super) fn is_deceptive(c: char) -> bool {
    let reorders =
        matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let breaks_lines = matches!(c, '\u{2028}' | '\u{2029}');
    let hides = matches!(
        c,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{115F}'..='\u{1160}'
            | '\u{180E}'
            | '\u{200B}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206A}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFB}'
            // Tag characters, which are invisible and can encode whole texts.
            | '\u{E0000}'..='\u{E007F}'
    );
    c.is_control() || reorders || breaks_lines || hides
}

fn escaped(raw: &str, in_one_line: bool) -> String {
    let mut text = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\n' | '\t' if !in_one_line => text.push(c),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            _ if is_deceptive(c) => push_escape(&mut text, c),
            _ => text.push(c),
        }
    }
    text
}

fn push_escape(text: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
}

fn shortened(line: &str, longest: usize) -> String {
    if line.chars().count() <= longest {
        return line.to_owned();
    }
    let mut short: String = line.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn head_and_tail(text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let head = (0..=limit / 2).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let tail =
        (text.len() - limit / 2..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let left_out = tail - head;
    format!("{}\n[… {left_out} bytes left out …]\n{}", &text[..head], &text[tail..])
}

/// Formats a count with its noun: `1 case`, `2 cases`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{LONGEST_LINE, XmlText, plain, plain_line, visible, visible_line};

    fn clean(raw: &str) -> String {
        XmlText::new(raw).0
    }

    #[rstest]
    #[case::plain("a <b> & \"c\" ü 🦀", "a <b> & \"c\" ü 🦀")]
    #[case::colour("a\u{1B}[31mb\u{1B}[0mc", "abc")]
    #[case::cut_colour("a\u{1B}[31", "a\u{FFFD}[31")]
    #[case::controls("a\0b\u{8}c\u{7F}d\u{85}e", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e")]
    #[case::no_characters("\u{FFFE}\u{FFFF}", "\u{FFFD}\u{FFFD}")]
    #[case::tab_and_line("a\tb\nc", "a\tb\nc")]
    #[case::reordered("a\u{202E}b\u{2069}c\u{061C}", r"a\u{202e}b\u{2069}c\u{61c}")]
    #[case::hidden("a\u{200B}b\u{E0041}\u{2063}", r"a\u{200b}b\u{e0041}\u{2063}")]
    #[case::line_ends("a\r\nb\rc\r\r\nd\r", "a\nb\nc\n\nd\n")]
    fn xml_text_is_legal(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(clean(raw), expected);
    }

    #[rstest]
    #[case::one("]]>", "]]]]><![CDATA[>")]
    #[case::overlapping("]]]>>", "]]]]]><![CDATA[>>")]
    #[case::two("]]>]]>", "]]]]><![CDATA[>]]]]><![CDATA[>")]
    fn the_end_marker_of_cdata_is_split(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(XmlText::new(raw).cdata(), expected);
    }

    #[test]
    fn an_end_marker_hidden_by_escape_sequences_is_split() {
        assert_eq!(XmlText::new("]\u{1B}[0m]\u{1B}[0m>").cdata(), "]]]]><![CDATA[>");
    }

    #[rstest]
    #[case::fits("abcdef", 6, "abcdef")]
    #[case::cut("abcdefghij", 4, "ab\n[… 6 bytes left out …]\nij")]
    #[case::between_characters("üüüüü", 6, "ü\n[… 6 bytes left out …]\nü")]
    #[case::nothing("abc", 0, "\n[… 3 bytes left out …]\n")]
    fn a_long_text_keeps_head_and_tail(#[case] raw: &str, #[case] limit: usize, #[case] expected: &str) {
        assert_eq!(XmlText::new(raw).within(limit).0, expected);
    }

    #[test]
    fn escape_sequences_are_removed_before_the_text_is_cut() {
        let raw = "\u{1B}[31m".repeat(100) + "ab";
        assert_eq!(XmlText::new(&raw).within(4).0, "ab");
    }

    #[rstest]
    #[case::first("a\nb", "a")]
    #[case::first_that_is_not_blank("\n  \n a\tb \nc", "a b")]
    #[case::none(" \n ", "")]
    fn the_line_is_the_first_that_is_not_blank(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(XmlText::new(raw).line(), expected);
    }

    #[rstest]
    #[case::one_line("a", "")]
    #[case::two("a\nb\nc", "b\nc")]
    #[case::blank_ones_first("\n \na\nb", "b")]
    #[case::too_long_for_a_line(&"ü".repeat(1001), &"ü".repeat(1001))]
    fn the_rest_is_the_text_after_the_line(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(XmlText::new(raw).after_line().0, expected);
    }

    #[test]
    fn a_line_is_short() {
        let line = XmlText::new(&"ü".repeat(5000)).line();
        assert_eq!(line.chars().count(), LONGEST_LINE);
        assert!(line.ends_with('…'));
    }

    #[rstest]
    #[case::plain("a ü 🦀", "a ü 🦀")]
    #[case::escape("\u{1B}[2J\u{9B}m", r"\u{1b}[2J\u{9b}m")]
    #[case::reordered("a\u{202E}b\u{2066}c\u{200F}", r"a\u{202e}b\u{2066}c\u{200f}")]
    #[case::overwritten("good\rbad", r"good\rbad")]
    #[case::lines("a\n\tb", r"a\n\tb")]
    #[case::line_separator("a\u{2028}b", r"a\u{2028}b")]
    fn control_characters_are_shown_as_escapes(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(visible_line(raw, 100), expected);
    }

    #[test]
    fn a_paragraph_keeps_its_lines() {
        assert_eq!(visible("a\n\tb\r\nc\u{7}", 100), "a\n\tb\\r\nc\\u{7}");
    }

    #[rstest]
    #[case::colour("a\u{1B}[31mb\u{1B}[0m", "ab")]
    #[case::no_characters("a\u{FFFE}\0b", "a\u{FFFD}\u{FFFD}b")]
    #[case::reordered("a\u{202E}b", r"a\u{202e}b")]
    #[case::lines("a\r\n\tb", "a\n\tb")]
    fn a_document_has_only_visible_text(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(plain(raw, 100), expected);
        assert_eq!(plain_line(raw, 100), expected.replace('\n', r"\n").replace('\t', r"\t"));
    }

    #[test]
    fn a_visible_line_is_short() {
        assert_eq!(visible_line(&"\0".repeat(1 << 20), 10), r"\u{0}\u{0…");
        assert_eq!(visible_line("abcdef", 6), "abcdef");
    }
}
