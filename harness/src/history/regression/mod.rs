//! What is new in a run, by the runs of its series before it: pure, from what was kept.
//!
//! A fail and a pass are told apart from what could not be told: inconclusive and skipped executions are neither, and
//! the state of a case is carried over them. Runs in which much could not be told, or in which much failed alike, are
//! left out of every comparison.
//!
//! In made-up series of 400 nights of 200 cases, whose durations spread by 8 %, every planted event is found (of slowdowns
//! of 30 % all but one of a thousand), and at most one night in a hundred has a regression that is none: see the
//! simulation in the offline suite, which prints the table.

mod course;
mod flake;
mod health;
mod judge;
mod news;
mod night;
mod pace;
mod presence;
mod rules;
mod waiver;

pub use health::Health;
pub use judge::judge_night;
pub use news::{Change, Judgement, News, NightReport, Pace, Window};
pub use rules::Rules;
pub use waiver::{Waiver, WaiverError, Waivers, read_waivers};
