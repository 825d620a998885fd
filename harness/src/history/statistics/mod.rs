//! Statistical tests and estimates, as pure functions.
//!
//! Each is implemented from its definition and tested against values from SciPy 1.17. For proportions with Wilson
//! intervals see [`crate::experiment::Share`].

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
