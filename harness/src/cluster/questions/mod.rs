//! Questions about what can be done in a cluster. Whoever may not ask, or gets an answer that nobody understands,
//! knows less afterwards, and nothing fails. Nothing in the cluster is changed.

mod admission;
mod asker;
mod classes;
mod gates;
mod kubelet;
mod proxy;
mod rights;

pub(super) use asker::Asker;
pub(super) use kubelet::handlers;
