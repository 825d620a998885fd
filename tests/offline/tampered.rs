//! The changes of evidence that contradict the assertions of all cases. They stand beside the cases of each area.

use crate::tampering::Tampering;

#[path = "../../harness/src/cases/ipc/tampering.rs"]
pub(crate) mod ipc;
#[path = "../../harness/src/cases/isolation/tampering.rs"]
pub(crate) mod isolation;
#[path = "../../harness/src/cases/lifecycle/tampering.rs"]
pub(crate) mod lifecycle;
#[path = "../../harness/src/cases/network/tampering.rs"]
pub(crate) mod network;
#[path = "../../harness/src/cases/restart/tampering.rs"]
pub(crate) mod restart;
#[path = "../../harness/src/cases/startup/tampering.rs"]
pub(crate) mod startup;
#[path = "../../harness/src/cases/volume/tampering.rs"]
pub(crate) mod volume;

pub(crate) fn all() -> impl Iterator<Item = &'static Tampering> {
    let areas = [
        volume::ROWS,
        restart::ROWS,
        ipc::ROWS,
        startup::ROWS,
        lifecycle::ROWS,
        network::ROWS,
        isolation::ROWS,
    ];
    areas.into_iter().flatten()
}
