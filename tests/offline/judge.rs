//! Verdicts from evidence that was recorded on a real cluster: complete, and with parts removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use podproof::cases::{self, Case};
use podproof_core::evidence::Evidence;
use podproof_core::judge::{Inquiry, Verdict};
use podproof_core::plan::{Catalogue, Claim, Mutant, Tree};
use rstest::rstest;

/// Recorded evidence with its case, claim and mutant.
pub(crate) struct Recorded {
    pub(crate) case: &'static Case,
    pub(crate) claim: Claim,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) evidence: Evidence,
}

impl Recorded {
    pub(crate) fn read(file: &Path) -> Self {
        let evidence: Evidence = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let catalogue = catalogue();
        let script = catalogue.case_files(&evidence.claim).unwrap();
        let mutant = evidence.mutant.as_ref().map(|name| {
            let mutant = script.mutants.iter().find(|mutant| mutant.name == *name);
            mutant.expect("the catalogue has the mutant of the evidence").clone()
        });
        Self {
            case: cases::find(&evidence.claim).unwrap(),
            claim: catalogue.claim(&evidence.claim).unwrap().clone(),
            mutant,
            evidence,
        }
    }

    /// The evidence of a case without a mutant.
    pub(crate) fn green(claim: &str) -> Self {
        Self::read(&fixtures().join(claim).join("green.json"))
    }

    fn verdict(&self) -> Verdict {
        self.case.verdict(&self.evidence)
    }
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evidence")
}

/// The catalogue. It is read once, because reading it takes longer than a verdict.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(&Tree::Embedded).unwrap());
    &CATALOGUE
}

/// The names of the failed assertions of a verdict; empty unless it is a fail.
pub(crate) fn failed(verdict: &Verdict) -> Vec<&str> {
    let mut names: Vec<_> = verdict.findings().iter().map(|finding| finding.assertion.as_str()).collect();
    names.dedup();
    names
}

/// Removes each part of the evidence in turn. Returns the name of the removed part with the rest.
pub(crate) fn with_one_part_removed(evidence: &Evidence) -> Vec<(String, Evidence)> {
    let mut reduced = Vec::new();
    let mut without = |what: String, remove: &dyn Fn(&mut Evidence)| {
        let mut rest = evidence.clone();
        remove(&mut rest);
        reduced.push((what, rest));
    };
    for (at, part) in evidence.applied.iter().enumerate() {
        without(format!("applied {} {at}", part.name), &|rest| drop(rest.applied.remove(at)));
    }
    for (at, part) in evidence.refusals.iter().enumerate() {
        without(format!("refusal {}", part.name), &|rest| drop(rest.refusals.remove(at)));
    }
    for (at, part) in evidence.execs.iter().enumerate() {
        without(format!("exec {}", part.label), &|rest| drop(rest.execs.remove(at)));
    }
    for (at, part) in evidence.node_commands.iter().enumerate() {
        without(format!("node {}", part.label), &|rest| drop(rest.node_commands.remove(at)));
    }
    for (at, part) in evidence.fetches.iter().enumerate() {
        without(format!("fetch {}", part.label), &|rest| drop(rest.fetches.remove(at)));
    }
    for (at, part) in evidence.recalls.iter().enumerate() {
        without(format!("requested-log {}", part.label), &|rest| drop(rest.recalls.remove(at)));
    }
    for (at, part) in evidence.marks.iter().enumerate() {
        without(format!("mark {}", part.name), &|rest| drop(rest.marks.remove(at)));
    }
    for (at, part) in evidence.logs.iter().enumerate() {
        let what = format!("log {}/{}.{}", part.pod, part.container, part.restart);
        without(what, &|rest| drop(rest.logs.remove(at)));
    }
    for (at, part) in evidence.timeline.iter().enumerate() {
        without(format!("state {at} of {}", part.name()), &|rest| drop(rest.timeline.remove(at)));
    }
    for (at, part) in evidence.objects.iter().enumerate() {
        without(format!("state {at} of {}", part.name), &|rest| drop(rest.objects.remove(at)));
    }
    for (at, part) in evidence.events.iter().enumerate() {
        let reason = part.event.reason.clone().unwrap_or_default();
        without(format!("event {reason} {at}"), &|rest| drop(rest.events.remove(at)));
    }
    without("the timeline".to_owned(), &|rest| rest.timeline.clear());
    without("all objects".to_owned(), &|rest| rest.objects.clear());
    without("all events".to_owned(), &|rest| rest.events.clear());
    reduced
}

