//! Startup: in which order containers begin, what goes wrong with it, and what mends that.

mod clock;
mod deadlock;
mod hooks;
mod inits;
mod later;
mod onfailure;
mod order;
mod race;
mod remedies;
mod started;

use super::case::Case;

pub(super) const CASES: &[Case] = &[
    order::SPEC_ORDER,
    later::NO_READY_WAIT,
    hooks::POSTSTART_BLOCKS,
    hooks::POSTSTART_FAILURE,
    later::PULL_FAILURE_ISOLATED,
    race::RACE_REPRODUCED,
    remedies::FIX_RETRY,
    remedies::FIX_MARKER_FILE,
    remedies::FIX_INIT_CREATES,
    deadlock::INIT_WAIT_DEADLOCK,
    remedies::FIX_POSTSTART,
    onfailure::FIX_ONFAILURE_POD,
    inits::INIT_SEQUENTIAL,
    started::STARTED_FIELD,
    clock::CLOCK_RESOLUTION,
];
