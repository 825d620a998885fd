//! POSIX message queues.

use std::io;
use std::mem::MaybeUninit;

use super::name::Name;
use super::ok_if_interrupted;
use super::umask;

/// The mode that the article's program uses.
const MODE: libc::mode_t = 0o644;

/// The capacity of a new queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    /// The most messages; a sender blocks when the queue is full.
    pub(crate) messages: u32,
    /// The largest message, in bytes.
    pub(crate) bytes_each: u32,
}

/// The attributes of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes {
    /// The most messages.
    pub(crate) maxmsg: u64,
    /// The largest message, in bytes.
    pub(crate) msgsize: u64,
    /// The current number of messages.
    pub(crate) curmsgs: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Receive only; blocks on an empty queue.
    Receive,
    /// Receive only; an empty queue fails with `EAGAIN`.
    ReceiveNonBlocking,
    /// Send only; a full queue fails with `EAGAIN`.
    SendNonBlocking,
    /// Send and receive; neither blocks.
    BothNonBlocking,
}

/// An open queue.
#[derive(Debug)]
pub(crate) struct Queue {
    descriptor: libc::mqd_t,
}

impl Queue {
    /// Opens an existing queue.
    pub(crate) fn open(name: &Name, access: Access) -> io::Result<Self> {
        let flags = match access {
            Access::Receive => libc::O_RDONLY,
            Access::ReceiveNonBlocking => libc::O_RDONLY | libc::O_NONBLOCK,
            Access::SendNonBlocking => libc::O_WRONLY | libc::O_NONBLOCK,
            Access::BothNonBlocking => libc::O_RDWR | libc::O_NONBLOCK,
        };
        // SAFETY: the name is a C string, and without O_CREAT the call takes no further arguments.
        Self::owned(unsafe { libc::mq_open(name.as_c_str().as_ptr(), flags | libc::O_CLOEXEC) })
    }

    /// Opens a queue for blocking sends, as the article's producer does. Creates the queue if it does not exist; an
    /// existing queue keeps its attributes.
    pub(crate) fn open_or_create(name: &Name, capacity: Capacity) -> io::Result<Self> {
        Self::create(name, libc::O_CREAT | libc::O_WRONLY, MODE, capacity)
    }

    /// Creates a queue for non-blocking sends. Fails with `EEXIST` if the queue exists.
    ///
    /// `mode` is set exactly. Without it the mode is 644, reduced by the umask.
    pub(crate) fn create_new(name: &Name, capacity: Capacity, mode: Option<u32>) -> io::Result<Self> {
        let flags = libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY | libc::O_NONBLOCK;
        match mode {
            Some(mode) => umask::without(|| Self::create(name, flags, mode, capacity)),
            None => Self::create(name, flags, MODE, capacity),
        }
    }

    /// Sends one message.
    pub(crate) fn send(&self, message: &[u8], priority: u32) -> io::Result<()> {
        loop {
            // SAFETY: the pointer and the length describe the same live buffer.
            let result =
                unsafe { libc::mq_send(self.descriptor, message.as_ptr().cast(), message.len(), priority) };
            if result == 0 {
                return Ok(());
            }
            ok_if_interrupted()?;
        }
    }

    /// Receives one message and its priority. The buffer must have at least `msgsize` bytes, or the call fails with
    /// `EMSGSIZE`.
    pub(crate) fn receive<'b>(&self, buffer: &'b mut [u8]) -> io::Result<(&'b [u8], u32)> {
        let mut priority = 0;
        loop {
            // SAFETY: the first pointer and the length describe the same live buffer; the second pointer is
            // valid for one number.
            let length = unsafe {
                libc::mq_receive(self.descriptor, buffer.as_mut_ptr().cast(), buffer.len(), &raw mut priority)
            };
            if let Ok(length) = usize::try_from(length) {
                return Ok((&buffer[..length.min(buffer.len())], priority));
            }
            ok_if_interrupted()?;
        }
    }

    pub(crate) fn attributes(&self) -> io::Result<Attributes> {
        let mut seen = no_attributes();
        // SAFETY: the pointer is valid for one mq_attr.
        if unsafe { libc::mq_getattr(self.descriptor, &raw mut seen) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Attributes {
            maxmsg: u64::try_from(seen.mq_maxmsg).unwrap_or(0),
            msgsize: u64::try_from(seen.mq_msgsize).unwrap_or(0),
            curmsgs: u64::try_from(seen.mq_curmsgs).unwrap_or(0),
        })
    }

    fn create(name: &Name, flags: libc::c_int, mode: libc::mode_t, capacity: Capacity) -> io::Result<Self> {
        let mut wanted = no_attributes();
        wanted.mq_maxmsg = capacity.messages.into();
        wanted.mq_msgsize = capacity.bytes_each.into();
        // SAFETY: with O_CREAT the call takes a mode and a pointer to attributes, which live through the
        // call.
        Self::owned(unsafe {
            libc::mq_open(name.as_c_str().as_ptr(), flags | libc::O_CLOEXEC, mode, &raw const wanted)
        })
    }

    fn owned(descriptor: libc::mqd_t) -> io::Result<Self> {
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { descriptor })
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: this value owns the open descriptor, and nothing uses it afterwards.
        unsafe { libc::mq_close(self.descriptor) };
    }
}

/// Removes the name. The queue exists until its last user closes it.
pub(crate) fn unlink(name: &Name) -> io::Result<()> {
    // SAFETY: the name is a C string.
    match unsafe { libc::mq_unlink(name.as_c_str().as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn no_attributes() -> libc::mq_attr {
    // SAFETY: all-zero bytes are a valid mq_attr; it holds only integers.
    unsafe { MaybeUninit::zeroed().assume_init() }
}
