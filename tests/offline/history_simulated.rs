//! Four hundred simulated runs of two hundred cases, one run a day, with a few planted events.

use podproof_core::history::{CaseOutcome, HistoryRun};

use crate::history_fixtures::{empty_run, ended, passed};

pub const DAYS: usize = 400;
pub const CASES: usize = 200;

/// The case that breaks with a new version and is fixed by the next one, and the runs in which that happens.
pub const BROKEN: usize = 10;
pub const BREAKS: usize = 120;
pub const REPAIRED: usize = 130;
/// The case that fails in one run of seven, and the first run in which it may.
pub const FLAKY: usize = 20;
pub const FLAKES_SINCE: usize = 50;
/// The case that becomes 30 % slower, and the run from which on it is.
pub const SLOW: usize = 30;
pub const SLOWS: usize = 200;
/// The case that gets another id, and the run in which it does.
pub const RENAMED: usize = 40;
pub const RENAMES: usize = 250;
/// The case that is removed, and the first run without it.
pub const GONE: usize = 50;
pub const GOES: usize = 300;
/// The run in which the images of most cases are missing.
pub const INFRA: usize = 310;

/// The standard deviations of the logarithm of a duration: 3 % that all cases of a run share, and 7 % of each case.
pub const SPREAD: (f64, f64) = (0.03, 0.07);

/// Reproducible pseudo-random numbers: `SplitMix64`, by S. Vigna.
struct Random(u64);

impl Random {
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

/// The id of a case in the run of that day.
pub fn name(case: usize, day: usize) -> String {
    match (case, day) {
        (RENAMED, RENAMES..) => "area/renamed".to_owned(),
        _ => format!("area/case-{case}"),
    }
}

/// The simulated runs for a seed.
pub fn simulated(seed: u64) -> Vec<HistoryRun> {
    let mut random = Random(seed);
    (0..DAYS).map(|day| simulate_day(day, &mut random)).collect()
}

fn simulate_day(day: usize, random: &mut Random) -> HistoryRun {
    let version = match day {
        ..BREAKS => "v1.30.1",
        BREAKS..REPAIRED => "v1.30.2",
        _ => "v1.30.3",
    };
    let mut run = empty_run(day, version);
    let noise = random.normal() * SPREAD.0;
    for case in 0..CASES {
        if case == GONE && day >= GOES {
            continue;
        }
        let name = name(case, day);
        let usual = f64::from(u32::try_from(case % 20 + 2).unwrap());
        let slower = if case == SLOW && day >= SLOWS { 1.3 } else { 1.0 };
        let seconds = usual * slower * (noise + random.normal() * SPREAD.1).exp();
        let seconds = (seconds * 1000.0).round() / 1000.0;
        let flakes = case == FLAKY && day >= FLAKES_SINCE && random.share() < 1.0 / 7.0;
        let broken = case == BROKEN && (BREAKS..REPAIRED).contains(&day);
        run.attempts.push(if day == INFRA && case % 3 != 0 {
            ended(&name, CaseOutcome::Inconclusive, Some("ErrImageNeverPull"), 30.0)
        } else if flakes || broken {
            ended(&name, CaseOutcome::Fail, Some("token-survives: expected the token, seen nothing"), seconds)
        } else {
            passed(&name, seconds)
        });
    }
    run
}

/// The same runs with the new id everywhere, as a store reads them that knows the renaming.
pub fn renamed(mut runs: Vec<HistoryRun>) -> Vec<HistoryRun> {
    let old = name(RENAMED, 0);
    for attempt in runs.iter_mut().flat_map(|run| &mut run.attempts) {
        if attempt.key.case == old {
            *attempt = passed(&name(RENAMED, RENAMES), attempt.seconds);
        }
    }
    runs
}
