//! The plan: the executions of a run and their order, fixed before the cluster is touched.

use serde::{Deserialize, Serialize};

use super::article::Article;
use super::catalogue::Catalogue;
use super::claim::{Claim, ClaimId};
use super::difference::Difference;
use super::manifest::Manifest;
use super::mutant::Mutant;

/// The purpose of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Check the cluster against the claims.
    Check,
    /// Prove that each case can fail: run every case, then its mutants.
    Prove,
}

/// One planned execution of a case, unmodified or under one of its mutants.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedCase {
    /// The claim under test.
    pub claim: Claim,
    /// The mutant under which it runs; `None` for the unmodified case.
    pub mutant: Option<Mutant>,
    /// The number of the repetition, from 1.
    pub round: u32,
    /// The objects to create, with the mutant's patch applied.
    pub manifest: Manifest,
    /// The known differences of container runtimes that affect the claim.
    pub differences: Vec<Difference>,
}

/// The fixed plan of a run. Reports follow its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Check or prove.
    pub purpose: Purpose,
    /// The executions, in order.
    pub cases: Vec<PlannedCase>,
    /// The article as it is asked; `None` if the manifests have none.
    pub article: Option<Article>,
}

impl Plan {
    /// Plans every chosen claim `rounds` times; for `prove`, each followed by its mutants.
    #[must_use]
    pub fn new(catalogue: &Catalogue, chosen: &[ClaimId], purpose: Purpose, rounds: u32) -> Self {
        let mut cases = Vec::new();
        for round in 1..=rounds.max(1) {
            for id in chosen {
                let (Some(claim), Some(files)) = (catalogue.claim(id), catalogue.case_files(id)) else {
                    continue;
                };
                let unmodified = PlannedCase {
                    claim: claim.clone(),
                    mutant: None,
                    round,
                    manifest: files.manifest.clone(),
                    differences: catalogue.differences(id).cloned().collect(),
                };
                let mutants = match purpose {
                    Purpose::Check => &[],
                    Purpose::Prove => files.mutants.as_slice(),
                };
                let mutated = mutants.iter().filter_map(|mutant| {
                    // The catalogue applied each patch when it was read, so this never fails.
                    let manifest = files.manifest.patched(&mutant.patch).ok()?;
                    Some(PlannedCase { mutant: Some(mutant.clone()), manifest, ..unmodified.clone() })
                });
                let mutated: Vec<_> = mutated.collect();
                cases.push(unmodified);
                cases.extend(mutated);
            }
        }
        Self { purpose, cases, article: None }
    }

    /// The same plan with the article of its manifests.
    #[must_use]
    pub fn with_article(self, article: Option<Article>) -> Self {
        Self { article, ..self }
    }
}

impl PlannedCase {
    /// A unique name in the plan and a valid folder name: `volume/survives-sigkill`, followed by `~mutant` for a mutant
    /// and by `.2` and so on for later rounds.
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
