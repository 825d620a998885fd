//! Every case on a real cluster: it holds as it is, and each of its mutants is killed.

use std::path::{Path, PathBuf};

use assert_matches::assert_matches;
use podproof::plan::{Catalogue, Need, Tier, Tree};
use podproof::run::{Proof, RunRecord, judge_again, proofs, read_record};
use podproof_tests::{Kept, ours, run};
use rstest::rstest;

/// `manifests/cases/AREA/CASE.yaml` -> `AREA/CASE`.
fn claim(manifest: &Path) -> String {
    let part = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    format!("{}/{}", part(manifest.parent().unwrap()), part(manifest).trim_end_matches(".yaml"))
}

/// Runs `podproof prove` for one claim; gives the record and, to keep it, the folder.
fn proved(claim: &str) -> (RunRecord, Kept) {
    let out = Kept::new();
    let mut podproof = ours(&["prove", "--cluster", "kind", "--select", claim, "--out"]);
    let ended = run(podproof.arg(out.path())).exits(0);
    let folder = out.the_run();
    let record = read_record(&folder).unwrap();
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone\n{ended}");
    assert_eq!(record.faults, Vec::<String>::new(), "{ended}");
    (record, out)
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
