//! Names of POSIX message queues, shared memory objects and semaphores.

use std::ffi::{CStr, CString};

/// The name of an object: a slash, followed by one or more characters other than a slash.
#[derive(Clone, Debug)]
pub(crate) struct Name(CString);

impl Name {
    /// `None` if the name is invalid, or if the C library would interpret it differently.
    pub(crate) fn new(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.strip_prefix(b"/")?;
        if rest.is_empty() || rest.contains(&b'/') {
            return None;
        }
        CString::new(bytes).ok().map(Self)
    }

    /// `NAME-NUMBER`.
    pub(crate) fn numbered(&self, number: u64) -> Option<Self> {
        Self::new([self.as_bytes(), format!("-{number}").as_bytes()].concat())
    }

    /// The name, including the slash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn as_c_str(&self) -> &CStr {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_exactly_one_slash_at_the_start() {
        assert!(Name::new(b"/ch6_ipc".to_vec()).is_some());
        for wrong in [&b""[..], b"/", b"ch6_ipc", b"/a/b", b"/a\0b"] {
            assert!(Name::new(wrong.to_vec()).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_numbered_name_is_valid() {
        let name = Name::new(b"/a".to_vec()).and_then(|name| name.numbered(7)).expect("a name");
        assert_eq!(name.as_bytes(), b"/a-7");
    }
}
