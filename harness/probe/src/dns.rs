//! Messages of the domain name system: a question out, an answer in.
//!
//! An answer is hostile: every length in it is checked, and what makes no sense is no answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const INTERNET: u16 = 1;
const RECURSION_DESIRED: u16 = 0x0100;
const IS_ANSWER: u16 = 0x8000;
const TRUNCATED: u16 = 0x0200;

/// A name of more bytes cannot be asked for.
const GREATEST_NAME: usize = 255;
const GREATEST_LABEL: usize = 63;

/// What is asked about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its addresses of version 4.
    A,
    /// Its addresses of version 6.
    Aaaa,
    /// What it is another name for.
    Cname,
}

impl Kind {
    /// The kind with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::A, Self::Aaaa, Self::Cname].into_iter().find(|kind| kind.name() == name)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
        }
    }

    fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Cname => 5,
            Self::Aaaa => 28,
        }
    }
}

/// What a server says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its verdict, such as `NOERROR` or `NXDOMAIN`.
    pub(crate) rcode: String,
    /// Whether not all of it fitted into the message.
    pub(crate) truncated: bool,
    /// All addresses in it, sorted.
    pub(crate) addresses: Vec<IpAddr>,
    /// The first other name in it.
    pub(crate) cname: Option<String>,
}

