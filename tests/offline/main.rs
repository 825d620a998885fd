//! The offline suite: no cluster, no engine.
#![expect(clippy::unwrap_used, reason = "a test panics where something is wrong")]

mod architecture;
mod article;
mod catalogue;
mod cli;
mod cluster;
mod documents;
mod dress;
mod experiment;
mod facts;
mod history_cli;
mod history_import;
mod history_judge;
mod history_simulation;
mod history_store;
mod history_world;
mod judge;
mod judge_fixtures;
mod judge_tampered;
mod junit;
mod markup;
mod page;
mod plan;
mod readback;
mod record;
mod schema;
mod select;
mod tampered_ipc;
mod tampered_isolation;
mod tampered_lifecycle;
mod tampered_network;
mod tampered_node;
mod tampered_restart;
mod tampered_startup;
mod tampered_volume;
mod terminal;
