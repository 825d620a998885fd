//! Isolation: resources that containers of one pod, or different pods, do not share.

mod files;
mod host;
mod objects;
mod ports;
mod queues;
mod quota;
mod sysctls;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    files::ROOTFS,
    queues::MQUEUE_BETWEEN_PODS,
    objects::SYSV_BETWEEN_PODS,
    objects::DEVSHM_BETWEEN_PODS,
    quota::MQUEUE_QUOTA_PER_UID,
    sysctls::SYSCTL_BETWEEN_PODS,
    host::HOSTIPC_DENIED,
    host::HOSTIPC_LEAKS,
    ports::PORTS_BETWEEN_PODS,
];
