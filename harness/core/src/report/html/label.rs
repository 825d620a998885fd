//! Labels that several drawings of the evidence share.

use jiff::Timestamp;

use crate::report::evidence_view::{EvidenceView, Log};
use crate::report::text::plain_line;

/// Seconds since the case started.
pub(super) fn offset(view: &EvidenceView, at: Timestamp) -> f64 {
    at.duration_since(view.started).as_secs_f64()
}

/// Names a container instance as `pod/container (instance N)`.
pub(super) fn instance(log: &Log) -> String {
    let restart = if log.restart > 0 { format!(" (instance {})", log.restart) } else { String::new() };
    plain_line(&format!("{}/{}{restart}", log.pod, log.container), 160)
}
