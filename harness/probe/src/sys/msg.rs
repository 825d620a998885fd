//! System V message queues.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// For everybody: what is tested is the namespace, and containers run as different users.
const MODE: libc::c_int = 0o666;

/// The greatest message, unless the node allows more.
const ROOM: usize = 8192;

/// All messages are of one kind, which must be above zero.
const KIND: libc::c_long = 1;

/// A message as the kernel takes and gives it.
#[repr(C)]
struct Message {
    kind: libc::c_long,
    text: [u8; ROOM],
}

/// A queue, found by its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    id: libc::c_int,
}

/// What the kernel knows about a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// How many messages wait in it.
    pub(crate) count: u64,
    /// How many bytes they have together.
    pub(crate) bytes: u64,
}

impl Queue {
    /// The queue with this key, which must exist.
    pub(crate) fn find(key: u32) -> io::Result<Self> {
        Self::get(key, 0)
    }

    /// A new queue with this key; fails with `EEXIST` if there is one.
    pub(crate) fn create_new(key: u32) -> io::Result<Self> {
        Self::get(key, libc::IPC_CREAT | libc::IPC_EXCL | MODE)
    }

    /// Sends one message; a full queue is `EAGAIN`.
    pub(crate) fn send(self, text: &[u8]) -> io::Result<()> {
        let mut message = Message { kind: KIND, text: [0; ROOM] };
        let Some(place) = message.text.get_mut(..text.len()) else {
            return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
        };
        place.copy_from_slice(text);
        loop {
            // SAFETY: the pointer is valid for a message whose text has room for at least as many bytes.
            let result =
                unsafe { libc::msgsnd(self.id, (&raw const message).cast(), text.len(), libc::IPC_NOWAIT) };
            if result == 0 {
                return Ok(());
            }
            super::not_only_interrupted()?;
        }
    }

    /// Receives one message, or none when there is none. What is longer than the room is cut.
    pub(crate) fn receive(self) -> io::Result<Option<Vec<u8>>> {
        let mut message = Message { kind: 0, text: [0; ROOM] };
        let flags = libc::IPC_NOWAIT | libc::MSG_NOERROR;
        loop {
            // SAFETY: the pointer is valid for a message whose text has room for as many bytes as are said.
            let length = unsafe { libc::msgrcv(self.id, (&raw mut message).cast(), ROOM, 0, flags) };
            if let Ok(length) = usize::try_from(length) {
                return Ok(Some(message.text[..length.min(ROOM)].to_vec()));
            }
            if io::Error::last_os_error().raw_os_error() == Some(libc::ENOMSG) {
                return Ok(None);
            }
            super::not_only_interrupted()?;
        }
    }

    /// What the kernel knows about it.
    pub(crate) fn facts(self) -> io::Result<Facts> {
        let mut seen = MaybeUninit::<libc::msqid_ds>::zeroed();
        // SAFETY: the pointer is valid for one msqid_ds.
        if unsafe { libc::msgctl(self.id, libc::IPC_STAT, seen.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: all-zero bytes are a valid msqid_ds, and the call above has filled it.
        let seen = unsafe { seen.assume_init() };
        Ok(Facts { count: seen.msg_qnum, bytes: seen.__msg_cbytes })
    }

    /// Removes it with all messages in it.
    pub(crate) fn remove(self) -> io::Result<()> {
        // SAFETY: this command takes no buffer.
        match unsafe { libc::msgctl(self.id, libc::IPC_RMID, ptr::null_mut()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn get(key: u32, flags: libc::c_int) -> io::Result<Self> {
        // SAFETY: the call takes only numbers.
        let id = unsafe { libc::msgget(key.cast_signed(), flags) };
        if id < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { id })
    }
}
