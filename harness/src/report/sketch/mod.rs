//! What documents show of a case's evidence: folded while it is read, so that it stays small however large that is.

mod lanes;
mod log;
mod read;
mod tail;

pub(super) use lanes::{Instance, PodLanes, Span, State};
pub(super) use log::{Flow, Log};
pub(super) use read::{Reader, Sketch, Told};
pub(super) use tail::Tail;
