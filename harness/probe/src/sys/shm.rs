//! System V shared memory.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// The size of every segment that the probe creates, in bytes: one page.
pub(crate) const SIZE: usize = 4096;

const MODE: libc::c_int = 0o644;

/// A segment ID.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    id: libc::c_int,
}

/// Statistics of a segment (`IPC_STAT`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The number of attachments.
    pub(crate) attached: u64,
    /// The size in bytes.
    pub(crate) size: usize,
}

impl Segment {
    /// Finds an existing segment.
    pub(crate) fn find(key: u32) -> io::Result<Self> {
        Self::get(key, 0, 0)
    }

    /// Finds a segment, or creates it if it does not exist.
    pub(crate) fn find_or_create(key: u32) -> io::Result<Self> {
        Self::get(key, SIZE, libc::IPC_CREAT | MODE)
    }

    /// Creates a segment. Fails with `EEXIST` if the key exists.
    pub(crate) fn create_new(key: u32) -> io::Result<Self> {
        Self::get(key, SIZE, libc::IPC_CREAT | libc::IPC_EXCL | MODE)
    }

    /// Creates a segment without a key (`IPC_PRIVATE`).
    pub(crate) fn create_private() -> io::Result<Self> {
        Self::get(libc::IPC_PRIVATE.cast_unsigned(), SIZE, libc::IPC_CREAT | MODE)
    }

    pub(crate) fn id(self) -> i32 {
        self.id
    }

    /// Attaches the segment until the process ends.
    pub(crate) fn keep_attached(self) -> io::Result<()> {
        self.attach(0).map(|_start| ())
    }

    /// Attaches, writes the text padded with zeros, detaches. Fails with `EMSGSIZE` if the text does not fit.
    pub(crate) fn write(self, text: &[u8]) -> io::Result<()> {
        let size = self.facts()?.size;
        if text.len() >= size {
            return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
        }
        let start = self.attach(0)?;
        // SAFETY: the segment is attached writable at `start` and is `size` bytes long, which is more than
        // the text.
        unsafe {
            ptr::write_bytes(start, 0, size);
            ptr::copy_nonoverlapping(text.as_ptr(), start, text.len());
        }
        detach(start)
    }

    /// Attaches read-only, reads up to the first zero byte, detaches.
    pub(crate) fn read(self) -> io::Result<Vec<u8>> {
        let size = self.facts()?.size;
        let start = self.attach(libc::SHM_RDONLY)?;
        let mut bytes = vec![0; size];
        // SAFETY: the segment is attached at `start` and is `size` bytes long, and so is the buffer.
        unsafe { ptr::copy_nonoverlapping(start.cast_const(), bytes.as_mut_ptr(), size) };
        detach(start)?;
        if let Some(end) = bytes.iter().position(|byte| *byte == 0) {
            bytes.truncate(end);
        }
        Ok(bytes)
    }

    pub(crate) fn facts(self) -> io::Result<Facts> {
        let mut seen = MaybeUninit::<libc::shmid_ds>::zeroed();
        // SAFETY: the pointer is valid for one shmid_ds.
        if unsafe { libc::shmctl(self.id, libc::IPC_STAT, seen.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: all-zero bytes are a valid shmid_ds, and the call above has filled it.
        let seen = unsafe { seen.assume_init() };
        Ok(Facts { attached: seen.shm_nattch, size: seen.shm_segsz })
    }

    /// Marks the segment for removal, which happens when the last process detaches.
    pub(crate) fn remove(self) -> io::Result<()> {
        // SAFETY: this command takes no buffer.
        match unsafe { libc::shmctl(self.id, libc::IPC_RMID, ptr::null_mut()) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn get(key: u32, size: usize, flags: libc::c_int) -> io::Result<Self> {
        // SAFETY: the call takes only numbers.
        let id = unsafe { libc::shmget(key.cast_signed(), size, flags) };
        if id < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { id })
    }

    fn attach(self, flags: libc::c_int) -> io::Result<*mut u8> {
        // SAFETY: the kernel chooses the address, so it overlaps no existing mapping.
        let start = unsafe { libc::shmat(self.id, ptr::null(), flags) };
        if start.addr() == usize::MAX {
            return Err(io::Error::last_os_error());
        }
        Ok(start.cast())
    }
}

fn detach(start: *mut u8) -> io::Result<()> {
    // SAFETY: the address came from `attach`, and nothing points into it any longer.
    match unsafe { libc::shmdt(start.cast_const().cast()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
