//! Tests and estimates: shares, distributions, trends. Plain arithmetic.
//!
//! This room must *not* read a clock, a store or a cluster.

mod change;
mod discovery;
mod fisher;
mod gamma;
mod normal;
mod rank;
mod share;
mod spread;

pub use change::{ChangePoint, change_point};
pub use discovery::adjusted;
pub use fisher::{Fisher, Table, fisher};
pub use rank::{RankSum, rank_sum};
pub use share::{Distribution, Share, nearest_rank};
pub use spread::{deviation, median};
