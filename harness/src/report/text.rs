//! Text from the cluster is hostile: it is cleaned by type before it goes anywhere.

use std::fmt::Write as _;

use super::escape::after_escape;

/// The longest message, in characters: what a list of failures can still show.
const LONGEST_LINE: usize = 1000;

/// Text that any XML 1.0 document may hold.
///
/// Whole terminal escape sequences are gone, line ends are LF, and what XML forbids, or a terminal might obey, is
/// U+FFFD: the reader sees that something was there. What hides or reorders text is shown as an escape.
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
                // The LF of a CRLF follows by itself.
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

    /// It, as it is.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// At most about `limit` bytes of it: head and tail, and between them a note of how much is left out.
    pub(super) fn within(self, limit: usize) -> Self {
        Self(head_and_tail(self.0, limit))
    }

    /// Its first line that says something, short enough for an attribute.
    pub(super) fn line(&self) -> String {
        let line = self.0.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        // In an attribute a reader turns a TAB into a space anyway.
        shortened(line, LONGEST_LINE).replace('\t', " ")
    }

    /// What [`line`](Self::line) does not tell: what follows it, or all where that is cut.
    pub(super) fn after_line(self) -> Self {
        let text = self.0.trim_start();
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        if line.chars().count() > LONGEST_LINE { self } else { Self(rest.to_owned()) }
    }

    /// It, fit to be written raw between `<![CDATA[` and `]]>`.
    pub(super) fn cdata(&self) -> String {
        self.0.replace("]]>", "]]]]><![CDATA[>")
    }
}

/// `raw` for a terminal, over several lines: what the terminal might obey, or what hides or reorders text, is shown
/// as an escape. At most about `limit` bytes.
#[must_use]
pub fn visible(raw: &str, limit: usize) -> String {
    head_and_tail(shown(raw, false), limit)
}

/// `raw` for a terminal, in one line of at most `longest` characters.
#[must_use]
pub fn visible_line(raw: &str, longest: usize) -> String {
    // No more than this can be seen in the end, however long the text is.
    let seen: String = raw.trim().chars().take(longest + 1).collect();
    shortened(&shown(&seen, true), longest)
}

/// `raw` for a document, over several lines: terminal sequences are gone, what no document may hold is U+FFFD, and
/// what hides or reorders text is shown as an escape. At most about `limit` bytes.
pub(super) fn plain(raw: &str, limit: usize) -> String {
    visible(&XmlText::new(raw).0, limit)
}

/// `raw` for a document, in one line of at most `longest` characters.
pub(super) fn plain_line(raw: &str, longest: usize) -> String {
    // No more than this can be seen in the end, but for sequences that nobody writes in earnest.
    let seen: String = raw.chars().take(longest.saturating_mul(8)).collect();
    visible_line(&XmlText::new(&seen).0, longest)
}

/// Whether a terminal might obey `c`, or whether it hides or reorders what stands around it.
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
            // Whole texts can be written in these, and nothing is seen of them.
            | '\u{E0000}'..='\u{E007F}'
    );
    c.is_control() || reorders || breaks_lines || hides
}

fn shown(raw: &str, in_one_line: bool) -> String {
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

/// `1 case`, `2 cases`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
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
    fn the_end_of_cdata_is_split(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(XmlText::new(raw).cdata(), expected);
    }

    #[test]
    fn what_a_sequence_hid_is_split_too() {
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
    fn sequences_go_before_the_cut() {
        let raw = "\u{1B}[31m".repeat(100) + "ab";
        assert_eq!(XmlText::new(&raw).within(4).0, "ab");
    }

    #[rstest]
    #[case::first("a\nb", "a")]
    #[case::first_that_says_something("\n  \n a\tb \nc", "a b")]
    #[case::none(" \n ", "")]
    fn a_line_is_one_line(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(XmlText::new(raw).line(), expected);
    }

    #[rstest]
    #[case::one_line("a", "")]
    #[case::two("a\nb\nc", "b\nc")]
    #[case::blank_ones_first("\n \na\nb", "b")]
    #[case::too_long_for_a_line(&"ü".repeat(1001), &"ü".repeat(1001))]
    fn what_follows_the_line_is_the_rest(#[case] raw: &str, #[case] expected: &str) {
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
    fn a_terminal_sees_what_it_would_obey(#[case] raw: &str, #[case] expected: &str) {
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
    fn a_document_holds_only_what_can_be_seen(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(plain(raw, 100), expected);
        assert_eq!(plain_line(raw, 100), expected.replace('\n', r"\n").replace('\t', r"\t"));
    }

    #[test]
    fn a_visible_line_is_short() {
        assert_eq!(visible_line(&"\0".repeat(1 << 20), 10), r"\u{0}\u{0…");
        assert_eq!(visible_line("abcdef", 6), "abcdef");
    }
}
