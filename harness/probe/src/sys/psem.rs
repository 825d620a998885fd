//! POSIX named semaphores.

use std::io;

use super::name::Name;
use super::{not_only_interrupted, umask};

/// For everybody: what is tested is the namespace, and containers run as different users.
const MODE: libc::mode_t = 0o666;

/// An open semaphore.
#[derive(Debug)]
pub(crate) struct Semaphore {
    raw: *mut libc::sem_t,
}

impl Semaphore {
    /// The semaphore with this name, which must exist.
    pub(crate) fn find(name: &Name) -> io::Result<Self> {
        // SAFETY: the name is a C string, and without O_CREAT the call takes no further arguments.
        Self::owned(unsafe { libc::sem_open(name.as_c_str().as_ptr(), 0) })
    }

    /// A new semaphore with this name; fails with `EEXIST` if there is one.
    pub(crate) fn create_new(name: &Name, value: u32) -> io::Result<Self> {
        let flags = libc::O_CREAT | libc::O_EXCL;
        umask::without(|| {
            // SAFETY: with O_CREAT the call takes a mode and a value; the name is a C string.
            Self::owned(unsafe { libc::sem_open(name.as_c_str().as_ptr(), flags, MODE, value) })
        })
    }

    /// Its value.
    pub(crate) fn value(&self) -> io::Result<i32> {
        let mut value = 0;
        // SAFETY: the semaphore is open, and the pointer is valid for one number.
        match unsafe { libc::sem_getvalue(self.raw, &raw mut value) } {
            0 => Ok(value),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Adds one.
    pub(crate) fn post(&self) -> io::Result<()> {
        // SAFETY: the semaphore is open.
        match unsafe { libc::sem_post(self.raw) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Takes one away, and sleeps until there is one to take.
    pub(crate) fn wait(&self) -> io::Result<()> {
        loop {
            // SAFETY: the semaphore is open.
            if unsafe { libc::sem_wait(self.raw) } == 0 {
                return Ok(());
            }
            not_only_interrupted()?;
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
        // SAFETY: the semaphore is open and ours; nobody uses it afterwards.
        unsafe { libc::sem_close(self.raw) };
    }
}

/// Takes the name away; the semaphore lives until its last user is gone.
pub(crate) fn unlink(name: &Name) -> io::Result<()> {
    // SAFETY: the name is a C string.
    match unsafe { libc::sem_unlink(name.as_c_str().as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
