//! The offline suite: no cluster, no engine.

mod architecture;
mod cli;
mod cluster;
mod plan;
mod select;
