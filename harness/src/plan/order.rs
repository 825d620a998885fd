//! The plan: what is run, in which order, frozen before anything is touched.

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::claim::{Claim, ClaimId};
use super::difference::Difference;
use super::manifest::Manifest;
use super::mutant::Mutant;

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// To check the cluster against the claims.
    Check,
    /// To prove that each case can fail: every case, then its mutants.
    Prove,
}

/// One execution of one case: as it is, or under one of its mutants.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedCase {
    /// The claim that is checked.
    pub claim: Claim,
    /// The mutant under which it runs.
    pub mutant: Option<Mutant>,
    /// Which repetition it is, from 1.
    pub round: u32,
    /// The objects to apply, the mutant's patch included.
    pub manifest: Manifest,
    /// Where container runtimes are known to differ from the claim.
    pub differences: Vec<Difference>,
}

/// The frozen plan. Reports follow its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What the run is for.
    pub purpose: Purpose,
    /// The executions, in order.
    pub cases: Vec<PlannedCase>,
}

impl Plan {
    /// Every chosen claim `rounds` times; to prove, each followed by its mutants.
    #[must_use]
    pub fn new(catalogue: &Catalogue, chosen: &[ClaimId], purpose: Purpose, rounds: u32) -> Self {
        let mut cases = Vec::new();
        for round in 1..=rounds.max(1) {
            for id in chosen {
                let (Some(claim), Some(script)) = (catalogue.claim(id), catalogue.script(id)) else {
                    continue;
                };
                let green = PlannedCase {
                    claim: claim.clone(),
                    mutant: None,
                    round,
                    manifest: script.manifest.clone(),
                    differences: catalogue.differences(id).cloned().collect(),
                };
                let mutants = match purpose {
                    Purpose::Check => &[],
                    Purpose::Prove => script.mutants.as_slice(),
                };
                let red = mutants.iter().filter_map(|mutant| {
                    // The catalogue has applied each patch once, so none is lost here.
                    let manifest = script.manifest.patched(&mutant.patch).ok()?;
                    Some(PlannedCase { mutant: Some(mutant.clone()), manifest, ..green.clone() })
                });
                let red: Vec<_> = red.collect();
                cases.push(green);
                cases.extend(red);
            }
        }
        Self { purpose, cases }
    }
}

impl PlannedCase {
    /// A name that is unique in the plan and fit for a folder: `volume/survives-sigkill`, with `~mutant` and
    /// `.2` for a mutant and for rounds after the first.
    #[must_use]
    pub fn slug(&self) -> String {
        let mut slug = self.claim.id.to_string();
        if let Some(mutant) = &self.mutant {
            slug.push('~');
            slug.push_str(&mutant.name);
        }
        if self.round > 1 {
            slug.push('.');
            slug.push_str(&self.round.to_string());
        }
        slug
    }
}
