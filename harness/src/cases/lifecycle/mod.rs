//! The life of a pod as a whole.

mod companion;
mod completion;
mod deadline;
mod init;
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
    sidecar::SIDECAR_JOB_COMPLETES,
    removal::TERMINAL_BEFORE_DELETE,
    companion::SIDECAR_REVERSE_ORDER,
    companion::SIDECAR_ALWAYS_RESTARTS,
    companion::SIDECAR_EXIT_IGNORED,
    volumes::API_GONE_IMPLIES_VOLUME_GONE,
    volumes::ASSOCIATED_UID,
];
