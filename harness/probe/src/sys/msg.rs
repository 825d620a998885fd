//! System V message queues.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// Open to all users: the cases test the namespace, and containers may run as different users.
const MODE: libc::c_int = 0o666;

/// The largest message in bytes: the kernel's default limit.
const MAX_TEXT: usize = 8192;

/// The type of all messages; it must be positive.
const KIND: libc::c_long = 1;

/// The kernel's `msgbuf`.
#[repr(C)]
struct Message {
    kind: libc::c_long,
    text: [u8; MAX_TEXT],
}

/// A queue ID.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue {
    id: libc::c_int,
}

/// Statistics of a queue (`IPC_STAT`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The number of messages.
    pub(crate) count: u64,
    /// Their total size in bytes.
    pub(crate) bytes: u64,
}

impl Queue {
    /// Finds an existing queue.
    pub(crate) fn find(key: u32) -> io::Result<Self> {
        Self::get(key, 0)
    }

    /// Creates a queue. Fails with `EEXIST` if the key exists.
    pub(crate) fn create_new(key: u32) -> io::Result<Self> {
        Self::get(key, libc::IPC_CREAT | libc::IPC_EXCL | MODE)
    }

    /// Sends one message without blocking. A full queue fails with `EAGAIN`.
    pub(crate) fn send(self, text: &[u8]) -> io::Result<()> {
        let mut message = Message { kind: KIND, text: [0; MAX_TEXT] };
        let Some(target) = message.text.get_mut(..text.len()) else {
            return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
        };
        target.copy_from_slice(text);
        loop {
            // SAFETY: the pointer is valid for a message whose text has at least as many bytes.
            let result =
                unsafe { libc::msgsnd(self.id, (&raw const message).cast(), text.len(), libc::IPC_NOWAIT) };
            if result == 0 {
                return Ok(());
            }
            super::ok_if_interrupted()?;
        }
    }

    /// Receives one message without blocking; `None` if the queue is empty. A longer message is truncated.
    pub(crate) fn receive(self) -> io::Result<Option<Vec<u8>>> {
        let mut message = Message { kind: 0, text: [0; MAX_TEXT] };
        let flags = libc::IPC_NOWAIT | libc::MSG_NOERROR;
        loop {
            // SAFETY: the pointer is valid for a message whose text has as many bytes as the call states.
            let length = unsafe { libc::msgrcv(self.id, (&raw mut message).cast(), MAX_TEXT, 0, flags) };
            if let Ok(length) = usize::try_from(length) {
                return Ok(Some(message.text[..length.min(MAX_TEXT)].to_vec()));
            }
            if io::Error::last_os_error().raw_os_error() == Some(libc::ENOMSG) {
                return Ok(None);
            }
            super::ok_if_interrupted()?;
        }
    }

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

    /// Removes the queue and all its messages.
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
