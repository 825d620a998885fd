//! Named POSIX semaphores.

use std::io;

use super::name::Name;
use super::{ok_if_interrupted, umask};

/// Open to all users: the cases test the namespace, and containers may run as different users.
const MODE: libc::mode_t = 0o666;

/// An open semaphore.
#[derive(Debug)]
pub(crate) struct Semaphore {
    raw: *mut libc::sem_t,
}

impl Semaphore {
    /// Opens an existing semaphore.
    pub(crate) fn find(name: &Name) -> io::Result<Self> {
        // SAFETY: the name is a C string, and without O_CREAT the call takes no further arguments.
        Self::owned(unsafe { libc::sem_open(name.as_c_str().as_ptr(), 0) })
    }

    /// Creates a semaphore. Fails with `EEXIST` if the name exists.
    pub(crate) fn create_new(name: &Name, value: u32) -> io::Result<Self> {
        let flags = libc::O_CREAT | libc::O_EXCL;
        umask::without(|| {
            // SAFETY: with O_CREAT the call takes a mode and a value; the name is a C string.
            Self::owned(unsafe { libc::sem_open(name.as_c_str().as_ptr(), flags, MODE, value) })
        })
    }

    pub(crate) fn value(&self) -> io::Result<i32> {
        let mut value = 0;
        // SAFETY: the semaphore is open, and the pointer is valid for one number.
        match unsafe { libc::sem_getvalue(self.raw, &raw mut value) } {
            0 => Ok(value),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Increments the value.
    pub(crate) fn post(&self) -> io::Result<()> {
        // SAFETY: the semaphore is open.
        match unsafe { libc::sem_post(self.raw) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Decrements the value; sleeps while it is zero.
    pub(crate) fn wait(&self) -> io::Result<()> {
        loop {
            // SAFETY: the semaphore is open.
            if unsafe { libc::sem_wait(self.raw) } == 0 {
                return Ok(());
            }
            ok_if_interrupted()?;
        }
    }

    fn owned(raw: *mut libc::sem_t) -> io::Result<Self> {
        if raw == libc::SEM_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { raw })
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: this value owns the open semaphore, and nothing uses it afterwards.
        unsafe { libc::sem_close(self.raw) };
    }
}

/// Removes the name. The semaphore exists until its last user closes it.
pub(crate) fn unlink(name: &Name) -> io::Result<()> {
    // SAFETY: the name is a C string.
    match unsafe { libc::sem_unlink(name.as_c_str().as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
