//! POSIX shared memory.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::ptr;

use super::name::Name;
use super::umask;

/// The size of every object the probe makes: one page.
pub(crate) const SIZE: usize = 4096;

/// How much of an object is looked at.
const LOOKED_AT: usize = 64 * 1024;

/// For everybody: what is tested is the namespace, and containers run as different users.
const MODE: libc::mode_t = 0o666;

/// The object with this name, which must exist.
pub(crate) fn find(name: &Name) -> io::Result<File> {
    open(name, libc::O_RDONLY)
}

/// The object with this name, created if need be.
pub(crate) fn find_or_create(name: &Name) -> io::Result<File> {
    // Without creating first: nodes may forbid to create what another user has in a shared folder already,
    // even where writing to it is allowed.
    match open(name, libc::O_RDWR) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
            umask::without(|| open(name, libc::O_RDWR | libc::O_CREAT))
        }
        result => result,
    }
}

/// Takes the name away; the object lives until its last user is gone.
pub(crate) fn unlink(name: &Name) -> io::Result<()> {
    // SAFETY: the name is a C string.
    match unsafe { libc::shm_unlink(name.as_c_str().as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Writes the text and zeros behind it through a shared mapping. What does not fit is an error.
pub(crate) fn write(object: &File, text: &[u8]) -> io::Result<()> {
    if text.len() >= SIZE {
        return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
    }
    let size = libc::off_t::try_from(SIZE).map_err(io::Error::other)?;
    // Not only a size but room: without room the first write into the mapping would be the end of us.
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

/// The bytes before the first zero, through a shared mapping.
pub(crate) fn read(object: &File) -> io::Result<Vec<u8>> {
    let length = usize::try_from(object.metadata()?.len()).unwrap_or(usize::MAX).min(LOOKED_AT);
    if length == 0 {
        // There is no empty mapping.
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
    // SAFETY: the descriptor is new and nobody else owns it.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(raw) }))
}

struct Mapping {
    start: *mut u8,
    length: usize,
}

impl Mapping {
    fn of(object: &File, length: usize, protection: libc::c_int) -> io::Result<Self> {
        // SAFETY: the kernel chooses the address, so nothing of ours is covered.
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
        // SAFETY: the mapping is ours, and nothing points into it any more.
        unsafe { libc::munmap(self.start.cast(), self.length) };
    }
}
