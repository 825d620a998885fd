//! The checked payload: a message with a sequence number and a checksum.
//!
//! The text is `SEQ CHECKSUM CONTENT`: the number of the message from 1, the checksum of `SEQ CONTENT` as 16
//! hexadecimal digits, and 16 random hexadecimal digits. The checksum is 64-bit FNV-1a.

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The payload of message `seq`.
pub(crate) fn text(seq: u64, random: u64) -> String {
    let content = format!("{random:016x}");
    let sum = checksum(format!("{seq} {content}").as_bytes());
    format!("{seq} {sum:016x} {content}")
}

/// The 64-bit FNV-1a hash.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(FNV_OFFSET, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// A small pseudorandom generator (xorshift64*). It makes messages differ; it is not cryptographic.
#[derive(Debug)]
pub(crate) struct RandomNumbers {
    state: u64,
}

impl RandomNumbers {
    pub(crate) fn new(seed: u64) -> Self {
        // The state must not be zero.
        Self { state: seed | 1 }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_matches_the_published_test_vectors() {
        // Test vectors published by the authors of FNV.
        assert_eq!(checksum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(checksum(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(checksum(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_checksum_covers_sequence_number_and_content() {
        let text = text(7, 0xab);
        let words: Vec<_> = text.split(' ').collect();
        assert_eq!(words.len(), 3);
        assert_eq!((words[0], words[2]), ("7", "00000000000000ab"));
        assert_eq!(words[1], format!("{:016x}", checksum(b"7 00000000000000ab")));
    }

    #[test]
    fn the_first_1000_random_numbers_differ() {
        let mut random = RandomNumbers::new(42);
        let numbers: std::collections::BTreeSet<_> = (0..1000).map(|_| random.next_u64()).collect();
        assert_eq!(numbers.len(), 1000);
    }
}
