//! Verdicts from evidence that was changed in one place: the assertion that the change contradicts must fail.

use std::collections::BTreeSet;

use crate::judge::{Recorded, catalogue, failed};
use crate::tampered;

#[test]
fn each_assertion_fails_on_contradicting_evidence() {
    for (claim, assertion, tamper) in tampered::all() {
        let Recorded { case, mut evidence, .. } = Recorded::green(claim);
        let before = evidence.clone();
        tamper(&mut evidence);
        assert_ne!(before, evidence, "{claim} {assertion}: nothing was changed");
        let verdict = case.verdict(&evidence);
        assert!(failed(&verdict).contains(assertion), "{claim} {assertion}: {verdict:?}");
    }
}

#[test]
fn every_assertion_of_every_claim_has_contradicting_evidence() {
    let catalogue = catalogue();
    let asserted: BTreeSet<_> = catalogue
        .claims()
        .iter()
        .flat_map(|claim| claim.then.keys().map(|assertion| (claim.id.as_str(), assertion.as_str())))
        .collect();
    let contradicted: BTreeSet<_> =
        tampered::all().map(|(claim, assertion, _)| (*claim, *assertion)).collect();
    assert_eq!(contradicted, asserted);
}
