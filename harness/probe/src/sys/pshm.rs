//! POSIX shared memory.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::ptr;

use super::name::Name;
use super::umask;

/// The size of every object that the probe creates, in bytes: one page.
pub(crate) const SIZE: usize = 4096;

/// The most bytes that are read from an object.
const MAX_READ: usize = 64 * 1024;

/// Open to all users: the cases test the namespace, and containers may run as different users.
const MODE: libc::mode_t = 0o666;

/// Opens an existing object, read-only.
pub(crate) fn find(name: &Name) -> io::Result<File> {
    open(name, libc::O_RDONLY)
}

/// Opens an object, or creates it if it does not exist.
pub(crate) fn find_or_create(name: &Name) -> io::Result<File> {
    // Open before creating: with fs.protected_regular, O_CREAT fails for another user's file in a sticky directory,
    // even if the file is writable.
    match open(name, libc::O_RDWR) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
            umask::without(|| open(name, libc::O_RDWR | libc::O_CREAT))
        }
        result => result,
    }
}

/// Removes the name. The object exists until its last user closes it.
pub(crate) fn unlink(name: &Name) -> io::Result<()> {
    // SAFETY: the name is a C string.
    match unsafe { libc::shm_unlink(name.as_c_str().as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Writes the text, padded with zeros, through a shared mapping. Fails with `EMSGSIZE` if it does not fit.
pub(crate) fn write(object: &File, text: &[u8]) -> io::Result<()> {
    if text.len() >= SIZE {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    let size = libc::off_t::try_from(SIZE).map_err(io::Error::other)?;
    // Reserve space, not only a size: on a full filesystem a write to the mapping would raise SIGBUS.
    // SAFETY: the call takes only numbers.
    match unsafe { libc::posix_fallocate(object.as_raw_fd(), 0, size) } {
        0 => {}
        code => return Err(io::Error::from_raw_os_error(code)),
    }
    let mapping = Mapping::of(object, SIZE, libc::PROT_READ | libc::PROT_WRITE)?;
    // SAFETY: the mapping is writable and longer than the text.
    unsafe {
        ptr::write_bytes(mapping.start, 0, SIZE);
        ptr::copy_nonoverlapping(text.as_ptr(), mapping.start, text.len());
    }
    Ok(())
}

/// Reads up to the first zero byte through a shared mapping.
pub(crate) fn read(object: &File) -> io::Result<Vec<u8>> {
    let length = usize::try_from(object.metadata()?.len()).unwrap_or(usize::MAX).min(MAX_READ);
    if length == 0 {
        // mmap(2) rejects an empty mapping.
        return Ok(Vec::new());
    }
    let mapping = Mapping::of(object, length, libc::PROT_READ)?;
    let mut bytes = vec![0; length];
    // SAFETY: the mapping is as long as the buffer.
    unsafe { ptr::copy_nonoverlapping(mapping.start.cast_const(), bytes.as_mut_ptr(), length) };
    if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
        bytes.truncate(end);
    }
    Ok(bytes)
}

fn open(name: &Name, flags: libc::c_int) -> io::Result<File> {
    // SAFETY: the name is a C string.
    let raw = unsafe { libc::shm_open(name.as_c_str().as_ptr(), flags | libc::O_CLOEXEC, MODE) };
    if raw < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and nothing else owns it.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(raw) }))
}

struct Mapping {
    start: *mut u8,
    length: usize,
}

impl Mapping {
    fn of(object: &File, length: usize, protection: libc::c_int) -> io::Result<Self> {
        // SAFETY: the kernel chooses the address, so it overlaps no existing mapping.
        let start = unsafe {
            libc::mmap(ptr::null_mut(), length, protection, libc::MAP_SHARED, object.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start: start.cast(), length })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this value owns the mapping, and nothing points into it any longer.
        unsafe { libc::munmap(self.start.cast(), self.length) };
    }
}
