//! Encodes DNS queries and decodes DNS responses.
//!
//! Responses are untrusted: every length is checked, and an invalid message is ignored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const INTERNET: u16 = 1;
const RECURSION_DESIRED: u16 = 0x0100;
const IS_ANSWER: u16 = 0x8000;
const TRUNCATED: u16 = 0x0200;

/// The longest encoded name, in bytes.
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

/// The record type of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// The canonical name of an alias.
    Cname,
}

impl RecordType {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::A, Self::Aaaa, Self::Cname].into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
        }
    }

    fn code(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Cname => 5,
            Self::Aaaa => 28,
        }
    }
}

/// A decoded response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The response code, for example `NOERROR` or `NXDOMAIN`.
    pub(crate) rcode: String,
    /// True if the response did not fit into the message.
    pub(crate) truncated: bool,
    /// All addresses, sorted.
    pub(crate) addresses: Vec<IpAddr>,
    /// The target of the first CNAME record.
    pub(crate) cname: Option<String>,
}

/// Encodes a query. `None` if the name is invalid. A trailing dot is ignored.
pub(crate) fn question(id: u16, name: &str, kind: RecordType) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    for word in [id, RECURSION_DESIRED, 1, 0, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    let begin = message.len();
    for label in name.strip_suffix('.').unwrap_or(name).split('.') {
        let length = u8::try_from(label.len()).ok()?;
        if label.is_empty() || label.len() > MAX_LABEL {
            return None;
        }
        message.push(length);
        message.extend(label.as_bytes());
    }
    message.push(0);
    if message.len() - begin > MAX_NAME {
        return None;
    }
    message.extend(kind.code().to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    Some(message)
}

/// Decodes the response to a query. `None` if the message is invalid or answers another query.
pub(crate) fn answer(message: &[u8], question: &[u8]) -> Option<Answer> {
    let mut reader = Reader { message, at: 0 };
    let id = reader.word()?;
    let flags = reader.word()?;
    let [questions, answers, _, _] = [reader.word()?, reader.word()?, reader.word()?, reader.word()?];
    let expected_id = question.get(..2)?;
    if id.to_be_bytes() != expected_id || flags & IS_ANSWER == 0 || questions != 1 {
        return None;
    }
    // Servers repeat the question, possibly in different letter case.
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
        if kind == RecordType::A.code() {
            let bytes: [u8; 4] = data.try_into().ok()?;
            seen.addresses.push(IpAddr::V4(Ipv4Addr::from(bytes)));
        } else if kind == RecordType::Aaaa.code() {
            let bytes: [u8; 16] = data.try_into().ok()?;
            seen.addresses.push(IpAddr::V6(Ipv6Addr::from(bytes)));
        } else if kind == RecordType::Cname.code() && seen.cname.is_none() {
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

    /// A name, which may continue at an earlier position through a compression pointer.
    fn name(&mut self) -> Option<String> {
        let mut labels: Vec<String> = Vec::new();
        let mut length = 0;
        let mut after_pointer = None;
        // Every pointer must go backwards, so that the loop ends.
        let mut limit = self.at;
        loop {
            let byte = self.byte()?;
            match byte {
                0 => break,
                1..=63 => {
                    let label = self.take(usize::from(byte))?;
                    length += label.len() + 1;
                    if length > MAX_NAME {
                        return None;
                    }
                    labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
                }
                0xc0.. => {
                    let target = usize::from(u16::from_be_bytes([byte & 0x3f, self.byte()?]));
                    if target >= limit {
                        return None;
                    }
                    after_pointer = after_pointer.or(Some(self.at));
                    limit = target;
                    self.at = target;
                }
                _ => return None,
            }
        }
        self.at = after_pointer.unwrap_or(self.at);
        Some(labels.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::RandomNumbers;

    fn query() -> Vec<u8> {
        question(7, "www.example.org", RecordType::A).expect("a question")
    }

    /// A response with a CNAME and two addresses that uses compression pointers.
    fn response() -> Vec<u8> {
        let mut message = query();
        message[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 3]);
        message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 6, 3, b'W', b'e', b'b', 0xc0, 16]);
        message.extend([0xc0, 45, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 9]);
        message.extend([0xc0, 45, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 2]);
        message
    }

    #[test]
    fn a_query_is_encoded_as_rfc_1035_specifies() {
        let expected = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03org\0\0\x01\0\x01";
        assert_eq!(query(), expected);
        assert_eq!(question(7, "www.example.org.", RecordType::A).as_deref(), Some(&expected[..]));
        for wrong in ["", ".", "a..b", ".a", &"x".repeat(64), &"abc.".repeat(70)] {
            assert_eq!(question(7, wrong, RecordType::A), None, "{wrong}");
        }
    }

    #[test]
    fn a_response_is_decoded() {
        let seen = answer(&response(), &query()).expect("an answer");
        assert_eq!((seen.rcode.as_str(), seen.truncated), ("NOERROR", false));
        assert_eq!(seen.addresses, [IpAddr::from([10, 0, 0, 2]), IpAddr::from([10, 0, 0, 9])]);
        assert_eq!(seen.cname.as_deref(), Some("web.example.org"));
    }

    #[test]
    fn the_response_code_is_decoded() {
        let mut message = query();
        message[2..4].copy_from_slice(&[0x83, 0x83]);
        let seen = answer(&message, &query()).expect("an answer");
        assert_eq!((seen.rcode.as_str(), seen.truncated, seen.addresses.len()), ("NXDOMAIN", true, 0));
    }

    #[test]
    fn a_response_to_another_query_is_ignored() {
        let other = question(8, "www.example.org", RecordType::A).expect("a question");
        assert_eq!(answer(&response(), &other), None);
        let other = question(7, "www.example.com", RecordType::A).expect("a question");
        assert_eq!(answer(&response(), &other), None);
        assert_eq!(answer(&query(), &query()), None);
    }

    #[test]
    fn truncated_responses_are_ignored() {
        let whole = response();
        for length in 0..whole.len() {
            assert_eq!(answer(&whole[..length], &query()), None, "{length}");
        }
    }

    #[test]
    fn a_pointer_loop_is_rejected() {
        for target in [33, 34, 200] {
            let mut message = query();
            message[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
            message.extend([0xc0, target, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 9]);
            assert_eq!(answer(&message, &query()), None, "{target}");
        }
    }

    #[test]
    fn corrupt_responses_do_not_panic() {
        let mut random = RandomNumbers::new(1);
        for _ in 0..20_000 {
            let mut message = response();
            for _ in 0..4 {
                let position = usize::try_from(random.next_u64() >> 32).expect("small") % message.len();
                message[position] = random.next_u64().to_be_bytes()[0];
            }
            let _ignored = answer(&message, &query());
        }
    }
}
