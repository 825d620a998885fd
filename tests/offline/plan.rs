//! Manifests, mutants and the frozen plan.

use std::fs;

use assert_matches::assert_matches;
use podproof_core::plan::{Catalogue, Manifest, ManifestError, Plan, Purpose, Tree};
use rstest::{fixture, rstest};
use tempfile::TempDir;

const CLAIMS: &str = "\
claims:
- id: volume/one
  title: One
  level: core
  tier: quick
  given: a
  when: b
  then: { holds: it holds }
  sources: [here]
";
const CASE: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: main }\nspec: { containers: [] }\n";
const MUTANTS: &str = "\
mutants:
- name: broken
  breaks: it
  must_fail: holds
  patch: [{ op: add, path: /main/spec/hostIPC, value: true }]
";

/// A valid tree with one claim. The tests damage it.
#[fixture]
fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("cases/volume")).unwrap();
    for (file, text) in
        [("claims.yaml", CLAIMS), ("cases/volume/one.yaml", CASE), ("cases/volume/one.mutants.yaml", MUTANTS)]
    {
        fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

fn read(tree: &TempDir) -> Result<Catalogue, ManifestError> {
    Catalogue::read(&Tree::Folder(tree.path().to_owned()))
}

#[rstest]
fn a_good_tree_is_read(tree: TempDir) {
    let catalogue = read(&tree).unwrap();
    assert_eq!(catalogue.claims().len(), 1);
}

#[rstest]
#[case::syntax("claims.yaml", "claims:\n- id: [\n", 3)]
#[case::unknown_field("claims.yaml", "claims:\n- id: volume/one\n  colour: red\n", 3)]
#[case::unknown_level("claims.yaml", "claims:\n- id: volume/one\n  title: t\n  level: high\n", 4)]
#[case::no_gate("claims.yaml", concat!("claims:\n- id: volume/one\n  title: t\n  level: core\n  tier: quick\n",
    "  given: a\n  when: b\n  then: { holds: it }\n  sources: [here]\n  gate: not a gate\n"), 2)]
#[case::case_syntax("cases/volume/one.yaml", "kind: Pod\n  bad: indent\n", 2)]
#[case::mutants_syntax("cases/volume/one.mutants.yaml", "mutants: {\n", 2)]
fn broken_yaml_is_reported_with_file_line_and_column(
    tree: TempDir,
    #[case] file: &str,
    #[case] text: &str,
    #[case] at_line: usize,
) {
    fs::write(tree.path().join(file), text).unwrap();
    let error = read(&tree).unwrap_err();
    assert_matches!(&error, ManifestError::Yaml { file: found, line, column, .. } => {
        assert!(found.ends_with(file), "{found}");
        assert!(line.abs_diff(at_line) <= 1, "{error}");
        assert!(*column > 0, "{error}");
    });
}

#[rstest]
#[case::no_name("cases/volume/one.yaml", "kind: Pod\n", "metadata.name")]
#[case::duplicate_name("cases/volume/one.yaml", "metadata: { name: a }\n---\nmetadata: { name: a }\n", "`a`")]
#[case::changes_nothing(
    "cases/volume/one.mutants.yaml",
    "mutants: [{ name: m, breaks: b, must_fail: holds }]\n",
    "changes nothing"
)]
#[case::no_mutant("cases/volume/one.mutants.yaml", "mutants: []\n", "cannot fail")]
#[case::foreign_assertion(
    "cases/volume/one.mutants.yaml",
    "mutants: [{ name: m, breaks: b, must_fail: other, patch: [] }]\n",
    "`other`"
)]
#[case::patch_that_does_not_fit(
    "cases/volume/one.mutants.yaml",
    "mutants: [{ name: m, breaks: b, must_fail: holds, patch: [{ op: remove, path: /nobody }] }]\n",
    "does not fit"
)]
fn an_invalid_manifest_is_an_error(
    tree: TempDir,
    #[case] file: &str,
    #[case] text: &str,
    #[case] expected: &str,
) {
    fs::write(tree.path().join(file), text).unwrap();
    let error = read(&tree).unwrap_err();
    assert_matches!(&error, ManifestError::Invalid { problem, .. } => assert!(problem.contains(expected), "{error}"));
}

#[rstest]
fn a_missing_file_is_named(tree: TempDir) {
    fs::remove_file(tree.path().join("cases/volume/one.mutants.yaml")).unwrap();
    assert_matches!(read(&tree), Err(ManifestError::Missing { file }) if file.ends_with("one.mutants.yaml"));
}

