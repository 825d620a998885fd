//! Names of POSIX objects: message queues, shared memory, semaphores.

use std::ffi::{CStr, CString};

/// The name of an object: a slash and then no other.
#[derive(Clone, Debug)]
pub(crate) struct Name(CString);

impl Name {
    /// A name, if it can be one. The C library would call all others invalid or look elsewhere.
    pub(crate) fn new(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.strip_prefix(b"/")?;
        if rest.is_empty() || rest.contains(&b'/') {
            return None;
        }
        CString::new(bytes).ok().map(Self)
    }

    /// The name of one of several: with a number behind it.
    pub(crate) fn numbered(&self, number: u64) -> Option<Self> {
        Self::new([self.as_bytes(), format!("-{number}").as_bytes()].concat())
    }

    /// The name with its slash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The name as C functions take it.
    pub(crate) fn as_c_str(&self) -> &CStr {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_slash_at_the_front() {
        assert!(Name::new(b"/ch6_ipc".to_vec()).is_some());
        for wrong in [&b""[..], b"/", b"ch6_ipc", b"/a/b", b"/a\0b"] {
            assert!(Name::new(wrong.to_vec()).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_numbered_name_is_a_name() {
        let name = Name::new(b"/a".to_vec()).and_then(|name| name.numbered(7)).expect("a name");
        assert_eq!(name.as_bytes(), b"/a-7");
    }
}
