//! The live suite: needs an engine and a cluster.

mod cluster;
