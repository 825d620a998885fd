//! Startup: in which order containers begin, what goes wrong with it, and what mends that.

mod order;
mod race;
mod retry;

use super::case::Case;

pub(super) const CASES: &[Case] = &[order::SPEC_ORDER, race::RACE_REPRODUCED, retry::FIX_RETRY];
