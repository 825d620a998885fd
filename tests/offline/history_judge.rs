//! What a run says, compared with those before it.

use std::fs;
use std::sync::Arc;

use podproof::history::regression::{
    Change, Health, Judgement, News, NightReport, Rules, Waivers, judge_night, read_waivers,
};
use podproof::history::{CaseKey, FactChange, KeptRun, Outcome};
use rstest::rstest;

use crate::history_world::{empty_run, ended, passed, runs};

pub fn judged(runs: &[KeptRun]) -> NightReport {
    judge_night(runs, &Waivers::default(), &Rules::default()).unwrap()
}

/// The news of `a/case`, in words.
fn words(letters: &str) -> String {
    let report = judged(&runs(letters));
    let words: Vec<_> = report
        .changes
        .iter()
        .inspect(|change| assert_eq!(change.key.case, "a/case", "{change:?}"))
        .map(|change| change.news.words())
        .collect();
    words.join(", ")
}

#[rstest]
#[case::steady("PPPPPP", "")]
#[case::first_run_of_all("P", "")]
#[case::new("---P", "new")]
#[case::new_and_failing("---F", "new, still failing")]
#[case::failing_since_ever("FFFF", "still failing")]
#[case::new_failure("PPPPPPF", "new failure")]
#[case::still_failing("PPPPPPFF", "still failing")]
#[case::fixed_by_a_change("PPPPPP1F2P", "fixed")]
#[case::fixed_after_long("PPPPFFFP", "fixed")]
#[case::reopened("PPPPP1FFFF2PPF", "reopened")]
#[case::failing_again_after_long("PPPP1FFFF2PPPPPPPF", "new failure")]
#[case::one_that_came_and_went("PPPPPFP", "newly flaky")]
#[case::flaky_for_a_while("PPPPPFPPP", "flaky")]
#[case::two_that_came_and_went_with_changes("PPP1F2PPP3F4P", "newly flaky")]
#[case::flaky_no_more("PFPPPPPPPPPPPPPPPPPPPPPPP", "")]
#[case::a_flake_again("PPPFPPPPPFPPPPPPF", "flaky")]
#[case::more_than_a_flake("PPPFPPPPPFPPPPPPFFF", "new failure")]
#[case::both_in_one_run("PPPPPPM", "newly flaky")]
#[case::both_in_many_runs("PPPMPPMM", "flaky")]
#[case::inconclusive("PPPPI", "inconclusive")]
#[case::an_inconclusive_night_ends_no_failure("PPPPFFIF", "still failing")]
#[case::an_inconclusive_night_breaks_nothing("PPPPIP", "")]
#[case::newly_skipped("PPPPS", "newly skipped")]
#[case::still_skipped("PPPSS", "")]
#[case::no_more_skipped("PPSSP", "no more skipped")]
#[case::skipped_and_then_failing("PPSF", "no more skipped, new failure")]
#[case::missing("PPPP-", "missing")]
#[case::missing_for_a_while("PPPP----", "missing")]
#[case::missing_for_very_long("P-------------------------------", "")]
fn a_case_is_told_of_in_words(#[case] letters: &str, #[case] expected: &str) {
    let mut seen: Vec<_> = words(letters).split(", ").map(str::to_owned).collect();
    let mut expected: Vec<_> = expected.split(", ").collect();
    seen.sort();
    expected.sort_unstable();
    assert_eq!(seen, expected, "{letters}");
}

#[rstest]
#[case::steady("PPPP", Judgement::Steady)]
#[case::broken("PPPPF", Judgement::Regressed)]
#[case::still_broken("PPPPFF", Judgement::Regressed)]
#[case::never_good("FFFF", Judgement::Steady)]
#[case::missing("PPP-", Judgement::Regressed)]
#[case::inconclusive("PPPI", Judgement::Steady)]
#[case::skipped("PPPS", Judgement::Steady)]
#[case::a_known_flake("PPPFPPPPPFPPPPPPF", Judgement::Steady)]
#[case::a_new_flake("PPPPM", Judgement::Regressed)]
fn a_regression_is_what_was_good(#[case] letters: &str, #[case] expected: Judgement) {
    assert_eq!(judged(&runs(letters)).judgement(), expected);
}

