//! Text from the cluster is hostile: it is cleaned by type before it goes anywhere.

use std::fmt::Write as _;

use super::escape::after_escape;

/// The longest message, in characters: what a list of failures can still show.
const LONGEST_LINE: usize = 1000;

/// Text that any XML 1.0 document may hold.
///
/// Whole terminal escape sequences are gone, line ends are LF, and what XML forbids, or a terminal might obey, is
/// U+FFFD: the reader sees that something was there.
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
                _ => clean.push(c),
            }
        }
        Self(clean)
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

    /// It, fit to be written raw between `<![CDATA[` and `]]>`.
    pub(super) fn cdata(&self) -> String {
        self.0.replace("]]>", "]]]]><![CDATA[>")
    }
}

/// `raw` for a terminal, over several lines: what the terminal might obey, or what hides or reorders text, is shown
/// as an escape. At most about `limit` bytes.
pub(super) fn visible(raw: &str, limit: usize) -> String {
    head_and_tail(shown(raw, false), limit)
}

/// `raw` for a terminal, in one line of at most `longest` characters.
pub(super) fn visible_line(raw: &str, longest: usize) -> String {
    // No more than this can be seen in the end, however long the text is.
    let seen: String = raw.trim().chars().take(longest + 1).collect();
    shortened(&shown(&seen, true), longest)
}

/// Whether a terminal might obey `c`, or whether it hides or reorders what stands around it.
pub(super) fn is_deceptive(c: char) -> bool {
    let reorders =
        matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let breaks_lines = matches!(c, '\u{2028}' | '\u{2029}');
    let hides = matches!(c, '\u{00AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}');
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
            _ if is_deceptive(c) => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
            }
            _ => text.push(c),
        }
    }
    text
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
