//! Startup: the order in which containers start, the race that follows from it, and the fixes.

mod clock;
mod deadlock;
mod hooks;
mod inits;
mod later;
mod onfailure;
mod order;
mod race;
mod rate;
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
    rate::RACE_RATE,
    remedies::FIX_RETRY,
    remedies::FIX_MARKER_FILE,
    remedies::FIX_INIT_CREATES,
    deadlock::INIT_WAIT_DEADLOCK,
    remedies::FIX_POSTSTART,
    remedies::FIX_SIDECAR,
    onfailure::FIX_ONFAILURE_POD,
    onfailure::FIX_ONFAILURE,
    inits::INIT_SEQUENTIAL,
    inits::SIDECAR_THEN_INIT,
    started::STARTED_FIELD,
    clock::CLOCK_RESOLUTION,
];
