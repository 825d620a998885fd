//! Recognizes terminal escape sequences (ECMA-48).

const ESCAPE: char = '\u{1B}';

/// If `text` begins with a complete escape sequence, returns the rest after it.
///
/// A sequence that is cut off or interrupted by a control character does not count, so that it cannot hide the text
/// after it. As the search stops at the next control character, a text is scanned in linear time.
pub(super) fn after_escape(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    match chars.next()? {
        ESCAPE => match chars.clone().next()? {
            '[' => after_control(&chars.as_str()[1..]),
            ']' | 'P' | 'X' | '^' | '_' => after_string(&chars.as_str()[1..]),
            _ => after_short(chars.as_str()),
        },
        // The 8-bit forms, in which one character introduces the sequence.
        '\u{9B}' => after_control(chars.as_str()),
        '\u{90}' | '\u{98}' | '\u{9D}'..='\u{9F}' => after_string(chars.as_str()),
        _ => None,
    }
}

/// After `31m`: parameters, intermediates, one final byte.
fn after_control(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c| ('\u{30}'..='\u{3F}').contains(&c));
    after_final(rest.trim_start_matches(is_intermediate), '\u{40}')
}

/// After `(B` or `7`: intermediates, one final byte.
fn after_short(text: &str) -> Option<&str> {
    after_final(text.trim_start_matches(is_intermediate), '\u{30}')
}

/// After a title or a link: anything up to BEL or the string terminator.
fn after_string(text: &str) -> Option<&str> {
    let end = text.find(char::is_control)?;
    let rest = &text[end..];
    ["\u{07}", "\u{1B}\\", "\u{9C}"].iter().find_map(|terminator| rest.strip_prefix(terminator))
}

fn after_final(text: &str, lowest: char) -> Option<&str> {
    let last = text.chars().next()?;
    (lowest..='\u{7E}').contains(&last).then(|| &text[1..])
}

fn is_intermediate(c: char) -> bool {
    ('\u{20}'..='\u{2F}').contains(&c)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rstest::rstest;

    use super::after_escape;

    #[rstest]
    #[case::colour("\u{1B}[1;31mrest")]
    #[case::private("\u{1B}[?25hrest")]
    #[case::intermediate("\u{1B}[0 qrest")]
    #[case::in_one_character("\u{9B}31mrest")]
    #[case::title("\u{1B}]0;a title\u{07}rest")]
    #[case::link("\u{1B}]8;;https://example.org\u{1B}\\rest")]
    #[case::title_in_one_character("\u{9D}0;ü\u{9C}rest")]
    #[case::device("\u{1B}P1$q\u{1B}\\rest")]
    #[case::charset("\u{1B}(Brest")]
    #[case::save("\u{1B}7rest")]
    fn a_complete_sequence_is_skipped(#[case] text: &str) {
        assert_eq!(after_escape(text), Some("rest"));
    }

    #[rstest]
    #[case::none("rest")]
    #[case::empty("")]
    #[case::cut("\u{1B}[31")]
    #[case::alone("\u{1B}")]
    #[case::no_final("\u{1B}[31ürest")]
    #[case::title_without_end("\u{1B}]0;everything that follows")]
    #[case::title_over_lines("\u{1B}]0;a\nb\u{07}rest")]
    #[case::title_in_title("\u{1B}]0;a\u{1B}]0;b\u{07}rest")]
    fn an_incomplete_sequence_hides_nothing(#[case] text: &str) {
        assert_eq!(after_escape(text), None);
    }

    #[test]
    fn many_introducers_are_scanned_in_linear_time() {
        let text = "\u{1B}]".repeat(500_000);
        let start = Instant::now();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            assert_eq!(after_escape(rest), None);
            rest = &rest[c.len_utf8()..];
        }
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
