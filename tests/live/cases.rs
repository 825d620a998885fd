//! Every case on a real cluster: it holds as it is, and each of its mutants is killed.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_matches::assert_matches;
use podproof::plan::{Catalogue, Need, Tier, Tree};
use podproof::run::{Proof, RunRecord, judge_again, proofs, read_record};
use podproof_tests::{Kept, note_seconds, ours, run};
use rstest::rstest;

/// `manifests/cases/AREA/CASE.yaml` -> `AREA/CASE`.
fn claim(manifest: &Path) -> String {
    let part = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    format!("{}/{}", part(manifest.parent().unwrap()), part(manifest).trim_end_matches(".yaml"))
}

/// What was found of one claim, and what keeps the folder.
fn proved(claim: &str) -> (RunRecord, Option<Kept>) {
    let Some((record, _)) = all_proved() else {
        let out = Kept::new();
        let mut podproof = ours(&["prove", "--cluster", "kind", "--select", claim, "--out"]);
        let ended = run(podproof.arg(out.path())).exits(0);
        let record = read_record(&out.the_run()).unwrap();
        assert_sound(&record, &out.the_run(), &ended.to_string());
        return (record, Some(out));
    };
    let mut record = record.clone();
    record.cases.retain(|case| case.claim.as_str() == claim);
    assert!(!record.cases.is_empty(), "{claim} was not proved");
    note_seconds(record.cases.iter().map(|case| case.seconds).sum());
    (record, None)
}

/// The one proof of all claims, where there is one: its record and its folder.
fn all_proved() -> Option<&'static (RunRecord, PathBuf)> {
    static ALL: OnceLock<Option<(RunRecord, PathBuf)>> = OnceLock::new();
    let read = || {
        let out = PathBuf::from(std::env::var_os("LIVE_PROOF")?);
        let mut runs = std::fs::read_dir(&out).unwrap();
        let folder = runs.next().expect("the proof left a folder: see target/live/proof.log").unwrap().path();
        Some((read_record(&folder).unwrap(), folder))
    };
    ALL.get_or_init(read).as_ref()
}

/// From files alone it is judged alike, and all of its namespaces are gone.
fn assert_sound(record: &RunRecord, folder: &Path, ended: &str) {
    assert_eq!(&judge_again(folder, record), record, "judged from files alone\n{ended}");
    assert_eq!(record.faults, Vec::<String>::new(), "{ended}");
    assert_eq!(record.interrupted, None, "{ended}");
}

#[test]
#[ignore = "needs a cluster: make test"]
fn the_proof_of_all_claims_is_sound() {
    if let Some((record, folder)) = all_proved() {
        assert_sound(record, folder, "see target/live/proof.log");
    }
}

/// Those that disturb nobody and take few minutes; `make nightly` proves the others.
#[rstest]
#[ignore = "needs a cluster: make test"]
fn it_holds_and_can_fail(
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
    let (record, _out) = proved(&id);
    let proofs = proofs(&record);
    assert!(proofs.len() > 1, "a case that cannot fail proves nothing");
    for (case, proof) in &proofs {
        match (&claim.unproved, &case.mutant) {
            // Unproved is only what an older cluster, or one that lacks something, has to skip; this one has one node.
            (unproved, _) if unproved.is_some() || claim.needs.contains(&Need::TwoNodes) => {
                assert_matches!(proof, Proof::Skipped { .. } | Proof::Green | Proof::Killed, "{}", case.slug);
            }
            (_, None) => assert_matches!(proof, Proof::Green, "{}", case.slug),
            (_, Some(_)) => assert_matches!(proof, Proof::Killed, "{}", case.slug),
        }
    }
}
