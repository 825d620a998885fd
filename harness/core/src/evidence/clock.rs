//! The time at which something was observed.

use std::sync::LazyLock;
use std::time::Instant;

use jiff::Timestamp;

/// The wall clock and the monotonic clock, both read at first use.
static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Timestamp::now(), Instant::now()));

/// The current time by a monotonic clock. Judges compare times of one run, so changes of the wall clock must not
/// matter.
#[must_use]
pub fn now() -> Timestamp {
    let (wall, steady) = *BEGAN;
    wall + steady.elapsed()
}
