//! Inter-process communication: who shares the kernel's objects, what goes through them, how long they last.

mod article;
mod namespace;
mod replacement;
mod survival;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    namespace::SAME_NAMESPACE,
    article::MC2_ARTICLE,
    article::MC2_NO_LOSS_CONTENT,
    survival::SURVIVES_CONTAINER_RESTART,
    replacement::GONE_ON_REPLACEMENT,
];
