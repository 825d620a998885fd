//! The list of all cases.

use super::case::Case;
use super::{ipc, isolation, lifecycle, network, restart, startup, volume};
use podproof_core::plan::ClaimId;

/// Every case, area by area.
pub fn all() -> impl Iterator<Item = &'static Case> {
    const AREAS: [&[Case]; 7] = [
        volume::CASES,
        restart::CASES,
        ipc::CASES,
        startup::CASES,
        lifecycle::CASES,
        network::CASES,
        isolation::CASES,
    ];
    AREAS.into_iter().flatten()
}

/// Returns the case that checks the claim `id`, if there is one.
#[must_use]
pub fn find(id: &ClaimId) -> Option<&'static Case> {
    all().find(|case| case.id == id.as_str())
}
