//! System V semaphores: always one semaphore in a set.

use std::io;

/// For everybody: what is tested is the namespace, and containers run as different users.
const MODE: libc::c_int = 0o666;

/// A semaphore, found by its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Semaphore {
    id: libc::c_int,
}

impl Semaphore {
    /// The semaphore with this key, which must exist.
    pub(crate) fn find(key: u32) -> io::Result<Self> {
        // With 0 semaphores any set will do.
        Self::get(key, 0, 0)
    }

    /// A new semaphore with this key and the value 0; fails with `EEXIST` if there is one.
    pub(crate) fn create_new(key: u32) -> io::Result<Self> {
        Self::get(key, 1, libc::IPC_CREAT | libc::IPC_EXCL | MODE)
    }

    /// Gives it a value.
    pub(crate) fn set(self, value: u16) -> io::Result<()> {
        // SAFETY: this command takes a number as its fourth argument.
        match unsafe { libc::semctl(self.id, 0, libc::SETVAL, libc::c_int::from(value)) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Its value.
    pub(crate) fn value(self) -> io::Result<u32> {
        self.ask(libc::GETVAL)
    }

    /// How many processes wait for it to become greater.
    pub(crate) fn waiters(self) -> io::Result<u32> {
        self.ask(libc::GETNCNT)
    }

    /// Adds one.
    pub(crate) fn post(self) -> io::Result<()> {
        self.change(1)
    }

    /// Takes one away, and sleeps until there is one to take.
    pub(crate) fn wait(self) -> io::Result<()> {
        self.change(-1)
    }

    /// Removes it; whoever waits for it gets `EIDRM`.
    pub(crate) fn remove(self) -> io::Result<()> {
        // SAFETY: this command takes no fourth argument.
        match unsafe { libc::semctl(self.id, 0, libc::IPC_RMID) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    fn ask(self, command: libc::c_int) -> io::Result<u32> {
        // SAFETY: this command takes no fourth argument.
        let answer = unsafe { libc::semctl(self.id, 0, command) };
        u32::try_from(answer).map_err(|_| io::Error::last_os_error())
    }

    fn change(self, by: i16) -> io::Result<()> {
        let mut step = libc::sembuf { sem_num: 0, sem_op: by, sem_flg: 0 };
        loop {
            // SAFETY: the pointer is valid for one sembuf.
            if unsafe { libc::semop(self.id, &raw mut step, 1) } == 0 {
                return Ok(());
            }
            super::not_only_interrupted()?;
        }
    }

    fn get(key: u32, count: libc::c_int, flags: libc::c_int) -> io::Result<Self> {
        // SAFETY: the call takes only numbers.
        let id = unsafe { libc::semget(key.cast_signed(), count, flags) };
        if id < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { id })
    }
}
