//! The review of a run in comparison with the runs before it.

use std::fs;
use std::sync::Arc;

use podproof_core::history::regression::{
    CaseChange, ChangeKind, Health, ReviewResult, Rules, RunReview, Waivers, read_waivers, review_run,
};
use podproof_core::history::{CaseKey, CaseOutcome, FactChange, HistoryRun};
use rstest::rstest;

use crate::history_fixtures::{empty_run, ended, passed, runs};

pub fn judged(runs: &[HistoryRun]) -> RunReview {
    review_run(runs, &Waivers::default(), &Rules::default()).unwrap()
}

/// The labels of the changes of `a/case`.
fn labels(letters: &str) -> String {
    let report = judged(&runs(letters));
    let labels: Vec<_> = report
        .changes
        .iter()
        .inspect(|change| assert_eq!(change.key.case, "a/case", "{change:?}"))
        .map(|change| change.kind.label())
        .collect();
    labels.join(", ")
}

#[rstest]
#[case::steady("PPPPPP", "")]
#[case::first_run_of_all("P", "")]
#[case::new("---P", "new")]
#[case::new_and_failing("---F", "new, still failing")]
#[case::always_failing("FFFF", "still failing")]
#[case::new_failure("PPPPPPF", "new failure")]
#[case::still_failing("PPPPPPFF", "still failing")]
#[case::fixed_by_a_change("PPPPPP1F2P", "fixed")]
#[case::fixed_after_long("PPPPFFFP", "fixed")]
#[case::reopened("PPPPP1FFFF2PPF", "reopened")]
#[case::failing_again_after_long("PPPP1FFFF2PPPPPPPF", "new failure")]
#[case::one_short_failure("PPPPPFP", "newly flaky")]
#[case::flaky_for_a_while("PPPPPFPPP", "flaky")]
#[case::two_short_failures_with_changes("PPP1F2PPP3F4P", "newly flaky")]
#[case::no_longer_flaky("PFPPPPPPPPPPPPPPPPPPPPPPP", "")]
#[case::a_flake_again("PPPFPPPPPFPPPPPPF", "flaky")]
#[case::too_many_failures_for_a_flake("PPPFPPPPPFPPPPPPFFF", "new failure")]
#[case::pass_and_fail_in_one_run("PPPPPPM", "newly flaky")]
#[case::pass_and_fail_in_many_runs("PPPMPPMM", "flaky")]
#[case::inconclusive("PPPPI", "inconclusive")]
#[case::an_inconclusive_run_does_not_end_a_failure("PPPPFFIF", "still failing")]
#[case::an_inconclusive_run_is_not_a_failure("PPPPIP", "")]
#[case::newly_skipped("PPPPS", "newly skipped")]
#[case::still_skipped("PPPSS", "")]
#[case::no_longer_skipped("PPSSP", "no longer skipped")]
#[case::skipped_and_then_failing("PPSF", "no longer skipped, new failure")]
#[case::missing("PPPP-", "missing")]
#[case::missing_for_a_while("PPPP----", "missing")]
#[case::missing_for_very_long("P-------------------------------", "")]
fn each_history_has_its_changes(#[case] letters: &str, #[case] expected: &str) {
    let mut seen: Vec<_> = labels(letters).split(", ").map(str::to_owned).collect();
    let mut expected: Vec<_> = expected.split(", ").collect();
    seen.sort();
    expected.sort_unstable();
    assert_eq!(seen, expected, "{letters}");
}

#[rstest]
#[case::steady("PPPP", ReviewResult::Steady)]
#[case::broken("PPPPF", ReviewResult::Regressed)]
#[case::still_broken("PPPPFF", ReviewResult::Regressed)]
#[case::never_good("FFFF", ReviewResult::Steady)]
#[case::missing("PPP-", ReviewResult::Regressed)]
#[case::inconclusive("PPPI", ReviewResult::Steady)]
#[case::skipped("PPPS", ReviewResult::Steady)]
#[case::a_known_flake("PPPFPPPPPFPPPPPPF", ReviewResult::Steady)]
#[case::a_new_flake("PPPPM", ReviewResult::Regressed)]
fn only_a_case_that_was_good_can_regress(#[case] letters: &str, #[case] expected: ReviewResult) {
    assert_eq!(judged(&runs(letters)).result(), expected);
}

