//! Container restarts: what changes and what stays.

mod identity;
mod logs;

use super::case::Case;

pub(super) const CASES: &[Case] = &[identity::IDENTITY, logs::LOGS_PREVIOUS];
