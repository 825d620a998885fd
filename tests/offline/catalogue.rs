//! Claims, manifests, mutants and cases: four lists that must agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use podproof::cases;
use podproof_core::plan::{Catalogue, Manifest, ManifestError, Need, Runtime, Security, Tier, Tree};
use podproof_tests::root;
use rstest::rstest;
use tempfile::TempDir;

fn tree() -> Tree {
    Tree::Folder(root().join("manifests"))
}

fn catalogue() -> Catalogue {
    Catalogue::read(&tree()).unwrap()
}

fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|inner| format!("{name}/{inner}")));
        } else {
            found.insert(name);
        }
    }
    found
}

#[test]
fn each_claim_has_one_case() {
    let catalogue = catalogue();
    let mut claims: Vec<_> = catalogue.claims().iter().map(|claim| claim.id.as_str()).collect();
    // `claims.yaml` alone has the order; the cases are found by id.
    let mut cases: Vec<_> = cases::all().map(|case| case.id).collect();
    claims.sort_unstable();
    cases.sort_unstable();
    assert_eq!(claims, cases);
}

#[test]
fn each_claim_has_its_two_files_and_there_are_no_others() {
    let catalogue = catalogue();
    let expected: BTreeSet<_> = catalogue
        .claims()
        .iter()
        .flat_map(|claim| [format!("{}.yaml", claim.id), format!("{}.mutants.yaml", claim.id)])
        .collect();
    assert_eq!(files(&root().join("manifests/cases")), expected);
}

#[test]
fn the_built_in_manifests_are_those_in_the_source() {
    assert_eq!(Catalogue::read(&Tree::Embedded).unwrap().claims(), catalogue().claims());
}

#[test]
fn known_differences_of_runtimes_are_read() {
    let catalogue = catalogue();
    let article = "ipc/mc2-article".parse().unwrap();
    assert!(catalogue.differences(&article).any(|known| known.runtime == Runtime::Gvisor));
    let built_in = Catalogue::read(&Tree::Embedded).unwrap();
    for claim in catalogue.claims() {
        assert!(catalogue.differences(&claim.id).eq(built_in.differences(&claim.id)));
    }
}

#[test]
fn only_claims_with_a_minimum_version_have_a_gate() {
    for claim in catalogue().claims() {
        assert!(claim.gate.is_none() || claim.since.is_some(), "{} has a gate in all versions", claim.id);
    }
}

#[rstest]
#[case("article/mc1.yaml", "cases/volume/http-equals-file.yaml")]
#[case("article/mc1.yaml", "cases/volume/appends-every-second.yaml")]
#[case("article/mc2.yaml", "cases/ipc/mc2-article.yaml")]
fn the_articles_manifests_are_used_unchanged(#[case] article: &str, #[case] case: &str) {
    let tree = tree();
    assert_eq!(Manifest::read(&tree, article).unwrap(), Manifest::read(&tree, case).unwrap());
}

#[test]
fn the_third_manifest_of_the_article_is_used_unchanged_in_its_case() {
    let tree = tree();
    let article = Manifest::read(&tree, "article/mc3.yaml").unwrap();
    let case = Manifest::read(&tree, "cases/network/mc3.yaml").unwrap();
    for name in article.names() {
        assert_eq!(article.object(name), case.object(name));
    }
}

#[test]
fn every_manifest_begins_with_a_comment() {
    for file in files(&root().join("manifests/cases")).iter().filter(|file| !file.contains(".mutants.")) {
        let text = fs::read_to_string(root().join("manifests/cases").join(file)).unwrap();
        assert!(text.starts_with("# "), "{file} begins without a comment");
    }
}

#[test]
fn disruptive_claims_need_node_containers() {
    for claim in catalogue().claims().iter().filter(|claim| claim.tier == Tier::Disruptive) {
        assert!(claim.needs.contains(&Need::NodeContainers), "{}", claim.id);
    }
}

#[test]
fn saboteurs_undo_their_changes() {
    let catalogue = catalogue();
    for claim in catalogue.claims() {
        for mutant in &catalogue.case_files(&claim.id).unwrap().mutants {
            let Some(saboteur) = &mutant.saboteur else { continue };
            assert!(claim.tier.needs_node(), "{} {}", claim.id, mutant.name);
            let makes = ["mkdir", "mount", "touch"].iter().any(|word| saboteur.does.contains(word));
            assert_eq!(makes, saboteur.undoes.is_some(), "{} {}", claim.id, mutant.name);
        }
    }
}

#[test]
fn mutants_that_reach_the_node_are_privileged_and_clean_up() {
    /// Claims whose mutants reach the node but leave nothing there.
    const LEAVE_NOTHING: [&str; 4] =
        ["ipc/same-namespace", "ipc/not-the-nodes", "isolation/hostipc-denied", "isolation/hostipc-leaks"];
    let catalogue = catalogue();
    for claim in catalogue.claims() {
        for mutant in &catalogue.case_files(&claim.id).unwrap().mutants {
            let patch = serde_json::to_string(&mutant.patch).unwrap();
            let may_leave = patch.contains("hostPath") || patch.contains("hostIPC");
            // A pod in the node's network leaves nothing there.
            let reaches_node = may_leave || patch.contains("hostNetwork");
            let is_privileged = mutant.security == Some(Security::Privileged);
            assert_eq!(reaches_node, is_privileged, "{} {}", claim.id, mutant.name);
            let leaves = may_leave && !LEAVE_NOTHING.contains(&claim.id.as_str());
            assert_eq!(leaves, mutant.undo.is_some(), "{} {}", claim.id, mutant.name);
        }
    }
}

/// The manifests, with a line after the first claim's title.
fn tree_with_line(line: &str) -> (TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for file in files(&root().join("manifests")) {
        let copy = folder.path().join(&file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(root().join("manifests").join(&file), copy).unwrap();
    }
    let claims = folder.path().join("claims.yaml");
    let text = fs::read_to_string(&claims).unwrap();
    let (before, after) = text.split_once("\n  level:").unwrap();
    fs::write(&claims, format!("{before}\n  {line}\n  level:{after}")).unwrap();
    let tree = Tree::Folder(folder.path().to_owned());
    (folder, tree)
}

fn with_line(line: &str) -> Result<Catalogue, ManifestError> {
    let (_folder, tree) = tree_with_line(line);
    Catalogue::read(&tree)
}

#[test]
fn aliases_and_the_revision_of_a_claim_are_read() {
    let catalogue = with_line("aliases: [volume/once, volume/twice]").unwrap();
    let id = &catalogue.claims()[0].id;
    let renames: Vec<_> = catalogue.renames().map(|(old, new)| (old.as_str(), new)).collect();
    assert_eq!(renames, [("volume/once", id), ("volume/twice", id)]);
    assert!(catalogue.claims()[0].revision.is_first());
    assert_eq!(with_line("revision: 2").unwrap().claims()[0].revision.0, 2);
}

#[rstest]
#[case::a_claim("aliases: [volume/initially-empty]", "which is a claim of its own")]
#[case::twice("aliases: [volume/once, volume/once]", "is listed twice")]
fn an_alias_must_not_be_used_twice(#[case] line: &str, #[case] problem: &str) {
    let error = with_line(line).unwrap_err().to_string();
    assert!(error.contains(problem), "{error}");
}
