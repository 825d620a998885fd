//! Judges before evidence that was recorded on a real cluster: as it was, and with parts of it taken away.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use podproof::cases::{self, Case};
use podproof::evidence::Evidence;
use podproof::judge::{Inquiry, Verdict};
use podproof::plan::{Catalogue, Claim, Mutant, Tree};
use rstest::rstest;

/// Recorded evidence with all that is known of it.
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
        let script = catalogue.script(&evidence.claim).unwrap();
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

/// The catalogue, which takes longer to read than a verdict takes to be made.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(&Tree::Embedded).unwrap());
    &CATALOGUE
}

/// The names of the assertions that a verdict of fail rests on.
pub(crate) fn failed(verdict: &Verdict) -> Vec<&str> {
    let mut names: Vec<_> = verdict.findings().iter().map(|finding| finding.assertion.as_str()).collect();
    names.dedup();
    names
}

/// Everything that can be taken out of the evidence by itself: a name for it, and the rest.
pub(crate) fn with_one_thing_removed(evidence: &Evidence) -> Vec<(String, Evidence)> {
    let mut rests = Vec::new();
    let mut without = |what: String, remove: &dyn Fn(&mut Evidence)| {
        let mut rest = evidence.clone();
        remove(&mut rest);
        rests.push((what, rest));
    };
    for (at, thing) in evidence.applied.iter().enumerate() {
        without(format!("applied {} {at}", thing.name), &|rest| drop(rest.applied.remove(at)));
    }
    for (at, thing) in evidence.refusals.iter().enumerate() {
        without(format!("refusal {}", thing.name), &|rest| drop(rest.refusals.remove(at)));
    }
    for (at, thing) in evidence.execs.iter().enumerate() {
        without(format!("exec {}", thing.label), &|rest| drop(rest.execs.remove(at)));
    }
    for (at, thing) in evidence.node_commands.iter().enumerate() {
        without(format!("node {}", thing.label), &|rest| drop(rest.node_commands.remove(at)));
    }
    for (at, thing) in evidence.fetches.iter().enumerate() {
        without(format!("fetch {}", thing.label), &|rest| drop(rest.fetches.remove(at)));
    }
    for (at, thing) in evidence.recalls.iter().enumerate() {
        without(format!("recall {}", thing.label), &|rest| drop(rest.recalls.remove(at)));
    }
    for (at, thing) in evidence.marks.iter().enumerate() {
        without(format!("mark {}", thing.name), &|rest| drop(rest.marks.remove(at)));
    }
    for (at, thing) in evidence.logs.iter().enumerate() {
        let what = format!("log {}/{}.{}", thing.pod, thing.container, thing.restart);
        without(what, &|rest| drop(rest.logs.remove(at)));
    }
    for (at, thing) in evidence.timeline.iter().enumerate() {
        without(format!("state {at} of {}", thing.name()), &|rest| drop(rest.timeline.remove(at)));
    }
    for (at, thing) in evidence.objects.iter().enumerate() {
        without(format!("state {at} of {}", thing.name), &|rest| drop(rest.objects.remove(at)));
    }
    for (at, thing) in evidence.events.iter().enumerate() {
        let reason = thing.event.reason.clone().unwrap_or_default();
        without(format!("event {reason} {at}"), &|rest| drop(rest.events.remove(at)));
    }
    without("the timeline".to_owned(), &|rest| rest.timeline.clear());
    without("all objects".to_owned(), &|rest| rest.objects.clear());
    without("all events".to_owned(), &|rest| rest.events.clear());
    rests
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
fn a_pass_states_every_assertion_of_the_claim(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, claim, evidence, .. } = Recorded::read(&file);
    let mut stated = Vec::new();
    Inquiry::verdict(&evidence, [], |seen, say| {
        let judged = (case.judge)(seen, say);
        stated = say.stated().into_iter().map(str::to_owned).collect();
        judged
    });
    assert_eq!(stated, claim.then.into_keys().collect::<Vec<_>>());
}

#[rstest]
fn nothing_that_is_missing_makes_a_fail(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let mut needed = 0;
    for (what, rest) in with_one_thing_removed(&evidence) {
        match case.verdict(&rest) {
            Verdict::Pass => {}
            Verdict::Inconclusive { .. } => needed += 1,
            other => panic!("without {what}: {other:?}"),
        }
    }
    assert!(needed >= 2, "only {needed} parts of the evidence are needed");
}

#[rstest]
fn nothing_that_is_missing_makes_a_pass(#[files("fixtures/evidence/*/*/*.json")] file: PathBuf) {
    let Recorded { case, mutant, evidence, .. } = Recorded::read(&file);
    if mutant.is_some() {
        for (what, rest) in with_one_thing_removed(&evidence) {
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
fn whatever_the_drive_had_to_read_is_needed(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    /// How the names of commands begin that act or wait; what they brought about is seen elsewhere.
    const ONLY_ACT: [&str; 2] = ["end", "ready"];
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    for (what, rest) in with_one_thing_removed(&evidence) {
        let (kind, label) = what.split_once(' ').unwrap();
        let is_read = matches!(kind, "exec" | "fetch" | "recall" | "mark");
        let only_acts = ONLY_ACT.contains(&label.split('-').next().unwrap_or_default());
        if is_read && !only_acts {
            assert!(!case.verdict(&rest).is_pass(), "passes without {what}");
        }
    }
}

#[rstest]
fn a_drive_that_was_blocked_never_passes(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, mut evidence, .. } = Recorded::read(&file);
    evidence.blocked = Some("out of time".to_owned());
    assert_eq!(case.verdict(&evidence), Verdict::Inconclusive { reason: "out of time".to_owned() });
}

#[test]
fn there_is_evidence_of_every_case_and_every_mutant() {
    let catalogue = catalogue();
    for claim in catalogue.claims() {
        let mutants = catalogue.script(&claim.id).unwrap().mutants.iter().map(|mutant| mutant.name.as_str());
        for name in mutants.chain(["green"]) {
            let file = fixtures().join(claim.id.as_str()).join(format!("{name}.json"));
            assert!(file.exists(), "{} is missing", file.display());
        }
    }
}