fn only_change(report: &RunReview) -> &CaseChange {
    assert_eq!(report.changes.len(), 1, "{report:?}");
    &report.changes[0]
}

#[test]
fn a_failure_has_a_range_and_the_facts_that_changed_in_it() {
    let report = judged(&runs("PPPPI1IFF"));
    let change = only_change(&report);
    let ChangeKind::StillFailing { range, runs: 2 } = &change.kind else { panic!("{change:?}") };
    assert_eq!(range.last_good.as_ref().map(|run| run.id.as_str()), Some("run-003"));
    assert_eq!(range.first_bad.id, "run-006");
    let version = |version: &str| Some(version.to_owned());
    let changed = FactChange { fact: "version".to_owned(), before: version("v1.0"), after: version("v1.1") };
    assert_eq!(range.changed_facts, [changed]);
    assert_eq!(change.reason.as_deref(), Some("a reason"));
}

#[test]
fn a_flake_has_a_rate() {
    let report = judged(&runs("PPPFPPPPPFPPPPPPPPPP"));
    let ChangeKind::Flaky { rate, flips: 4, in_this_run: false, newly_flaky: false } =
        only_change(&report).kind
    else {
        panic!("{report:?}")
    };
    assert_eq!((rate.count, rate.of), (2, 20));
    assert!(rate.low < 0.03 && rate.high > 0.29, "{rate:?}");
}

#[test]
fn an_interrupted_run_has_no_missing_cases() {
    let mut runs = runs("PPPP-");
    runs.last_mut().unwrap().interrupted = Some("a signal".to_owned());
    assert_eq!(judged(&runs).changes, []);
    let mut skipped = self::runs("PPPPS");
    skipped.last_mut().unwrap().interrupted = Some("a signal".to_owned());
    assert_eq!(judged(&skipped).changes, []);
}

#[test]
fn a_new_revision_of_a_claim_starts_a_new_history() {
    let mut runs = runs("PPPPF");
    for attempt in &mut runs[4].attempts {
        attempt.revision = if attempt.key.case == "a/case" { 2 } else { 1 };
    }
    let labels: Vec<_> = judged(&runs).changes.iter().map(|change| change.kind.label()).collect();
    assert_eq!(labels, ["still failing", "revised"]);
}

/// Four runs of ten cases. In the last run `bad` cases have this outcome, each for its own reason or all for one.
fn runs_with_bad_last(bad: usize, outcome: CaseOutcome, one_cause: bool) -> Vec<HistoryRun> {
    let case = |number: usize| format!("area/{number}");
    let mut runs: Vec<_> = (0..4).map(|day| empty_run(day, "v1.0")).collect();
    for (day, run) in runs.iter_mut().enumerate() {
        run.attempts = (0..10)
            .map(|number| {
                let reason = if one_cause { "no image".to_owned() } else { format!("no image {number}") };
                if number < bad && day == 3 {
                    ended(&case(number), outcome, Some(&reason), 3.0)
                } else {
                    passed(&case(number), 3.0)
                }
            })
            .collect();
    }
    runs
}

#[rstest]
#[case::inconclusive_for_several_reasons(4, CaseOutcome::Inconclusive, false, ReviewResult::Inconclusive, 0)]
#[case::inconclusive_for_one_reason(4, CaseOutcome::Inconclusive, true, ReviewResult::Inconclusive, 0)]
#[case::failed_for_one_reason(4, CaseOutcome::Fail, true, ReviewResult::Regressed, 0)]
#[case::failed_for_several_reasons(4, CaseOutcome::Fail, false, ReviewResult::Regressed, 4)]
#[case::not_enough(3, CaseOutcome::Inconclusive, true, ReviewResult::Steady, 3)]
fn many_results_with_one_cause_are_one_alarm(
    #[case] bad: usize,
    #[case] outcome: CaseOutcome,
    #[case] one_cause: bool,
    #[case] result: ReviewResult,
    #[case] changes: usize,
) {
    let report = judged(&runs_with_bad_last(bad, outcome, one_cause));
    assert_eq!((report.result(), report.changes.len()), (result, changes), "{report:?}");
}

