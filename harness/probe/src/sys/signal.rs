//! The duty of a first process: to end when it is told to.
//!
//! The kernel ignores TERM and INT for process 1 unless it has a handler, so without one a pod would always
//! wait out its whole grace period.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// A signal the probe listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGTERM, from the kubelet.
    Term,
    /// SIGINT, from a terminal.
    Int,
    /// SIGUSR1, which asks for nothing.
    Usr1,
}

impl Signal {
    /// The name without its `SIG`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Int => "INT",
            Self::Usr1 => "USR1",
        }
    }

    /// The exit code a shell would give: 128 and the number of the signal.
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

/// From now on TERM and INT end the process at once, with exit code 143 and 130, whatever it is doing.
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

/// TERM, INT and USR1 held back, so that [`HeldBack::wait`] can take them one at a time.
///
/// They stay held back to the end of the process: a signal that arrives before the wait is not lost.
pub(crate) struct HeldBack {
    signals: libc::sigset_t,
}

/// Holds TERM, INT and USR1 back.
pub(crate) fn hold_back() -> io::Result<HeldBack> {
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
        0 => Ok(HeldBack { signals }),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

impl HeldBack {
    /// Sleeps until one of them arrives.
    pub(crate) fn wait(&self) -> io::Result<Signal> {
        loop {
            // SAFETY: the set is valid, and a null info pointer is allowed.
            match unsafe { libc::sigwaitinfo(&raw const self.signals, ptr::null_mut()) } {
                libc::SIGTERM => return Ok(Signal::Term),
                libc::SIGINT => return Ok(Signal::Int),
                libc::SIGUSR1 => return Ok(Signal::Usr1),
                _ => super::not_only_interrupted()?,
            }
        }
    }
}
