//! The texts of the claims as they were when a run started. A newer version of podproof, or other manifests, may word them
//! differently.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::{Claim, ClaimId, Plan};

/// The texts of a claim. Its title, level and tier are in the record of each of its executions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimText {
    /// The situation that the case sets up.
    pub given: String,
    /// The action of the case.
    pub when: String,
    /// The assertions by name, each with the statement that must be observed to be true.
    pub then: BTreeMap<String, String>,
    /// The origins of the claim.
    pub sources: Vec<String>,
    /// The behavior of real clusters, if it differs from the sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// Former IDs, under which a history may have earlier results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<ClaimId>,
}

impl ClaimText {
    fn of(claim: &Claim) -> Self {
        Self {
            given: claim.given.clone(),
            when: claim.when.clone(),
            then: claim.then.clone(),
            sources: claim.sources.clone(),
            observed: claim.observed.clone(),
            aliases: claim.aliases.clone(),
        }
    }
}

/// The texts of the claims that `plan` asks.
#[must_use]
pub fn claim_texts(plan: &Plan) -> BTreeMap<ClaimId, ClaimText> {
    let claims = plan.cases.iter().map(|planned| &planned.claim);
    claims.map(|claim| (claim.id.clone(), ClaimText::of(claim))).collect()
}
