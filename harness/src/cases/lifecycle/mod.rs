//! The lifecycle of a whole pod.

mod completion;
mod deadline;
mod init;
mod job;
mod phase;
mod removal;
mod sidecar;
mod termination;
mod volumes;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    completion::NEVER_COMPLETES,
    phase::ONE_FAILS_THEN_FAILED,
    phase::PARTIAL_FAILURE_RUNNING,
    termination::GRACE_PERIOD,
    termination::TERM_REACHES_ALL,
    termination::PRESTOP_BEFORE_TERM,
    deadline::DEADLINE_EXCEEDED,
    init::INIT_FAILURE_FAILS_THE_POD,
    job::SIDECAR_JOB_COMPLETES,
    removal::TERMINAL_BEFORE_DELETE,
    sidecar::SIDECAR_REVERSE_ORDER,
    sidecar::SIDECAR_ALWAYS_RESTARTS,
    sidecar::SIDECAR_EXIT_IGNORED,
    volumes::API_GONE_IMPLIES_VOLUME_GONE,
    volumes::ASSOCIATED_UID,
];