const DIFFERENCES: &str = "\
differences:
- runtime: CRI-O
  claims: [volume/one]
  says: it is another
  source: here
";

#[rstest]
fn each_claim_has_its_own_differences(tree: TempDir) {
    assert_eq!(read(&tree).unwrap().differences(&"volume/one".parse().unwrap()).count(), 0);
    fs::write(tree.path().join("differences.yaml"), DIFFERENCES).unwrap();
    let catalogue = read(&tree).unwrap();
    let differences =
        |id: &str| catalogue.differences(&id.parse().unwrap()).map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(differences("volume/one"), ["on CRI-O: it is another (here)"]);
    assert_eq!(differences("volume/two"), [""; 0]);
}

#[rstest]
#[case::unknown_claim("volume/one]", "volume/one-more]", 3, 12)]
#[case::unknown_runtime("CRI-O", "Docker", 2, 12)]
#[case::no_source("  source: here\n", "", 2, 3)]
#[case::unknown_field("source: here", "source: here\n  since: 1", 6, 3)]
fn an_invalid_difference_is_reported_with_its_place(
    tree: TempDir,
    #[case] from: &str,
    #[case] to: &str,
    #[case] at_line: usize,
    #[case] at_column: usize,
) {
    fs::write(tree.path().join("differences.yaml"), DIFFERENCES.replace(from, to)).unwrap();
    let error = read(&tree).unwrap_err();
    assert_matches!(&error, ManifestError::Yaml { file, line, column, .. } => {
        assert!(file.ends_with("differences.yaml"), "{file}");
        assert_eq!((*line, *column), (at_line, at_column), "{error}");
    });
}

#[rstest]
#[case::no_claim("[volume/one]", "[]", "no claim")]
#[case::nothing_said("it is another", "\"\"", "source")]
#[case::empty_source("here", "\" \"", "source")]
fn a_difference_needs_claims_text_and_source(
    tree: TempDir,
    #[case] from: &str,
    #[case] to: &str,
    #[case] expected: &str,
) {
    fs::write(tree.path().join("differences.yaml"), DIFFERENCES.replace(from, to)).unwrap();
    let error = read(&tree).unwrap_err();
    assert_matches!(&error, ManifestError::Invalid { problem, .. } => assert!(problem.contains(expected), "{error}"));
}

#[rstest]
fn a_proof_runs_each_case_and_then_its_mutants(tree: TempDir) {
    let catalogue = read(&tree).unwrap();
    let chosen = [catalogue.claims()[0].id.clone()];
    let plan = Plan::new(&catalogue, &chosen, Purpose::Prove, 2);
    let slugs: Vec<_> = plan.cases.iter().map(podproof_core::plan::PlannedCase::slug).collect();
    assert_eq!(slugs, ["volume/one", "volume/one~broken", "volume/one.2", "volume/one~broken.2"]);
    assert_eq!(plan.cases[1].manifest.object("main").unwrap()["spec"]["hostIPC"], true);
    assert_eq!(plan.cases[0].manifest.object("main").unwrap()["spec"].get("hostIPC"), None);
}

#[rstest]
fn a_check_runs_no_mutants(tree: TempDir) {
    let catalogue = read(&tree).unwrap();
    let chosen = [catalogue.claims()[0].id.clone()];
    let plan = Plan::new(&catalogue, &chosen, Purpose::Check, 1);
    assert!(plan.cases.iter().all(|case| case.mutant.is_none()));
}

#[test]
fn objects_keep_the_order_of_the_file() {
    let manifest = Manifest::parse("x", "metadata: { name: b }\n---\nmetadata: { name: a }\n").unwrap();
    assert_eq!(manifest.names(), ["b", "a"]);
}

#[test]
fn a_patch_appends_added_objects_and_drops_removed_ones() {
    let text = "metadata: { name: b }\n---\nmetadata: { name: c }\n";
    let manifest = Manifest::parse("x.yaml", text).unwrap();
    let patch = serde_json::json!([
        { "op": "add", "path": "/a", "value": { "metadata": { "name": "a" } } },
        { "op": "remove", "path": "/b" },
    ]);
    let patched = manifest.patched(&serde_json::from_value(patch).unwrap()).unwrap();
    assert_eq!(patched.names(), ["c", "a"]);
}
