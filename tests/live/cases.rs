//! Every case on a real cluster: it passes, and each of its mutants is killed.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_matches::assert_matches;
use podproof::run::judge_again;
use podproof_core::plan::{Catalogue, Need, Tier, Tree};
use podproof_core::record::{Proof, RunRecord, proofs, read_record};
use podproof_tests::{KeptFolder, note_seconds, podproof_with_home, run};
use rstest::rstest;

/// `manifests/cases/AREA/CASE.yaml` -> `AREA/CASE`.
fn claim(manifest: &Path) -> String {
    let part = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    format!("{}/{}", part(manifest.parent().unwrap()), part(manifest).trim_end_matches(".yaml"))
}

/// The record of one claim, and its folder if this test ran the proof itself.
fn prove(claim: &str) -> (RunRecord, Option<KeptFolder>) {
    let Some((record, _)) = shared_proof() else {
        let out = KeptFolder::new();
        let mut podproof = podproof_with_home(&["prove", "--cluster", "kind", "--select", claim, "--out"]);
        let ended = run(podproof.arg(out.path())).exits(0);
        let record = read_record(&out.run_folder()).unwrap();
        assert_sound(&record, &out.run_folder(), &ended.to_string());
        return (record, Some(out));
    };
    let mut record = record.clone();
    record.cases.retain(|case| case.claim.as_str() == claim);
    assert!(!record.cases.is_empty(), "{claim} was not proved");
    note_seconds(record.cases.iter().map(|case| case.seconds).sum());
    (record, None)
}

/// The record and the folder of the proof of all claims that `ci/live.sh` ran; None if there is none.
fn shared_proof() -> Option<&'static (RunRecord, PathBuf)> {
    static ALL: OnceLock<Option<(RunRecord, PathBuf)>> = OnceLock::new();
    let read = || {
        let out = PathBuf::from(std::env::var_os("LIVE_PROOF")?);
        let mut runs = std::fs::read_dir(&out).unwrap();
        let folder = runs.next().expect("the proof left a folder: see target/live/proof.log").unwrap().path();
        Some((read_record(&folder).unwrap(), folder))
    };
    ALL.get_or_init(read).as_ref()
}

/// Asserts that judging the files again gives the same record, and that the run was complete and without faults.
fn assert_sound(record: &RunRecord, folder: &Path, ended: &str) {
    assert_eq!(&judge_again(folder, record), record, "judged from files alone\n{ended}");
    assert_eq!(record.faults, Vec::<String>::new(), "{ended}");
    assert_eq!(record.interrupted, None, "{ended}");
}

#[test]
#[ignore = "needs a cluster: make test"]
fn the_proof_of_all_claims_is_sound() {
    if let Some((record, folder)) = shared_proof() {
        assert_sound(record, folder, "see target/live/proof.log");
    }
}

/// Covers the quick and the node tier; `make nightly` proves the others.
#[rstest]
#[ignore = "needs a cluster: make test"]
fn each_case_passes_and_each_mutant_is_killed(
    #[base_dir = "../manifests/cases"]
    #[files("*/*.yaml")]
    #[exclude("mutants")]
    manifest: PathBuf,
) {
    let id = claim(&manifest);
    let catalogue = Catalogue::read(&Tree::Embedded).unwrap();
    let claim = catalogue.claim(&id.parse().unwrap()).unwrap();
    if !matches!(claim.tier, Tier::Quick | Tier::Node) {
        return;
    }
    let (record, _out) = prove(&id);
    let proofs = proofs(&record);
    assert!(proofs.len() > 1, "a case that cannot fail proves nothing");
    for (case, proof) in &proofs {
        match (&claim.unproved, &case.mutant) {
            // A claim may be skipped if this cluster is too old for it, has no support for it, or has too few nodes.
            (unproved, _) if unproved.is_some() || claim.needs.contains(&Need::TwoNodes) => {
                assert_matches!(
                    proof,
                    Proof::Skipped { .. } | Proof::Passed | Proof::Killed,
                    "{}",
                    case.slug
                );
            }
            (_, None) => assert_matches!(proof, Proof::Passed, "{}", case.slug),
            (_, Some(_)) => assert_matches!(proof, Proof::Killed, "{}", case.slug),
        }
    }
}
