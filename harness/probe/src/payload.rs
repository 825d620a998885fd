//! The checked payload: a message that tells by itself whether it is whole and where it belongs.
//!
//! The text is `SEQ CHECKSUM CONTENT`: the number of the message from 1, the checksum of `SEQ CONTENT` as 16
//! hexadecimal digits, and 16 random hexadecimal digits. The checksum is FNV-1a of 64 bits.

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The payload of message `seq`.
pub(crate) fn text(seq: u64, random: u64) -> String {
    let content = format!("{random:016x}");
    let sum = checksum(format!("{seq} {content}").as_bytes());
    format!("{seq} {sum:016x} {content}")
}

/// FNV-1a of 64 bits.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(FNV_OFFSET, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// A small stream of random numbers. Messages must differ from each other and from run to run; nothing here
/// is secret.
#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// Starts a stream; different seeds give different streams.
    pub(crate) fn new(seed: u64) -> Self {
        // Zero would stay zero for ever.
        Self { state: seed | 1 }
    }

    /// The next number (xorshift with a multiplication at the end).
    pub(crate) fn roll(&mut self) -> u64 {
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
    fn the_checksum_is_the_published_one() {
        // Test vectors of the authors of FNV.
        assert_eq!(checksum(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(checksum(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(checksum(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_payload_has_three_words_and_its_checksum_covers_the_other_two() {
        let text = text(7, 0xab);
        let words: Vec<_> = text.split(' ').collect();
        assert_eq!(words.len(), 3);
        assert_eq!((words[0], words[2]), ("7", "00000000000000ab"));
        assert_eq!(words[1], format!("{:016x}", checksum(b"7 00000000000000ab")));
    }

    #[test]
    fn dice_do_not_repeat_soon() {
        let mut dice = Dice::new(42);
        let rolls: std::collections::BTreeSet<_> = (0..1000).map(|_| dice.roll()).collect();
        assert_eq!(rolls.len(), 1000);
    }
}
