//! Container restarts: when a container is restarted, what changes, and what stays the same.

mod backoff;
mod cap;
mod exits;
mod identity;
mod init;
mod kubelet;
mod logs;
mod policy;
mod probes;
mod rules;
mod sandbox;
mod signals;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    identity::IDENTITY,
    logs::LOGS_PREVIOUS,
    policy::ALWAYS_ON_ZERO,
    policy::ONFAILURE,
    policy::NEVER,
    exits::EXIT_CODES,
    exits::OOM_IS_TOLD,
    exits::TERMINATION_MESSAGE,
    signals::PID1_SIGNAL_IMMUNITY,
    probes::LIVENESS_SCOPE,
    probes::PRESTOP_NOT_ON_CRASH,
    init::INIT_NOT_RERUN,
    init::INIT_IS_RETRIED,
    backoff::CRASHLOOP_REASON,
    backoff::BACKOFF_SEQUENCE,
    rules::RULES_EXITCODE,
    rules::RESTART_ALL,
    sandbox::SANDBOX_RECREATE,
    sandbox::SANDBOX_LOSS_NEVER,
    kubelet::KUBELET_RESTART_STATUS,
    cap::BACKOFF_CAP,
    cap::BACKOFF_RESET,
];