#[rstest]
fn evidence_is_judged_as_the_catalogue_says(#[files("fixtures/evidence/*/*/*.json")] file: PathBuf) {
    let recorded = Recorded::read(&file);
    let verdict = recorded.verdict();
    let Some(mutant) = &recorded.mutant else {
        assert_eq!(verdict, Verdict::Pass);
        return;
    };
    let failed = failed(&verdict);
    assert!(failed.contains(&mutant.must_fail.as_str()), "{verdict:?}");
    let may = |name: &&str| *name == mutant.must_fail || mutant.may_fail.iter().any(|may| may == name);
    assert!(failed.iter().all(may), "{verdict:?}");
}

#[rstest]
fn a_pass_asserts_everything_that_the_claim_states(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, claim, evidence, .. } = Recorded::read(&file);
    let mut stated = Vec::new();
    Inquiry::verdict(&evidence, [], |seen, inquiry| {
        let judged = (case.judge)(seen, inquiry);
        stated = inquiry.stated().into_iter().map(str::to_owned).collect();
        judged
    });
    assert_eq!(stated, claim.then.into_keys().collect::<Vec<_>>());
}

#[rstest]
fn missing_evidence_never_makes_a_fail(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let mut needed = 0;
    for (what, rest) in with_one_part_removed(&evidence) {
        match case.verdict(&rest) {
            Verdict::Pass => {}
            Verdict::Inconclusive { .. } => needed += 1,
            other => panic!("without {what}: {other:?}"),
        }
    }
    assert!(needed >= 2, "only {needed} parts of the evidence are needed");
}

#[rstest]
fn missing_evidence_never_makes_a_mutant_pass(#[files("fixtures/evidence/*/*/*.json")] file: PathBuf) {
    let Recorded { case, mutant, evidence, .. } = Recorded::read(&file);
    if mutant.is_some() {
        for (what, rest) in with_one_part_removed(&evidence) {
            assert!(!case.verdict(&rest).is_pass(), "passes without {what}");
        }
    }
    let mut nothing = evidence;
    nothing.refusals.clear();
    nothing.execs.clear();
    nothing.node_commands.clear();
    nothing.fetches.clear();
    nothing.recalls.clear();
    nothing.marks.clear();
    nothing.timeline.clear();
    nothing.objects.clear();
    nothing.events.clear();
    nothing.logs.clear();
    nothing.blocked = None;
    let verdict = case.verdict(&nothing);
    assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
}

#[rstest]
fn everything_that_the_drive_read_is_needed_for_a_pass(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    /// First words of labels of commands that only act or wait. Their effect is in other evidence.
    const ONLY_ACT: [&str; 2] = ["end", "ready"];
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    for (what, rest) in with_one_part_removed(&evidence) {
        let (kind, label) = what.split_once(' ').unwrap();
        let is_read = matches!(kind, "exec" | "fetch" | "requested-log" | "mark");
        let only_acts = ONLY_ACT.contains(&label.split('-').next().unwrap_or_default());
        if is_read && !only_acts {
            assert!(!case.verdict(&rest).is_pass(), "passes without {what}");
        }
    }
}

#[rstest]
fn a_blocked_drive_is_inconclusive(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, mut evidence, .. } = Recorded::read(&file);
    evidence.blocked = Some("out of time".to_owned());
    assert_eq!(case.verdict(&evidence), Verdict::Inconclusive { reason: "out of time".to_owned() });
}

#[test]
fn there_is_evidence_of_every_case_and_every_mutant() {
    let catalogue = catalogue();
    for claim in catalogue.claims() {
        let mutants =
            catalogue.case_files(&claim.id).unwrap().mutants.iter().map(|mutant| mutant.name.as_str());
        for name in mutants.chain(["green"]) {
            let file = fixtures().join(claim.id.as_str()).join(format!("{name}.json"));
            assert!(file.exists(), "{} is missing", file.display());
        }
    }
}
