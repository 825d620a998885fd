//! The live suite: tests that need a real cluster or container engine.
#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod cases;
mod cluster;
mod containers;
mod disk;
mod experiment;
mod faults;
mod interrupt;
mod log_cutting;
mod never_harm;
mod outage;
mod retries;
mod rights;
