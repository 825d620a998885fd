//! Tests and estimates for histories: plain arithmetic, no clock, no store.
//!
//! Each is written from its definition, and its tests hold values that SciPy 1.17 gives. Shares and their Wilson
//! intervals are those of the experiments, [`crate::experiment::Share`].

mod change;
mod discovery;
mod fisher;
mod gamma;
mod normal;
mod rank;
mod spread;

pub use change::{ChangePoint, change_point};
pub use discovery::adjusted;
pub use fisher::{Fisher, Table, fisher};
pub use rank::{RankSum, rank_sum};
pub use spread::{deviation, median};
