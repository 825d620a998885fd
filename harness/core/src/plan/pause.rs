//! Pauses between two attempts at something that gives no event.
//!
//! They end no wait, so they are the same for all machines: whatever ends a wait is one of the
//! [`Budgets`](super::Budgets).

use std::time::Duration;

/// Before the first retry of a request. Each further pause is twice as long as the one before.
pub const FIRST_RETRY: Duration = Duration::from_millis(100);

/// The longest pause before a retry of a request.
pub const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// Before a broken watch is restarted.
pub const WATCH: Duration = Duration::from_millis(100);

/// Before a log is requested again that the kubelet does not have yet, or that is compared with an earlier read.
pub const LOG: Duration = Duration::from_millis(100);

/// Before a broken log stream is resumed.
pub const LOG_RESUMPTION: Duration = Duration::from_secs(2);

/// Before an unresponsive cluster is identified again, at the start and at the end of a run.
pub const IDENTIFICATION: Duration = Duration::from_secs(1);

/// Before the API server is asked again whether it is back.
pub const API_SERVER: Duration = Duration::from_millis(250);
