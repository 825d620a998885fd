//! Four hundred nights of two hundred cases, with a few events in them: each must be found, and little else.

use std::fs;
use std::time::Instant;

use podproof::history::regression::{
    Change, Health, Judgement, News, NightReport, Rules, Waivers, judge_night,
};
use podproof::history::{Extent, KeptRun, Outcome, Renames, Store};

use crate::history_world::{empty_run, ended, passed};

const NIGHTS: usize = 400;
const CASES: usize = 200;

/// Breaks with a new version, and is repaired by the next.
const BROKEN: usize = 10;
const BREAKS: usize = 120;
const REPAIRED: usize = 130;
/// Fails in one night of seven.
const FLAKY: usize = 20;
const FLAKES_SINCE: usize = 50;
/// Takes 30 % longer.
const SLOW: usize = 30;
const SLOWS: usize = 200;
/// Has another id.
const RENAMED: usize = 40;
const RENAMES: usize = 250;
/// Is there no more.
const GONE: usize = 50;
const GOES: usize = 300;
/// Most of the cluster's images are not there.
const INFRA: usize = 310;

/// Numbers that look random and are always the same: `SplitMix64`, by S. Vigna.
struct Dice(u64);

impl Dice {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.number() >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// The sum of twelve shares is nearly normal, with a deviation of one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

fn name(case: usize, night: usize) -> String {
    match (case, night) {
        (RENAMED, RENAMES..) => "area/renamed".to_owned(),
        _ => format!("area/case-{case}"),
    }
}

fn simulated() -> Vec<KeptRun> {
    let mut dice = Dice(2026);
    (0..NIGHTS).map(|night| one_night(night, &mut dice)).collect()
}

fn one_night(night: usize, dice: &mut Dice) -> KeptRun {
    let version = match night {
        ..BREAKS => "v1.30.1",
        BREAKS..REPAIRED => "v1.30.2",
        _ => "v1.30.3",
    };
    let mut run = empty_run(night, version);
    // A night is slow or fast as a whole, too.
    let weather = dice.normal() * 0.03;
    for case in 0..CASES {
        if case == GONE && night >= GOES {
            continue;
        }
        let name = name(case, night);
        let usual = f64::from(u32::try_from(case % 20 + 2).unwrap());
        let slower = if case == SLOW && night >= SLOWS { 1.3 } else { 1.0 };
        let seconds = usual * slower * (weather + dice.normal() * 0.07).exp();
        let seconds = (seconds * 1000.0).round() / 1000.0;
        let flakes = case == FLAKY && night >= FLAKES_SINCE && dice.share() < 1.0 / 7.0;
        let broken = case == BROKEN && (BREAKS..REPAIRED).contains(&night);
        run.attempts.push(if night == INFRA && case % 3 != 0 {
            ended(&name, Outcome::Inconclusive, Some("ErrImageNeverPull"), 30.0)
        } else if flakes || broken {
            ended(&name, Outcome::Fail, Some("token-survives: expected the token, seen nothing"), seconds)
        } else {
            passed(&name, seconds)
        });
    }
    run
}

fn renamed(mut runs: Vec<KeptRun>) -> Vec<KeptRun> {
    let old = name(RENAMED, 0);
    for attempt in runs.iter_mut().flat_map(|run| &mut run.attempts) {
        if attempt.key.case == old {
            *attempt = passed(&name(RENAMED, RENAMES), attempt.seconds);
        }
    }
    runs
}

/// What is said of every night after an event, and of every fifth of the others, with what is known until then.
fn judged(runs: &[KeptRun]) -> Vec<(usize, NightReport)> {
    const KNOWN: usize = 45;
    let judge = |night: usize| {
        let known = &runs[(night + 1).saturating_sub(KNOWN)..=night];
        (night, judge_night(known, &Waivers::default(), &Rules::default()).unwrap())
    };
    let after = |event: usize, night: usize| (event..event + 12).contains(&night);
    let is_judged = |night: &usize| {
        [BREAKS, SLOWS, GOES].iter().any(|&event| after(event, *night)) || night.is_multiple_of(5)
    };
    (30..NIGHTS).filter(is_judged).map(judge).collect()
}

fn of_night(reports: &[(usize, NightReport)], night: usize) -> &NightReport {
    &reports.iter().find(|(judged, _)| *judged == night).unwrap().1
}

fn told(reports: &[(usize, NightReport)], case: usize, words: &str) -> Vec<usize> {
    let name = name(case, 0);
    let tells = |report: &NightReport| {
        report.changes.iter().any(|change| change.key.case == name && change.news.words() == words)
    };
    reports.iter().filter(|(_, report)| tells(report)).map(|(night, _)| *night).collect()
}

#[test]
fn what_happens_is_found_and_little_else() {
    let reports = judged(&renamed(simulated()));

    assert_eq!(told(&reports, BROKEN, "new failure"), [BREAKS]);
    assert_eq!(told(&reports, BROKEN, "still failing"), (BREAKS + 1..REPAIRED).collect::<Vec<_>>());
    assert_eq!(told(&reports, BROKEN, "fixed"), [REPAIRED]);
    let report = of_night(&reports, BREAKS);
    let News::NewFailure { window } = &report.changes[0].news else { panic!("{report:?}") };
    assert_eq!(window.last_good.as_ref().map(|run| run.id.as_str()), Some("run-119"));
    assert_eq!(window.changed[0].after.as_deref(), Some("v1.30.2"));

    // When no failure was seen for long the next one is news, and two in a row are still a flake.
    let flaky = told(&reports, FLAKY, "flaky").len() + told(&reports, FLAKY, "newly flaky").len();
    let flaking = reports.iter().filter(|(night, _)| *night >= FLAKES_SINCE).count();
    // Until it failed for the first times, and after twenty nights without a failure, it is not called so.
    assert!(flaky * 100 > flaking * 75, "flaky in {flaky} of {flaking} nights");
    let alarms = told(&reports, FLAKY, "new failure");
    assert!(alarms.len() * 20 <= flaking, "{alarms:?}");

    let slower = told(&reports, SLOW, "slower");
    assert!((SLOWS + 3..=SLOWS + 6).contains(&slower[0]), "found in night {}", slower[0]);
    assert!(slower.iter().all(|night| (SLOWS..SLOWS + 30).contains(night)), "{slower:?}");
    let first = of_night(&reports, slower[0]);
    let since = first.changes.iter().find_map(|change| match &change.news {
        News::Slower(pace) => Some(pace.window.first_bad.id.clone()),
        _ => None,
    });
    // A night that was slow by itself can stand before the first slow one.
    let since = since.unwrap_or_default();
    assert!(["run-199", "run-200", "run-201"].contains(&since.as_str()), "{since}");

    let missing = told(&reports, GONE, "missing");
    assert!(missing.starts_with(&(GOES..INFRA).collect::<Vec<_>>()), "{missing:?}");
    assert!(missing.iter().all(|night| *night <= GOES + 30), "{missing:?}");

    let infra = of_night(&reports, INFRA);
    assert!(matches!(infra.health, Health::OneCause { failed: false, .. }), "{infra:?}");
    assert_eq!(infra.judgement(), Judgement::Untold);
    assert!(!infra.changes.iter().any(Change::is_regression), "{infra:?}");

    // The rate that the room's page states: of a hundred nights one has a regression that is none.
    let planted = [BROKEN, FLAKY, SLOW, GONE].map(|case| name(case, 0));
    let is_false = |report: &NightReport| {
        let mut changes = report.changes.iter().filter(|change| !planted.contains(&change.key.case));
        changes.any(Change::is_regression)
    };
    let wrong: Vec<_> =
        reports.iter().filter(|(_, report)| is_false(report)).map(|(night, _)| night).collect();
    assert!(wrong.len() * 100 <= reports.len(), "false alarms in nights {wrong:?}");
    let suspected: usize = reports
        .iter()
        .flat_map(|(_, report)| &report.changes)
        .filter(|change| !planted.contains(&change.key.case) && change.news.words().ends_with('?'))
        .count();
    assert!(suspected * 20 <= reports.len(), "{suspected} false suspicions");
}

#[test]
fn a_year_is_judged_in_a_moment_and_takes_little_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.db");
    let mut store = Store::open_or_make(&file).unwrap();
    let begun = Instant::now();
    for run in simulated() {
        store.add("nightly", &run).unwrap();
    }
    let added = begun.elapsed();
    drop(store);

    let begun = Instant::now();
    let renames = Renames::from([(name(RENAMED, 0), name(RENAMED, RENAMES))]);
    let store = Store::open(&file).unwrap();
    let runs = store.load("nightly", Extent { last: None, most: 400 }, &renames).unwrap();
    let report = judge_night(&runs, &Waivers::default(), &Rules::default()).unwrap();
    let judged = begun.elapsed();

    assert_eq!((runs.len(), report.against), (NIGHTS, NIGHTS - 2));
    let is_news = report.changes.iter().any(|change| change.key.case.contains("renamed"));
    assert!(!is_news, "a new name is no news: {report:?}");
    let size = fs::metadata(&file).unwrap().len();
    println!(
        "{NIGHTS} nights of {CASES} cases: {} kB, added in {added:?}, judged in {judged:?}",
        size / 1000
    );
    assert!(size < 20_000_000, "{size} bytes");
    // Without optimisation; with it, a tenth of that.
    assert!(judged.as_secs_f64() < 4.0, "{judged:?}");
}
