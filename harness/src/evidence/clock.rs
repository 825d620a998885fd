//! The time at which something was observed.

use std::sync::LazyLock;
use std::time::Instant;

use jiff::Timestamp;

/// The wall clock when it was read first, and the clock that never jumps at that moment.
static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Timestamp::now(), Instant::now()));

/// The time now, by a clock that never goes back and never jumps: judges compare what was seen before something with what
/// was seen after it, whatever is done to the wall clock meanwhile.
#[must_use]
pub fn now() -> Timestamp {
    let (wall, steady) = *BEGAN;
    wall + steady.elapsed()
}
