//! What pods do not share.

mod queues;

use super::case::Case;

pub(super) const CASES: &[Case] = &[queues::MQUEUE_BETWEEN_PODS];
