//! The live suite: what only a real cluster can show.

mod cases;
mod cluster;
mod containers;
mod interrupt;
