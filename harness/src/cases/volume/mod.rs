//! Shared volumes: who sees what in them, and how long it lasts.

mod access;
mod apart;
mod controller;
mod crashes;
mod exchange;
mod fresh;
mod growth;
mod handoff;
mod memory;
mod replacement;
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
    crashes::SURVIVES_CRASHLOOP,
    survival::ROOTFS_DOES_NOT_SURVIVE,
    crashes::WRITER_DIES_READER_READS,
    survival::PRESERVED_BY_RESIZE_RESTART,
    replacement::GONE_ON_SAME_NAME_RECREATE,
    apart::ISOLATED_BETWEEN_PODS,
    fresh::MEMORY_IS_TMPFS,
    memory::MEMORY_SIZE_RULE,
    memory::MEMORY_ENOSPC,
    fresh::DEFAULT_MODE,
    fresh::FSGROUP,
    access::TWO_UIDS_WRITE,
    access::READONLY_MOUNT,
    trees::SUBPATH_TREES,
    survival::SUBPATH_SURVIVES_RESTART,
    handoff::INIT_HANDOFF,
    handoff::EPHEMERAL_CONTAINER_SEES,
    exchange::ATOMIC_RENAME_VISIBLE,
    controller::GONE_ON_CONTROLLER_REPLACEMENT,
];
