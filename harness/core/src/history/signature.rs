//! Signatures: recognize failures with the same cause.

/// The longest signature, in characters.
const LONGEST: usize = 200;

/// Removes from `text` what differs between runs: every word with a digit becomes `#`, for example ids, addresses,
/// times and names of namespaces. Failures with the same signature probably have the same cause.
#[must_use]
pub fn signature(text: &str) -> String {
    let mut signature = String::new();
    let mut length = 0;
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_of_word(c) != is_of_word(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        let part = match piece {
            _ if !is_of_word(first) => spaced(piece),
            word if word.contains(|c: char| c.is_ascii_digit()) => "#".to_owned(),
            word => word.to_owned(),
        };
        length += part.chars().count();
        if length > LONGEST {
            break;
        }
        signature += &part;
    }
    signature
}

/// Collapses whitespace in the text between words.
fn spaced(gap: &str) -> String {
    let mut spaced = String::new();
    for c in gap.chars() {
        match c {
            _ if c.is_whitespace() && spaced.ends_with(' ') => {}
            _ if c.is_whitespace() => spaced.push(' '),
            _ => spaced.push(c),
        }
    }
    spaced
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '+')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{LONGEST, signature};

    #[rstest]
    #[case::empty("", "")]
    #[case::plain("ErrImageNeverPull: not there", "ErrImageNeverPull: not there")]
    #[case::namespace("pod podproof-3fa9c1d2-12-same is gone", "pod # is gone")]
    #[case::address("dial tcp 10.0.0.1:6443:  refused", "dial tcp # refused")]
    #[case::lines("a\n\tb\r\nc", "a b c")]
    #[case::time("after 1.5s at 2026-11-22T10:00:00Z", "after # at #")]
    fn parts_that_differ_between_runs_are_replaced(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(signature(text), expected);
    }

    #[test]
    fn a_signature_is_short() {
        assert!(signature(&"word ".repeat(1000)).chars().count() <= LONGEST);
    }
}
