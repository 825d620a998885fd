//! All claims with their manifests and mutants, read and checked as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::claim::{Claim, ClaimId};
use super::difference::{Difference, read_differences};
use super::manifest::Manifest;
use super::mutant::{Mutant, Mutants};
use super::tree::{ManifestError, Tree};

const CLAIMS: &str = "claims.yaml";

/// What a case hands to the cluster, and the changes that must make it fail.
#[derive(Clone, Debug)]
pub struct Script {
    /// The objects the case applies.
    pub manifest: Manifest,
    /// Its mutants.
    pub mutants: Vec<Mutant>,
}

/// The claims in the order of the golden list, each with its script.
#[derive(Clone, Debug)]
pub struct Catalogue {
    claims: Vec<Claim>,
    scripts: BTreeMap<ClaimId, Script>,
    differences: Vec<Difference>,
}

/// The names of the assertions of the claim called `id`, as this program has it; none for a claim it does not have.
pub fn assertions_of(id: &str) -> impl Iterator<Item = &'static str> {
    static CLAIMS_OF_OURS: LazyLock<Vec<Claim>> = LazyLock::new(|| {
        let list: Result<GoldenList, _> = Tree::Embedded.parse(CLAIMS);
        list.map(|list| list.claims).unwrap_or_default()
    });
    let claim = CLAIMS_OF_OURS.iter().find(|claim| claim.id.as_str() == id);
    claim.into_iter().flat_map(|claim| claim.then.keys().map(String::as_str))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GoldenList {
    claims: Vec<Claim>,
}

impl Catalogue {
    /// Reads the golden list and each claim's two files, and checks that they agree.
    pub fn read(tree: &Tree) -> Result<Self, ManifestError> {
        let GoldenList { claims } = tree.parse(CLAIMS)?;
        let mut scripts = BTreeMap::new();
        for claim in &claims {
            check_claim(&tree.name(CLAIMS), claim)?;
            let script = read_script(tree, claim)?;
            if scripts.insert(claim.id.clone(), script).is_some() {
                let problem = format!("claim {} stands twice", claim.id);
                return Err(ManifestError::invalid(&tree.name(CLAIMS), problem));
            }
        }
        let differences = read_differences(tree, &claims)?;
        let catalogue = Self { claims, scripts, differences };
        match catalogue.problem_of_aliases() {
            Some(problem) => Err(ManifestError::invalid(&tree.name(CLAIMS), problem)),
            None => Ok(catalogue),
        }
    }

    /// The ids that claims had before, each with the one that it has now.
    pub fn renames(&self) -> impl Iterator<Item = (&ClaimId, &ClaimId)> {
        self.claims.iter().flat_map(|claim| claim.aliases.iter().map(|old| (old, &claim.id)))
    }

    /// Two histories must not become one.
    fn problem_of_aliases(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        self.renames().find_map(|(old, id)| {
            if self.scripts.contains_key(old) {
                Some(format!("claim {id} has the alias {old}, which is a claim of its own"))
            } else if !seen.insert(old) {
                Some(format!("alias {old} stands twice"))
            } else {
                None
            }
        })
    }

    /// The claims in the order of the golden list.
    #[must_use]
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// The claim called `id`.
    #[must_use]
    pub fn claim(&self, id: &ClaimId) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.id == *id)
    }

    /// The manifest and mutants of the claim called `id`.
    #[must_use]
    pub fn script(&self, id: &ClaimId) -> Option<&Script> {
        self.scripts.get(id)
    }

    /// Where container runtimes are known to differ from the claim called `id`.
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

fn read_script(tree: &Tree, claim: &Claim) -> Result<Script, ManifestError> {
    let manifest = Manifest::read(tree, &format!("cases/{}.yaml", claim.id))?;
    let mutants_path = format!("cases/{}.mutants.yaml", claim.id);
    let Mutants { mutants } = tree.parse(&mutants_path)?;
    let file = tree.name(&mutants_path);
    if mutants.is_empty() {
        return Err(ManifestError::invalid(&file, "no mutant in it: a case that cannot fail proves nothing"));
    }
    let mut names = BTreeSet::new();
    for mutant in &mutants {
        let invalid =
            |problem| Err(ManifestError::invalid(&file, format!("mutant `{}` {problem}", mutant.name)));
        if !names.insert(&mutant.name) {
            return invalid("stands twice".to_owned());
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
    Ok(Script { manifest, mutants })
}
