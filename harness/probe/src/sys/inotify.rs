//! Waits for new entries in a folder.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// In bytes. An event has 16 bytes, and a name of at most 255 bytes and a NUL.
const BUFFER_SIZE: usize = 16 * (16 + 256);

/// A watch on one folder. Events queue up from the moment it exists.
#[derive(Debug)]
pub(crate) struct Watch {
    events: File,
}

/// An event in the folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// An entry with this name was created or moved here.
    Appeared(Vec<u8>),
    /// The folder itself was removed, moved or unmounted.
    FolderGone,
    /// Any other event, including lost events.
    Other,
}

impl Watch {
    pub(crate) fn on(folder: &Path) -> io::Result<Self> {
        // SAFETY: the call takes only flags.
        let raw = unsafe { libc::inotify_init1(libc::IN_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and nothing else owns it.
        let events = File::from(unsafe { OwnedFd::from_raw_fd(raw) });
        let path = CString::new(folder.as_os_str().as_bytes())?;
        let wanted = libc::IN_CREATE
            | libc::IN_MOVED_TO
            | libc::IN_DELETE_SELF
            | libc::IN_MOVE_SELF
            | libc::IN_ONLYDIR;
        // SAFETY: the path is a C string that outlives the call.
        if unsafe { libc::inotify_add_watch(events.as_raw_fd(), path.as_ptr(), wanted) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { events })
    }

    /// Sleeps until there is at least one event.
    pub(crate) fn wait(&mut self) -> io::Result<Vec<Change>> {
        let mut buffer = [0; BUFFER_SIZE];
        loop {
            match self.events.read(&mut buffer) {
                Ok(length) => return Ok(changes(&buffer[..length])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Parses `inotify_event` records: watch, mask, cookie and name length (four bytes each), then the name padded with
/// NULs.
fn changes(mut bytes: &[u8]) -> Vec<Change> {
    let mut found = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<16>() {
        let word = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let mask = word(4);
        let length = usize::try_from(word(12)).unwrap_or(usize::MAX).min(rest.len());
        let (name, rest) = rest.split_at(length);
        bytes = rest;
        found.push(if mask & (libc::IN_CREATE | libc::IN_MOVED_TO) != 0 {
            Change::Appeared(name.iter().copied().take_while(|byte| *byte != 0).collect())
        } else if mask & (libc::IN_DELETE_SELF | libc::IN_MOVE_SELF | libc::IN_IGNORED | libc::IN_UNMOUNT)
            != 0
        {
            Change::FolderGone
        } else {
            Change::Other
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(mask: u32, name: &[u8]) -> Vec<u8> {
        let length = u32::try_from(name.len()).expect("short");
        [1, mask, 0, length].into_iter().flat_map(u32::to_ne_bytes).chain(name.iter().copied()).collect()
    }

    #[test]
    fn consecutive_records_are_parsed() {
        let mut bytes = record(libc::IN_CREATE, b"a\0\0\0");
        bytes.extend(record(libc::IN_Q_OVERFLOW, b""));
        bytes.extend(record(libc::IN_DELETE_SELF, b""));
        bytes.extend(record(libc::IN_MOVED_TO, b"go.txt\0\0"));
        assert_eq!(
            changes(&bytes),
            [
                Change::Appeared(b"a".to_vec()),
                Change::Other,
                Change::FolderGone,
                Change::Appeared(b"go.txt".to_vec())
            ]
        );
    }

    #[test]
    fn a_truncated_record_does_not_panic() {
        let bytes = record(libc::IN_CREATE, b"name\0\0\0\0");
        for length in 0..bytes.len() {
            let _ignored = changes(&bytes[..length]);
        }
    }
}