#[test]
fn a_run_with_one_common_cause_is_not_compared_with() {
    let mut runs = runs_with_bad_last(10, CaseOutcome::Fail, true);
    assert!(matches!(judged(&runs).health, Health::CommonCause { cases: 10, of: 10, failed: true, .. }));
    let mut next = runs[0].clone();
    (next.id, next.started) = ("run-004".to_owned(), runs[3].ended);
    runs.push(next);
    let report = judged(&runs);
    assert_eq!((report.compared_runs, report.changes), (3, Vec::new()));
}

#[rstest]
#[case::steady(1.0, "")]
#[case::a_little_slower(1.1, "")]
#[case::slower(1.4, "slower")]
#[case::faster(0.6, "faster")]
fn a_change_of_duration_is_found(#[case] factor: f64, #[case] expected: &str) {
    let mut runs = runs(&"P".repeat(40));
    for (day, run) in runs.iter_mut().enumerate() {
        for attempt in &mut run.attempts {
            // Runs differ a little.
            let noise = 1.0 + f64::from(u32::try_from(day * 37 % 11).unwrap()) / 200.0;
            let slow = attempt.key.case == "a/case" && day >= 34;
            attempt.seconds = 10.0 * noise * if slow { factor } else { 1.0 };
        }
    }
    let report = judged(&runs);
    assert_eq!(report.changes.iter().map(|change| change.kind.label()).collect::<String>(), expected);
    if let Some(ChangeKind::Slower(duration)) = report.changes.first().map(|change| &change.kind) {
        assert!(
            duration.confirmed && duration.p < 0.01 && (duration.now / duration.before - 1.4).abs() < 0.05,
            "{duration:?}"
        );
        assert_eq!(duration.range.first_bad.id, "run-034");
    }
    // After three slow runs it can only be suspected.
    let early = judged(&runs[..37]);
    let suspected = if expected.is_empty() { String::new() } else { format!("{expected}?") };
    assert_eq!(early.changes.iter().map(|change| change.kind.label()).collect::<String>(), suspected);
    assert_eq!(early.result(), ReviewResult::Steady);
}

fn waivers(text: &str) -> Waivers {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waivers.yaml");
    fs::write(&file, text).unwrap();
    read_waivers(&file).unwrap()
}

#[test]
fn a_waiver_covers_a_failure_until_it_expires() {
    let entry = |expires: &str| {
        waivers(&format!(
            "waivers:\n- case: a/*\n  reason: upstream bug\n  owner: the node team\n  expires: {expires}\n"
        ))
    };
    // The fifth run is that of January 5.
    let runs = runs("PPPPF");
    let judge = |waivers| review_run(&runs, &waivers, &Rules::default()).unwrap();
    let covered = judge(entry("2026-01-05"));
    assert_eq!(covered.result(), ReviewResult::Steady);
    assert_eq!(
        only_change(&covered).waiver.as_ref().map(|waiver| waiver.owner.as_str()),
        Some("the node team")
    );
    let expired = judge(entry("2026-01-04"));
    assert_eq!((expired.result(), expired.expired.len()), (ReviewResult::Regressed, 1));
}

#[test]
fn an_invalid_waiver_is_an_error_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waivers.yaml");
    fs::write(&file, "waivers:\n- case: a/*\n  reason: none\n").unwrap();
    let error = read_waivers(&file).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("owner") && source.contains("line 2"), "{source}");
}

#[test]
fn the_order_of_cases_does_not_change_the_review() {
    let mut runs = runs_with_bad_last(4, CaseOutcome::Fail, false);
    let report = judged(&runs);
    for run in &mut runs {
        run.attempts.reverse();
    }
    assert_eq!(judged(&runs), report);
    let variant = Arc::new(CaseKey { case: "a/case".to_owned(), variant: "ipv6".to_owned() });
    assert_eq!(variant.to_string(), "a/case [ipv6]");
}
