//! The offline suite: no cluster, no engine.

mod architecture;
mod cli;
mod plan;
mod select;
