//! `podproof judge`: it uses only evidence of the same claim and mutant, and it can write JSON.

use std::fs;
use std::path::Path;

use podproof::run::judge_again;
use podproof_core::evidence::{Evidence, write_evidence};
use podproof_core::judge::Verdict;
use podproof_core::record::{read_record, write_record};
use podproof_tests::{podproof, run};
use serde_json::{Value, json};

use crate::judge::fixtures;
use crate::record::{case, inconclusive, mutant, pass, record};

fn recorded(claim: &str) -> Evidence {
    let text = fs::read_to_string(fixtures().join(claim).join("green.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The verdict on a case of `claim` given this evidence.
fn judged(folder: &Path, case: Value, evidence: &Evidence) -> Verdict {
    write_evidence(&folder.join("cases").join(case["slug"].as_str().unwrap()), evidence).unwrap();
    let record = record("check", &[case]);
    judge_again(folder, &record).cases.remove(0).verdict
}

#[test]
fn evidence_of_another_claim_is_inconclusive() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (recorded("volume/initially-empty"), recorded("ipc/mc2-article"));
    let claim = || case("volume/initially-empty", 1, &pass());
    assert_eq!(judged(folder.path(), claim(), &own), Verdict::Pass);
    let reason = "the evidence is of claim ipc/mc2-article".to_owned();
    assert_eq!(judged(folder.path(), claim(), &other), Verdict::Inconclusive { reason });
    let mutated = Evidence { mutant: Some("no-volume".to_owned()), ..own.clone() };
    let reason = "the evidence is of claim volume/initially-empty under the mutant no-volume".to_owned();
    assert_eq!(judged(folder.path(), claim(), &mutated), Verdict::Inconclusive { reason });
    let under_mutant = mutant("volume/initially-empty", "other", 1, &pass());
    let reason = "the evidence is of claim volume/initially-empty".to_owned();
    assert_eq!(judged(folder.path(), under_mutant, &own), Verdict::Inconclusive { reason });
}

#[test]
fn judge_writes_the_same_json_events_as_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let cases =
        [case("volume/initially-empty", 1, &pass()), case("ipc/mc2-article", 2, &inconclusive("no image"))];
    write_record(folder.path(), &record("check", &cases)).unwrap();
    write_evidence(&folder.path().join("cases/volume/initially-empty"), &recorded("volume/initially-empty"))
        .unwrap();
    let ended = run(podproof(["judge", "--message-format", "json"]).arg(folder.path())).exits(101);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["run-started", "case-finished", "case-finished", "run-finished"], "{ended}");
    let verdict_of = |at: usize| (lines[at]["index"].clone(), lines[at]["case"]["verdict"]["kind"].clone());
    assert_eq!(
        [verdict_of(1), verdict_of(2)],
        [(json!(0), json!("pass")), (json!(1), json!("inconclusive"))]
    );
    assert_eq!(lines[1]["at"], "2026-11-22T10:00:04.45Z");
    assert_eq!(lines[3]["outcome"], "inconclusive");
    // The record on disk is unchanged.
    assert_eq!(read_record(folder.path()).unwrap().cases[0].verdict, Verdict::Pass);
}
