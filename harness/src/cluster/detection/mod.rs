//! Detects the capabilities of a cluster without changing it. If a request is forbidden or its response is not
//! understood, the capability stays unknown; this is never an error.

mod admission;
mod classes;
mod cluster_wide;
mod detector;
mod gates;
mod kubelet;
mod proxy;
mod rights;

pub(super) use detector::Detector;
pub(super) use kubelet::handlers;
