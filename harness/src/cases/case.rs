//! What a case is, and the list of all of them.

use futures::future::BoxFuture;

use super::premise::{Expected, disturbance};
use super::{ipc, isolation, lifecycle, network, restart, startup, volume};
use crate::evidence::{Evidence, Missing};
use crate::judge::{Inquiry, Verdict, changed_by_admission};
use crate::plan::{ClaimId, Security, assertions_of};
use crate::stage::{Attire, Blocked, Stage};

/// A drive on its way.
pub type Driving<'s> = BoxFuture<'s, Result<(), Blocked>>;

/// The check of one claim.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The claim's id.
    pub id: &'static str,
    /// How its pods are dressed, which is also what its namespace enforces.
    pub attire: Attire,
    /// What its pods may meet that would disturb any other case.
    pub expects: &'static [Expected],
    /// Acts and observes.
    pub drive: for<'s> fn(&'s Stage) -> Driving<'s>,
    /// States what must hold.
    pub judge: fn(&Evidence, &mut Inquiry) -> Result<(), Missing>,
}

impl Case {
    /// The verdict on `evidence`.
    #[must_use]
    pub fn verdict(&self, evidence: &Evidence) -> Verdict {
        // Another pod than the one that was sent says nothing about the claim.
        if let Some(cause) = changed_by_admission(evidence).or_else(|| disturbance(evidence, self.expects)) {
            return Inquiry::disturbed(evidence, cause);
        }
        Inquiry::verdict(evidence, assertions_of(self.id), self.judge)
    }

    /// The Pod Security level of the case's namespace.
    #[must_use]
    pub fn security(&self) -> Security {
        match self.attire {
            Attire::Restricted => Security::Restricted,
            Attire::AsTyped => Security::Baseline,
            Attire::Privileged => Security::Privileged,
        }
    }
}

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

/// The case of a claim.
#[must_use]
pub fn find(id: &ClaimId) -> Option<&'static Case> {
    all().find(|case| case.id == id.as_str())
}
