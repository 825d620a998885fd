//! The type of a case.

use futures::future::BoxFuture;

use super::premise::{Disturbance, disturbance};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::{Inquiry, Verdict, changed_by_admission};
use podproof_core::plan::{Security, assertions_of};

/// The future that a case's `drive` returns.
pub type Driving<'s> = BoxFuture<'s, Result<(), StageError>>;

/// The check of one claim.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The claim's id.
    pub id: &'static str,
    /// The profile applied to its pods. It also decides the Pod Security level of its namespace.
    pub pod_profile: PodProfile,
    /// Disturbances that belong to this case. Any other disturbance of its pods makes the verdict inconclusive.
    pub allows: &'static [Disturbance],
    /// Acts on the cluster and records what it observes.
    pub drive: for<'s> fn(&'s Stage) -> Driving<'s>,
    /// States the claim's assertions about the evidence.
    pub judge: fn(&Evidence, &mut Inquiry) -> Result<(), Missing>,
}

impl Case {
    /// Judges `evidence`. A disturbance or a change by an admission controller makes the verdict inconclusive.
    #[must_use]
    pub fn verdict(&self, evidence: &Evidence) -> Verdict {
        // A pod that admission changed is not the pod of the claim, so it says nothing about the claim.
        if let Some(cause) = changed_by_admission(evidence).or_else(|| disturbance(evidence, self.allows)) {
            return Inquiry::unjudged(evidence, cause);
        }
        Inquiry::verdict(evidence, assertions_of(self.id), self.judge)
    }

    /// The Pod Security level of the case's namespace.
    #[must_use]
    pub fn security(&self) -> Security {
        match self.pod_profile {
            PodProfile::Restricted => Security::Restricted,
            PodProfile::AsTyped => Security::Baseline,
            PodProfile::Privileged => Security::Privileged,
        }
    }
}
