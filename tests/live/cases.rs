//! Every case on a real cluster: it holds as it is, and each of its mutants is killed.

use std::path::{Path, PathBuf};

use assert_matches::assert_matches;
use podproof::judge::Verdict;
use podproof::run::{Proof, RunRecord, judge_again, proofs, read_record};
use podproof_tests::{ours, run};
use rstest::rstest;
use tempfile::TempDir;

/// `manifests/cases/AREA/CASE.yaml` or `….mutants.yaml` -> `AREA/CASE`.
fn claim(manifest: &Path) -> String {
    let part = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let name = part(manifest);
    let name = name.trim_end_matches(".yaml").trim_end_matches(".mutants");
    format!("{}/{name}", part(manifest.parent().unwrap()))
}

/// Runs `podproof COMMAND` for one claim; gives the record and, to keep it, the folder.
fn checked(command: &str, claim: &str, code: i32) -> (RunRecord, TempDir) {
    let out = tempfile::tempdir().unwrap();
    let mut podproof = ours(&[command, "--cluster", "kind", "--select", claim, "--out"]);
    let ended = run(podproof.arg(out.path())).exits(code);
    let folder = std::fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    let record = read_record(&folder).unwrap();
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone\n{ended}");
    assert_eq!(record.faults, Vec::<String>::new(), "{ended}");
    (record, out)
}

#[rstest]
#[ignore = "needs a cluster: make test"]
fn holds(
    #[base_dir = "../manifests/cases"]
    #[files("*/*.yaml")]
    #[exclude("mutants")]
    manifest: PathBuf,
) {
    let (record, _out) = checked("run", &claim(&manifest), 0);
    assert_eq!(record.cases.len(), 1);
    assert_matches!(record.cases[0].verdict, Verdict::Pass);
}

#[rstest]
#[ignore = "needs a cluster: make test"]
fn can_fail(
    #[base_dir = "../manifests/cases"]
    #[files("*/*.mutants.yaml")]
    manifest: PathBuf,
) {
    let (record, _out) = checked("prove", &claim(&manifest), 0);
    let proofs = proofs(&record);
    assert_matches!(proofs[0].1, Proof::Green);
    assert!(proofs.len() > 1, "a case that cannot fail proves nothing");
    for (case, proof) in &proofs[1..] {
        assert_matches!(proof, Proof::Killed, "{}", case.slug);
    }
}
