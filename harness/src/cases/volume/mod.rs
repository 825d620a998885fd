//! Shared volumes: who sees what in them, and how long it lasts.

mod controller;
mod replacement;
mod serving;
mod sharing;
mod survival;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    sharing::SHARED_TWO_MOUNTPATHS,
    serving::HTTP_EQUALS_FILE,
    survival::SURVIVES_EXIT_ZERO,
    survival::SURVIVES_EXIT_NONZERO,
    survival::SURVIVES_SIGKILL,
    survival::ROOTFS_DOES_NOT_SURVIVE,
    replacement::GONE_ON_SAME_NAME_RECREATE,
    controller::GONE_ON_CONTROLLER_REPLACEMENT,
];
