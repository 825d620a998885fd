//! What is told of made-up nights, and how that compares with what happens in them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;

use podproof::history::regression::{
    Change, Health, Judgement, News, NightReport, Rules, Waivers, judge_night,
};
use podproof::history::{KeptRun, Outcome};

use crate::history_nights::{
    BREAKS, BROKEN, FLAKES_SINCE, FLAKY, GOES, GONE, INFRA, NIGHTS, RENAMED, RENAMES, REPAIRED, SLOW, SLOWS,
    name, renamed, simulated,
};

/// How many nights a judge needs to see.
const KNOWN: usize = 60;

/// The first night that is judged.
const FIRST: usize = 30;

/// What was told of the nights of some seeds.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub seeds: usize,
    pub nights: usize,
    pub broken: usize,
    /// Nights in which flakes are to be known, and those in which they were told.
    pub flaking: (usize, usize),
    /// Nights in which a case that is known to be flaky raised an alarm, of the nights in which it is known.
    pub flaky_alarms: (usize, usize),
    /// After how many slow nights it was confirmed, and how often.
    pub slower: BTreeMap<usize, usize>,
    /// By how many nights the beginning was missed, and how often.
    pub begun: BTreeMap<i64, usize>,
    pub renamed: usize,
    pub missing: usize,
    pub infra: usize,
    /// Nights with a regression that is none, and suspicions that are.
    pub false_alarms: usize,
    pub suspicions: usize,
}

/// What is told of every night of a seed, or of some.
struct Told {
    runs: Vec<KeptRun>,
    reports: BTreeMap<usize, NightReport>,
}

impl Told {
    fn of(seed: u64, is_judged: impl Fn(usize) -> bool) -> Self {
        let runs = renamed(simulated(seed));
        let judge = |night: usize| {
            let known = &runs[(night + 1).saturating_sub(KNOWN)..=night];
            (night, judge_night(known, &Waivers::default(), &Rules::default()).unwrap())
        };
        let reports = (FIRST..NIGHTS).filter(|night| is_judged(*night)).map(judge).collect();
        Self { runs, reports }
    }

    fn changes(&self, case: usize) -> impl Iterator<Item = (usize, &News)> {
        let name = name(case, RENAMES);
        self.reports.iter().flat_map(move |(night, report)| {
            let of_case = report.changes.iter().filter(|change| change.key.case == name).collect::<Vec<_>>();
            of_case.into_iter().map(|change| (*night, &change.news))
        })
    }

    /// In which nights the words were told of the case.
    fn nights(&self, case: usize, words: &str) -> Vec<usize> {
        self.changes(case).filter(|(_, news)| news.words() == words).map(|(night, _)| night).collect()
    }

    /// Those of the nights that were judged.
    fn judged(&self, nights: Range<usize>) -> Vec<usize> {
        nights.filter(|night| self.reports.contains_key(night)).collect()
    }

    fn breakage_is_found(&self) -> bool {
        let window = self.changes(BROKEN).find_map(|(_, news)| match news {
            News::NewFailure { window } => Some(window),
            _ => None,
        });
        self.nights(BROKEN, "new failure") == [BREAKS]
            && self.nights(BROKEN, "still failing") == self.judged(BREAKS + 1..REPAIRED)
            && self.nights(BROKEN, "fixed") == [REPAIRED]
            && window.is_some_and(|window| {
                window.last_good.as_ref().is_some_and(|run| run.id == "run-119")
                    && window.changed[0].after.as_deref() == Some("v1.30.2")
            })
    }

    /// Whether in the twenty nights that end with this one a failure came and went, with nothing changed, or twice.
    fn flake_is_known(&self, night: usize) -> bool {
        let telling = |night: &usize| *night != INFRA;
        let mut recent: Vec<_> =
            (0..=night).rev().filter(telling).take(Rules::default().flake_nights).collect();
        recent.reverse();
        let failed = |night: usize| {
            let mut attempts = self.runs[night].attempts.iter();
            attempts.any(|attempt| attempt.key.case == name(FLAKY, 0) && attempt.outcome == Outcome::Fail)
        };
        let chunks: Vec<_> = recent.chunk_by(|one, other| failed(*one) == failed(*other)).collect();
        let went = chunks.windows(2).filter(|pair| failed(pair[0][0]) && pair[0].len() < 3);
        let unchanged =
            |pair: &&[&[usize]]| self.runs[pair[0][pair[0].len() - 1]].facts == self.runs[pair[1][0]].facts;
        went.clone().count() > 1 || went.clone().any(|pair| unchanged(&pair))
    }