/// The message that asks about a name; none if it can be no name. A dot at the end makes no difference.
pub(crate) fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    for word in [id, RECURSION_DESIRED, 1, 0, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    let begin = message.len();
    for label in name.strip_suffix('.').unwrap_or(name).split('.') {
        let length = u8::try_from(label.len()).ok()?;
        if label.is_empty() || label.len() > GREATEST_LABEL {
            return None;
        }
        message.push(length);
        message.extend(label.as_bytes());
    }
    message.push(0);
    if message.len() - begin > GREATEST_NAME {
        return None;
    }
    message.extend(kind.number().to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    Some(message)
}

/// The answer to a question; none if the message is anything else.
pub(crate) fn answer(message: &[u8], question: &[u8]) -> Option<Answer> {
    let mut reader = Reader { message, at: 0 };
    let id = reader.word()?;
    let flags = reader.word()?;
    let [questions, answers, _, _] = [reader.word()?, reader.word()?, reader.word()?, reader.word()?];
    let asked = question.get(..2)?;
    if id.to_be_bytes() != asked || flags & IS_ANSWER == 0 || questions != 1 {
        return None;
    }
    // Servers give the question back, letter by letter, but perhaps in other cases.
    let repeated = reader.take(question.len().checked_sub(12)?)?;
    if !repeated.eq_ignore_ascii_case(question.get(12..)?) {
        return None;
    }
    let mut seen = Answer {
        rcode: rcode(flags & 0xf),
        truncated: flags & TRUNCATED != 0,
        addresses: Vec::new(),
        cname: None,
    };
    for _ in 0..answers {
        reader.name()?;
        let [kind, class] = [reader.word()?, reader.word()?];
        let _time_to_live = reader.take(4)?;
        let length = usize::from(reader.word()?);
        let mut inside = Reader { message, at: reader.at };
        let data = reader.take(length)?;
        if class != INTERNET {
            continue;
        }
        if kind == Kind::A.number() {
            let bytes: [u8; 4] = data.try_into().ok()?;
            seen.addresses.push(IpAddr::V4(Ipv4Addr::from(bytes)));
        } else if kind == Kind::Aaaa.number() {
            let bytes: [u8; 16] = data.try_into().ok()?;
            seen.addresses.push(IpAddr::V6(Ipv6Addr::from(bytes)));
        } else if kind == Kind::Cname.number() && seen.cname.is_none() {
            seen.cname = Some(inside.name()?);
        }
    }
    seen.addresses.sort();
    Some(seen)
}

fn rcode(number: u16) -> String {
    let name = match number {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        other => return format!("RCODE_{other}"),
    };
    name.into()
}

struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    fn take(&mut self, length: usize) -> Option<&'m [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.message.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// A name, which may go on at an earlier place of the message.
    fn name(&mut self) -> Option<String> {
        let mut labels: Vec<String> = Vec::new();
        let mut length = 0;
        let mut behind = None;
        // Only ever backwards: so there is an end to it.
        let mut limit = self.at;
        loop {
            let byte = self.byte()?;
            match byte {
                0 => break,
                1..=63 => {
                    let label = self.take(usize::from(byte))?;
                    length += label.len() + 1;
                    if length > GREATEST_NAME {
                        return None;
                    }
                    labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
                }
                0xc0.. => {
                    let target = usize::from(u16::from_be_bytes([byte & 0x3f, self.byte()?]));
                    if target >= limit {
                        return None;
                    }
                    behind = behind.or(Some(self.at));
                    limit = target;
                    self.at = target;
                }
                _ => return None,
            }
        }
        self.at = behind.unwrap_or(self.at);
        Some(labels.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Dice;

    fn asked() -> Vec<u8> {
        question(7, "www.example.org", Kind::A).expect("a question")
    }

    /// An answer with an alias and two addresses, full of pointers.
    fn answered() -> Vec<u8> {
        let mut message = asked();
        message[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 3]);
        message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 6, 3, b'W', b'e', b'b', 0xc0, 16]);
        message.extend([0xc0, 45, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 9]);
        message.extend([0xc0, 45, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 2]);
        message
    }

    #[test]
    fn a_question_is_what_the_standard_says() {
        let expected = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03org\0\0\x01\0\x01";
        assert_eq!(asked(), expected);
        assert_eq!(question(7, "www.example.org.", Kind::A).as_deref(), Some(&expected[..]));
        for wrong in ["", ".", "a..b", ".a", &"x".repeat(64), &"abc.".repeat(70)] {
            assert_eq!(question(7, wrong, Kind::A), None, "{wrong}");
        }
    }

    #[test]
    fn an_answer_is_read() {
        let seen = answer(&answered(), &asked()).expect("an answer");
        assert_eq!((seen.rcode.as_str(), seen.truncated), ("NOERROR", false));
        assert_eq!(seen.addresses, [IpAddr::from([10, 0, 0, 2]), IpAddr::from([10, 0, 0, 9])]);
        assert_eq!(seen.cname.as_deref(), Some("web.example.org"));
    }

    #[test]
    fn a_verdict_is_read() {
        let mut message = asked();
        message[2..4].copy_from_slice(&[0x83, 0x83]);
        let seen = answer(&message, &asked()).expect("an answer");
        assert_eq!((seen.rcode.as_str(), seen.truncated, seen.addresses.len()), ("NXDOMAIN", true, 0));
    }

    #[test]
    fn what_answers_another_question_is_no_answer() {
        let other = question(8, "www.example.org", Kind::A).expect("a question");
        assert_eq!(answer(&answered(), &other), None);
        let other = question(7, "www.example.com", Kind::A).expect("a question");
        assert_eq!(answer(&answered(), &other), None);
        assert_eq!(answer(&asked(), &asked()), None);
    }

    #[test]
    fn torn_answers_are_no_answers() {
        let whole = answered();
        for length in 0..whole.len() {
            assert_eq!(answer(&whole[..length], &asked()), None, "{length}");
        }
    }

    #[test]
    fn a_name_that_points_at_itself_has_an_end() {
        for target in [33, 34, 200] {
            let mut message = asked();
            message[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
            message.extend([0xc0, target, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 9]);
            assert_eq!(answer(&message, &asked()), None, "{target}");
        }
    }

    #[test]
    fn junk_is_no_panic() {
        let mut dice = Dice::new(1);
        for _ in 0..20_000 {
            let mut message = answered();
            for _ in 0..4 {
                let place = usize::try_from(dice.roll() >> 32).expect("small") % message.len();
                message[place] = dice.roll().to_be_bytes()[0];
            }
            let _whatever = answer(&message, &asked());
        }
    }
}
