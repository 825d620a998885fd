//! The live suite: what only a real cluster can show.
#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod cases;
mod cluster;
mod containers;
mod cutting;
mod disk;
mod experiment;
mod faults;
mod interrupt;
mod never_harm;
mod outage;
mod retries;
mod rights;
