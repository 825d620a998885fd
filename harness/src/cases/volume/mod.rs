//! Shared volumes: what containers see in them, and how long the data lasts.

mod access;
mod apart;
mod controller;
mod crashes;
mod disturbed;
mod ends;
mod exchange;
mod fresh;
mod growth;
mod handoff;
mod memory;
mod reboot;
mod replacement;
mod sandbox;
mod serving;
mod sharing;
mod survival;
mod trees;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    sharing::SHARED_TWO_MOUNTPATHS,
    fresh::INITIALLY_EMPTY,
    serving::HIDES_IMAGE_CONTENT,
    serving::HTTP_EQUALS_FILE,
    growth::APPENDS_EVERY_SECOND,
    survival::SURVIVES_EXIT_ZERO,
    survival::SURVIVES_EXIT_NONZERO,
    survival::SURVIVES_SIGKILL,
    survival::SURVIVES_OOM,
    survival::SURVIVES_LIVENESS_KILL,
    survival::MEMORY_PERSISTS_OOM,
    crashes::SURVIVES_CRASHLOOP,
    survival::ROOTFS_DOES_NOT_SURVIVE,
    crashes::WRITER_DIES_READER_READS,
    survival::PRESERVED_BY_RESIZE_RESTART,
    survival::PRESERVED_BY_RESTART_ALL,
    replacement::GONE_ON_SAME_NAME_RECREATE,
    apart::ISOLATED_BETWEEN_PODS,
    fresh::MEMORY_IS_TMPFS,
    memory::MEMORY_SIZE_RULE,
    memory::MEMORY_ENOSPC,
    fresh::DEFAULT_MODE,
    fresh::FSGROUP,
    access::TWO_UIDS_WRITE,
    access::READONLY_MOUNT,
    access::MODE_FIELD,
    trees::SUBPATH_TREES,
    survival::SUBPATH_SURVIVES_RESTART,
    handoff::INIT_HANDOFF,
    handoff::EPHEMERAL_CONTAINER_SEES,
    exchange::ATOMIC_RENAME_VISIBLE,
    controller::GONE_ON_CONTROLLER_REPLACEMENT,
    ends::GONE_FROM_NODE_DISK,
    ends::GONE_WHEN_TERMINAL,
    ends::GONE_ON_EVICTION,
    ends::DISK_SIZELIMIT_EVICTS,
    sandbox::SURVIVES_SANDBOX_RECREATE,
    disturbed::SURVIVES_KUBELET_RESTART,
    disturbed::SURVIVES_RUNTIME_RESTART,
    disturbed::IN_USE_WHILE_TERMINATING,
    reboot::DISK_SURVIVES_REBOOT,
    reboot::MEMORY_LOST_ON_REBOOT,
];