fn only(report: &NightReport) -> &Change {
    assert_eq!(report.changes.len(), 1, "{report:?}");
    &report.changes[0]
}

#[test]
fn a_failure_has_a_window_and_what_changed_in_it() {
    let report = judged(&runs("PPPPI1IFF"));
    let change = only(&report);
    let News::StillFailing { window, nights: 2 } = &change.news else { panic!("{change:?}") };
    assert_eq!(window.last_good.as_ref().map(|run| run.id.as_str()), Some("run-003"));
    assert_eq!(window.first_bad.id, "run-006");
    let version = |version: &str| Some(version.to_owned());
    let changed = FactChange { fact: "version".to_owned(), before: version("v1.0"), after: version("v1.1") };
    assert_eq!(window.changed, [changed]);
    assert_eq!(change.reason.as_deref(), Some("a reason"));
}

#[test]
fn a_flake_has_a_rate() {
    let report = judged(&runs("PPPFPPPPPFPPPPPPPPPP"));
    let News::Flaky { rate, flips: 4, tonight: false, newly: false } = only(&report).news else {
        panic!("{report:?}")
    };
    assert_eq!((rate.count, rate.of), (2, 20));
    assert!(rate.low < 0.03 && rate.high > 0.29, "{rate:?}");
}

#[test]
fn what_an_interrupted_run_does_not_have_is_not_missing() {
    let mut runs = runs("PPPP-");
    runs.last_mut().unwrap().interrupted = Some("a signal".to_owned());
    assert_eq!(judged(&runs).changes, []);
    let mut skipped = self::runs("PPPPS");
    skipped.last_mut().unwrap().interrupted = Some("a signal".to_owned());
    assert_eq!(judged(&skipped).changes, []);
}

#[test]
fn another_meaning_is_another_history() {
    let mut runs = runs("PPPPF");
    for attempt in &mut runs[4].attempts {
        attempt.revision = if attempt.key.case == "a/case" { 2 } else { 1 };
    }
    let words: Vec<_> = judged(&runs).changes.iter().map(|change| change.news.words()).collect();
    assert_eq!(words, ["still failing", "new meaning"]);
}

