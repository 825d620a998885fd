//! The offline suite: no cluster, no engine.
#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod architecture;
mod cli;
mod cluster;
mod junit;
mod plan;
mod readback;
mod record;
mod select;
mod terminal;
