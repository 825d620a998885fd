//! The catalogue: all claims with their manifests and mutants, read and validated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::claim::{Claim, ClaimId};
use super::difference::{Difference, read_differences};
use super::manifest::Manifest;
use super::mutant::{Mutant, Mutants};
use super::tree::{ManifestError, Tree};

const CLAIMS: &str = "claims.yaml";

/// The files of a case: the objects that it creates, and the mutants that must make it fail.
#[derive(Clone, Debug)]
pub struct CaseFiles {
    /// The objects that the case creates.
    pub manifest: Manifest,
    /// Its mutants.
    pub mutants: Vec<Mutant>,
}

/// The claims in the order of `claims.yaml`, each with the files of its case.
#[derive(Clone, Debug)]
pub struct Catalogue {
    claims: Vec<Claim>,
    case_files: BTreeMap<ClaimId, CaseFiles>,
    differences: Vec<Difference>,
}

static EMBEDDED_CLAIMS: LazyLock<Vec<Claim>> = LazyLock::new(|| {
    let list: Result<ClaimList, _> = Tree::Embedded.parse(CLAIMS);
    list.map(|list| list.claims).unwrap_or_default()
});

/// The names of the assertions of the embedded claim `id`; empty for an unknown claim.
pub fn assertions_of(id: &str) -> impl Iterator<Item = &'static str> {
    let claim = EMBEDDED_CLAIMS.iter().find(|claim| claim.id.as_str() == id);
    claim.into_iter().flat_map(|claim| claim.then.keys().map(String::as_str))
}

/// The former IDs of the embedded claims, each with the current one.
pub fn embedded_renames() -> impl Iterator<Item = (&'static ClaimId, &'static ClaimId)> {
    renames(&EMBEDDED_CLAIMS)
}

fn renames(claims: &[Claim]) -> impl Iterator<Item = (&ClaimId, &ClaimId)> {
    claims.iter().flat_map(|claim| claim.aliases.iter().map(|old| (old, &claim.id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimList {
    claims: Vec<Claim>,
}

impl Catalogue {
    /// Reads `claims.yaml` and the two files of each claim, and checks that they agree.
    pub fn read(tree: &Tree) -> Result<Self, ManifestError> {
        let ClaimList { claims } = tree.parse(CLAIMS)?;
        let mut case_files = BTreeMap::new();
        for claim in &claims {
            check_claim(&tree.name(CLAIMS), claim)?;
            let files = read_case_files(tree, claim)?;
            if case_files.insert(claim.id.clone(), files).is_some() {
                let problem = format!("claim {} is listed twice", claim.id);
                return Err(ManifestError::invalid(&tree.name(CLAIMS), problem));
            }
        }
        let differences = read_differences(tree, &claims)?;
        let catalogue = Self { claims, case_files, differences };
        match catalogue.alias_problem() {
            Some(problem) => Err(ManifestError::invalid(&tree.name(CLAIMS), problem)),
            None => Ok(catalogue),
        }
    }

    /// The former IDs of claims, each with the current one.
    pub fn renames(&self) -> impl Iterator<Item = (&ClaimId, &ClaimId)> {
        renames(&self.claims)
    }

    /// An alias must be unique, because otherwise the histories of two claims would be merged.
    fn alias_problem(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        self.renames().find_map(|(old, id)| {
            if self.case_files.contains_key(old) {
                Some(format!("claim {id} has the alias {old}, which is a claim of its own"))
            } else if !seen.insert(old) {
                Some(format!("alias {old} is listed twice"))
            } else {
                None
            }
        })
    }

    /// The claims in the order of `claims.yaml`.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// The claim with this ID.
    #[must_use]
    pub fn claim(&self, id: &ClaimId) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.id == *id)
    }

    /// The manifest and the mutants of the claim with this ID.
    #[must_use]
    pub fn case_files(&self, id: &ClaimId) -> Option<&CaseFiles> {
        self.case_files.get(id)
    }

    /// The known differences of container runtimes that affect the claim with this ID.
    pub fn differences(&self, id: &ClaimId) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.claims.contains(id))
    }
}

fn check_claim(file: &str, claim: &Claim) -> Result<(), ManifestError> {
    let problem = if claim.then.is_empty() {
        "asserts nothing: `then` is empty"
    } else if claim.sources.is_empty() {
        "has no source"
    } else {
        return Ok(());
    };
    Err(ManifestError::invalid(file, format!("claim {} {problem}", claim.id)))
}

fn read_case_files(tree: &Tree, claim: &Claim) -> Result<CaseFiles, ManifestError> {
    let manifest = Manifest::read(tree, &format!("cases/{}.yaml", claim.id))?;
    let mutants_path = format!("cases/{}.mutants.yaml", claim.id);
    let Mutants { mutants } = tree.parse(&mutants_path)?;
    let file = tree.name(&mutants_path);
    if mutants.is_empty() {
        return Err(ManifestError::invalid(
            &file,
            "contains no mutant: a case that cannot fail proves nothing",
        ));
    }
    let mut names = BTreeSet::new();
    for mutant in &mutants {
        let invalid =
            |problem| Err(ManifestError::invalid(&file, format!("mutant `{}` {problem}", mutant.name)));
        if !names.insert(&mutant.name) {
            return invalid("is listed twice".to_owned());
        }
        for assertion in mutant.may_fail.iter().chain([&mutant.must_fail]) {
            if !claim.then.contains_key(assertion) {
                return invalid(format!(
                    "names assertion `{assertion}`, which claim {} does not have",
                    claim.id
                ));
            }
        }
        if mutant.patch.is_empty() && mutant.saboteur.is_none() {
            return invalid("changes nothing: it has no patch and no saboteur".to_owned());
        }
        if let Err(problem) = manifest.patched(&mutant.patch) {
            return invalid(format!("does not fit its manifest: {problem}"));
        }
    }
    Ok(CaseFiles { manifest, mutants })
}