    fn missing_is_found(&self) -> bool {
        let told = self.nights(GONE, "missing");
        // It is told of for thirty runs, of which the marked one is none.
        told == self.judged(GOES..GOES + 31).into_iter().filter(|night| *night != INFRA).collect::<Vec<_>>()
    }

    fn infra_is_one_alarm(&self) -> bool {
        self.reports.get(&INFRA).is_some_and(|report| {
            matches!(report.health, Health::OneCause { failed: false, .. })
                && report.judgement() == Judgement::Untold
                && !report.changes.iter().any(Change::is_regression)
        })
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally { seeds: 1, nights: self.reports.len(), ..Tally::default() };
        tally.broken = usize::from(self.breakage_is_found());
        tally.missing = usize::from(self.missing_is_found());
        tally.infra = usize::from(self.infra_is_one_alarm());
        let news = ["new", "missing", "new meaning"];
        tally.renamed = usize::from(!self.changes(RENAMED).any(|(_, change)| news.contains(&change.words())));
        let confirmed = self.changes(SLOW).find_map(|(night, news)| match news {
            News::Slower(pace) if pace.confirmed && night >= SLOWS => Some((night, pace)),
            _ => None,
        });
        if let Some((night, pace)) = confirmed {
            tally.slower.insert(night + 1 - SLOWS, 1);
            let begun = self.runs.iter().position(|run| run.id == pace.window.first_bad.id).unwrap();
            tally.begun.insert(i64::try_from(begun).unwrap() - i64::try_from(SLOWS).unwrap(), 1);
        }
        for night in self.judged(FLAKES_SINCE..NIGHTS).into_iter().filter(|night| *night != INFRA) {
            let told: Vec<_> =
                self.changes(FLAKY).filter(|(told, _)| *told == night).map(|(_, news)| news).collect();
            if self.flake_is_known(night) {
                tally.flaking.0 += 1;
                tally.flaking.1 += usize::from(told.iter().any(|news| !is_pace(news)));
            }
            if self.flake_is_known(night - 1) {
                let alarms = |news: &&News| matches!(news, News::NewFailure { .. } | News::Reopened { .. });
                tally.flaky_alarms.0 += usize::from(told.iter().any(alarms));
                tally.flaky_alarms.1 += 1;
            }
        }
        for (night, report) in &self.reports {
            let without = |change: &&Change| !is_planted(*night, change);
            let mut false_ones = report.changes.iter().filter(without).peekable();
            tally.suspicions +=
                false_ones.clone().filter(|change| change.news.words().ends_with('?')).count();
            tally.false_alarms += usize::from(false_ones.any(Change::is_regression));
        }
        tally
    }
}

fn is_pace(news: &News) -> bool {
    matches!(news, News::Slower(_) | News::Faster(_))
}

/// Whether an event explains the change.
fn is_planted(night: usize, change: &Change) -> bool {
    let events = [
        (BROKEN, BREAKS..REPAIRED + 1),
        (FLAKY, FLAKES_SINCE..NIGHTS),
        (SLOW, SLOWS..NIGHTS),
        (GONE, GOES..NIGHTS),
    ];
    events.iter().any(|(case, nights)| {
        change.key.case == name(*case, night)
            && nights.contains(&night)
            && is_pace(&change.news) == (*case == SLOW)
    })
}

impl Tally {
    /// What is told of these seeds, in the nights that are to be judged.
    pub fn of(seeds: Range<u64>, is_judged: impl Fn(usize) -> bool + Copy + Send) -> Self {
        let tallies = thread::scope(|scope| {
            let halves = [0, 1].map(|half| {
                let seeds = seeds.clone().filter(move |seed| seed % 2 == half);
                scope.spawn(move || seeds.map(|seed| Told::of(seed, is_judged).tally()).collect::<Vec<_>>())
            });
            halves.map(|half| half.join().unwrap())
        });
        let mut sum = Self::default();
        for tally in tallies.iter().flatten() {
            sum.add(tally);
        }
        sum
    }

    fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.nights += other.nights;
        self.broken += other.broken;
        self.flaking = (self.flaking.0 + other.flaking.0, self.flaking.1 + other.flaking.1);
        self.flaky_alarms =
            (self.flaky_alarms.0 + other.flaky_alarms.0, self.flaky_alarms.1 + other.flaky_alarms.1);
        for (nights, count) in &other.slower {
            *self.slower.entry(*nights).or_default() += count;
        }
        for (nights, count) in &other.begun {
            *self.begun.entry(*nights).or_default() += count;
        }
        self.renamed += other.renamed;
        self.missing += other.missing;
        self.infra += other.infra;
        self.false_alarms += other.false_alarms;
        self.suspicions += other.suspicions;
    }
}
