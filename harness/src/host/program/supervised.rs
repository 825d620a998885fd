//! The command line that runs a program under the supervisor.

use std::ffi::{OsStr, OsString};
use std::sync::OnceLock;

use rustix::process::getpid;

/// The executable name under which podproof acts as a supervisor.
pub const SUPERVISOR: &str = "podproof-supervisor";

static AVAILABLE: OnceLock<()> = OnceLock::new();

/// Runs programs under a supervisor from now on. Call this only if `main` calls
/// [`act_as_supervisor`](crate::host::act_as_supervisor) when the executable name is [`SUPERVISOR`].
pub fn supervise_programs() {
    // Calling this twice has no effect.
    let _ = AVAILABLE.set(());
}

/// Returns executable, `argv[0]` and arguments for running `argv` under a supervisor; `None` if supervision is off. The
/// script `when_orphaned`, if not empty, runs if podproof ends before the program.
pub(super) fn supervised(
    when_orphaned: &OsStr,
    argv: &[OsString],
) -> Option<(&'static str, &'static str, Vec<OsString>)> {
    AVAILABLE.get()?;
    let us = OsString::from(getpid().to_string());
    let arguments = [us, when_orphaned.to_owned()].into_iter().chain(argv.iter().cloned());
    // The running executable, even if its file was replaced.
    Some(("/proc/self/exe", SUPERVISOR, arguments.collect()))
}