/// Four runs of ten cases; in the last, of as many as `untold` each has a reason of its own, or a common one.
fn bad_night(untold: usize, outcome: Outcome, one_cause: bool) -> Vec<KeptRun> {
    let case = |number: usize| format!("area/{number}");
    let mut runs: Vec<_> = (0..4).map(|night| empty_run(night, "v1.0")).collect();
    for (night, run) in runs.iter_mut().enumerate() {
        run.attempts = (0..10)
            .map(|number| {
                let reason = if one_cause { "no image".to_owned() } else { format!("no image {number}") };
                if number < untold && night == 3 {
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
#[case::untold(4, Outcome::Inconclusive, false, Judgement::Untold, 0)]
#[case::untold_alike(4, Outcome::Inconclusive, true, Judgement::Untold, 0)]
#[case::failed_alike(4, Outcome::Fail, true, Judgement::Regressed, 0)]
#[case::failed_each_for_itself(4, Outcome::Fail, false, Judgement::Regressed, 4)]
#[case::not_enough(3, Outcome::Inconclusive, true, Judgement::Steady, 3)]
fn a_night_of_one_cause_is_one_alarm(
    #[case] untold: usize,
    #[case] outcome: Outcome,
    #[case] one_cause: bool,
    #[case] judgement: Judgement,
    #[case] changes: usize,
) {
    let report = judged(&bad_night(untold, outcome, one_cause));
    assert_eq!((report.judgement(), report.changes.len()), (judgement, changes), "{report:?}");
}

#[test]
fn a_marked_night_is_no_night_to_compare_with() {
    let mut runs = bad_night(10, Outcome::Fail, true);
    assert!(matches!(judged(&runs).health, Health::OneCause { cases: 10, of: 10, failed: true, .. }));
    let mut next = runs[0].clone();
    (next.id, next.started) = ("run-004".to_owned(), runs[3].ended);
    runs.push(next);
    let report = judged(&runs);
    assert_eq!((report.against, report.changes), (3, Vec::new()));
}

#[rstest]
#[case::steady(1.0, "")]
#[case::a_little_slower(1.1, "")]
#[case::slower(1.4, "slower")]
#[case::faster(0.6, "faster")]
fn a_change_of_pace_is_told(#[case] factor: f64, #[case] expected: &str) {
    let mut runs = runs(&"P".repeat(40));
    for (night, run) in runs.iter_mut().enumerate() {
        for attempt in &mut run.attempts {
            // Nights differ a little.
            let weather = 1.0 + f64::from(u32::try_from(night * 37 % 11).unwrap()) / 200.0;
            let slow = attempt.key.case == "a/case" && night >= 34;
            attempt.seconds = 10.0 * weather * if slow { factor } else { 1.0 };
        }
    }
    let report = judged(&runs);
    assert_eq!(report.changes.iter().map(|change| change.news.words()).collect::<String>(), expected);
    if let Some(News::Slower(pace)) = report.changes.first().map(|change| &change.news) {
        assert!(pace.confirmed && pace.p < 0.01 && (pace.now / pace.before - 1.4).abs() < 0.05, "{pace:?}");
        assert_eq!(pace.window.first_bad.id, "run-034");
    }
    // After three nights it can only be suspected.
    let early = judged(&runs[..37]);
    let suspected = if expected.is_empty() { String::new() } else { format!("{expected}?") };
    assert_eq!(early.changes.iter().map(|change| change.news.words()).collect::<String>(), suspected);
    assert_eq!(early.judgement(), Judgement::Steady);
}

fn waivers(text: &str) -> Waivers {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waivers.yaml");
    fs::write(&file, text).unwrap();
    read_waivers(&file).unwrap()
}

#[test]
fn a_waiver_covers_until_its_day() {
    let entry = |expires: &str| {
        waivers(&format!(
            "waivers:\n- case: a/*\n  reason: upstream bug\n  owner: the node team\n  expires: {expires}\n"
        ))
    };
    // The fifth night is that of January 5.
    let runs = runs("PPPPF");
    let judge = |waivers| judge_night(&runs, &waivers, &Rules::default()).unwrap();
    let covered = judge(entry("2026-01-05"));
    assert_eq!(covered.judgement(), Judgement::Steady);
    assert_eq!(only(&covered).waived.as_ref().map(|waiver| waiver.owner.as_str()), Some("the node team"));
    let expired = judge(entry("2026-01-04"));
    assert_eq!((expired.judgement(), expired.expired.len()), (Judgement::Regressed, 1));
}

#[test]
fn waivers_that_are_none_are_an_error_with_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waivers.yaml");
    fs::write(&file, "waivers:\n- case: a/*\n  reason: none\n").unwrap();
    let error = read_waivers(&file).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("owner") && source.contains("line 2"), "{source}");
}

#[test]
fn the_same_runs_give_the_same_report_in_any_order_of_cases() {
    let mut runs = bad_night(4, Outcome::Fail, false);
    let report = judged(&runs);
    for run in &mut runs {
        run.attempts.reverse();
    }
    assert_eq!(judged(&runs), report);
    let variant = Arc::new(CaseKey { case: "a/case".to_owned(), variant: "ipv6".to_owned() });
    assert_eq!(variant.to_string(), "a/case [ipv6]");
}
