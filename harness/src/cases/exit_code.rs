//! The exit codes of processes that a signal ended: 128 plus the number of the signal.

/// After SIGTERM.
pub(super) const SIGTERM: i32 = 143;

/// After SIGKILL.
pub(super) const SIGKILL: i32 = 137;
