//! Signal handling for PID 1.
//!
//! The kernel does not deliver TERM and INT to PID 1 unless it has a handler. Without one, every deleted pod would wait
//! for its full grace period.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// A signal that `hold` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGTERM, from the kubelet.
    Term,
    /// SIGINT, from a terminal.
    Int,
    /// SIGUSR1, which is only reported.
    Usr1,
}

impl Signal {
    /// The name without `SIG`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Usr1 => "USR1",
        }
    }

    /// 128 plus the signal number, as in a shell.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Term => 143,
            Self::Int => 130,
            Self::Usr1 => 138,
        }
    }
}

extern "C" fn end_at_once(signal: libc::c_int) {
    // SAFETY: `_exit` may be called from a signal handler.
    unsafe { libc::_exit(128 + signal) }
}

/// Makes TERM and INT end the process immediately, with exit codes 143 and 130.
pub(crate) fn end_on_term_and_int() -> io::Result<()> {
    let handler: extern "C" fn(libc::c_int) = end_at_once;
    for signal in [libc::SIGTERM, libc::SIGINT] {
        // SAFETY: all-zero bytes are a valid sigaction: no flags, an empty mask, the default handler.
        let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = handler as libc::sighandler_t;
        // SAFETY: the action is valid for the call, and the handler does only what a handler may do.
        if unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// TERM, INT and USR1 while they are blocked. [`BlockedSignals::wait`] accepts them one at a time.
///
/// They stay blocked until the process ends, so that a signal that arrives before the wait is not lost.
pub(crate) struct BlockedSignals {
    signals: libc::sigset_t,
}

/// Blocks TERM, INT and USR1.
pub(crate) fn block_signals() -> io::Result<BlockedSignals> {
    let mut signals = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: sigemptyset makes the set valid; all signal numbers exist; the set lives through all the
    // calls.
    let (signals, result) = unsafe {
        libc::sigemptyset(signals.as_mut_ptr());
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGTERM);
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGINT);
        libc::sigaddset(signals.as_mut_ptr(), libc::SIGUSR1);
        let result = libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), ptr::null_mut());
        (signals.assume_init(), result)
    };
    match result {
        0 => Ok(BlockedSignals { signals }),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

impl BlockedSignals {
    /// Sleeps until one of the signals arrives.
    pub(crate) fn wait(&self) -> io::Result<Signal> {
        loop {
            // SAFETY: the set is valid, and a null info pointer is allowed.
            match unsafe { libc::sigwaitinfo(&raw const self.signals, ptr::null_mut()) } {
                libc::SIGTERM => return Ok(Signal::Term),
                libc::SIGINT => return Ok(Signal::Int),
                libc::SIGUSR1 => return Ok(Signal::Usr1),
                _ => super::ok_if_interrupted()?,
            }
        }
    }
}
