//! What failures of one cause have in common.

/// The longest signature, in characters.
const LONGEST: usize = 200;

/// `text` without what differs from run to run: every word with a digit in it is `#`, and so are ids, addresses,
/// times and names of namespaces. Two failures with the same signature have, as far as words can tell, one cause.
#[must_use]
pub fn signature(text: &str) -> String {
    let mut signature = String::new();
    let mut length = 0;
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_of_word(c) != is_of_word(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        let told = match piece {
            _ if !is_of_word(first) => spaced(piece),
            word if word.contains(|c: char| c.is_ascii_digit()) => "#".to_owned(),
            word => word.to_owned(),
        };
        length += told.chars().count();
        if length > LONGEST {
            break;
        }
        signature += &told;
    }
    signature
}

/// What stands between words, with every kind of space as one.
fn spaced(gap: &str) -> String {
    let mut told = String::new();
    for c in gap.chars() {
        match c {
            _ if c.is_whitespace() && told.ends_with(' ') => {}
            _ if c.is_whitespace() => told.push(' '),
            _ => told.push(c),
        }
    }
    told
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
    fn what_differs_is_left_out(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(signature(text), expected);
    }

    #[test]
    fn a_signature_is_short() {
        assert!(signature(&"word ".repeat(1000)).chars().count() <= LONGEST);
    }
}
