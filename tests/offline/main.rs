//! The offline suite: no cluster, no engine.

mod architecture;
mod cli;
mod cluster;
mod junit;
mod plan;
mod readback;
mod record;
mod select;
mod terminal;
