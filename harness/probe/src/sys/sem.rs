//! System V semaphores, one per set.

use std::io;

/// Open to all users: the cases test the namespace, and containers may run as different users.
const MODE: libc::c_int = 0o666;

/// The ID of a semaphore set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Semaphore {
    id: libc::c_int,
}

impl Semaphore {
    /// Finds an existing semaphore.
    pub(crate) fn find(key: u32) -> io::Result<Self> {
        // A count of 0 accepts a set of any size.
        Self::get(key, 0, 0)
    }

    /// Creates a semaphore with the value 0. Fails with `EEXIST` if the key exists.
    pub(crate) fn create_new(key: u32) -> io::Result<Self> {
        Self::get(key, 1, libc::IPC_CREAT | libc::IPC_EXCL | MODE)
    }

    /// Sets the value.
    pub(crate) fn set(self, value: u16) -> io::Result<()> {
        // SAFETY: this command takes a number as its fourth argument.
        match unsafe { libc::semctl(self.id, 0, libc::SETVAL, libc::c_int::from(value)) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    pub(crate) fn value(self) -> io::Result<u32> {
        self.ask(libc::GETVAL)
    }

    /// The number of processes that wait for the value to increase.
    pub(crate) fn waiters(self) -> io::Result<u32> {
        self.ask(libc::GETNCNT)
    }

    /// Increments the value.
    pub(crate) fn post(self) -> io::Result<()> {
        self.change(1)
    }

    /// Decrements the value; sleeps while it is zero.
    pub(crate) fn wait(self) -> io::Result<()> {
        self.change(-1)
    }

    /// Removes the semaphore. Waiting processes get `EIDRM`.
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
            super::ok_if_interrupted()?;
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
