//! Four hundred made-up nights of two hundred cases, with a few events in them.

use podproof::history::{KeptRun, Outcome};

use crate::history_world::{empty_run, ended, passed};

pub const NIGHTS: usize = 400;
pub const CASES: usize = 200;

/// Breaks with a new version, and is repaired by the next.
pub const BROKEN: usize = 10;
pub const BREAKS: usize = 120;
pub const REPAIRED: usize = 130;
/// Fails in one night of seven.
pub const FLAKY: usize = 20;
pub const FLAKES_SINCE: usize = 50;
/// Takes 30 % longer.
pub const SLOW: usize = 30;
pub const SLOWS: usize = 200;
/// Has another id.
pub const RENAMED: usize = 40;
pub const RENAMES: usize = 250;
/// Is there no more.
pub const GONE: usize = 50;
pub const GOES: usize = 300;
/// Most of the cluster's images are not there.
pub const INFRA: usize = 310;

/// By how much the durations of a case spread from night to night, as a logarithm: 3 % because the whole night is slow
/// or fast, and 7 % of its own.
pub const SPREAD: (f64, f64) = (0.03, 0.07);

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

/// The id of a case in a night.
pub fn name(case: usize, night: usize) -> String {
    match (case, night) {
        (RENAMED, RENAMES..) => "area/renamed".to_owned(),
        _ => format!("area/case-{case}"),
    }
}

/// The nights that these numbers give.
pub fn simulated(seed: u64) -> Vec<KeptRun> {
    let mut dice = Dice(seed);
    (0..NIGHTS).map(|night| one_night(night, &mut dice)).collect()
}

fn one_night(night: usize, dice: &mut Dice) -> KeptRun {
    let version = match night {
        ..BREAKS => "v1.30.1",
        BREAKS..REPAIRED => "v1.30.2",
        _ => "v1.30.3",
    };
    let mut run = empty_run(night, version);
    let weather = dice.normal() * SPREAD.0;
    for case in 0..CASES {
        if case == GONE && night >= GOES {
            continue;
        }
        let name = name(case, night);
        let usual = f64::from(u32::try_from(case % 20 + 2).unwrap());
        let slower = if case == SLOW && night >= SLOWS { 1.3 } else { 1.0 };
        let seconds = usual * slower * (weather + dice.normal() * SPREAD.1).exp();
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

/// The same with the new id in all nights, as a store reads them that knows of it.
pub fn renamed(mut runs: Vec<KeptRun>) -> Vec<KeptRun> {
    let old = name(RENAMED, 0);
    for attempt in runs.iter_mut().flat_map(|run| &mut run.attempts) {
        if attempt.key.case == old {
            *attempt = passed(&name(RENAMED, RENAMES), attempt.seconds);
        }
    }
    runs
}
