//! The part of a case's evidence that documents show. It is reduced while it is read, so that memory stays bounded.

mod lanes;
mod log;
mod read;
mod tail;

pub(super) use lanes::{InstanceLane, PodLanes, Span, SpanState};
pub(super) use log::{Flow, Log};
pub(super) use read::{EventView, EvidenceView, Reader};
pub(super) use tail::Tail;
