//! The reviews of simulated runs, compared with the events planted in them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;

use podproof_core::history::regression::{
    CaseChange, ChangeKind, Health, ReviewResult, Rules, RunReview, Waivers, review_run,
};
use podproof_core::history::{CaseOutcome, HistoryRun};

use crate::history_simulated::{
    BREAKS, BROKEN, DAYS, FLAKES_SINCE, FLAKY, GOES, GONE, INFRA, RENAMED, RENAMES, REPAIRED, SLOW, SLOWS,
    name, renamed, simulated,
};

/// How many runs a review gets.
const KNOWN: usize = 60;

/// The first run that is reviewed.
const FIRST: usize = 30;

/// The results for the runs of some seeds.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub seeds: usize,
    pub days: usize,
    pub broken: usize,
    /// The runs in which a flake should be known, and those in which it was reported.
    pub flaking: (usize, usize),
    /// The runs in which a known flaky case raised an alarm, of the runs in which it is known.
    pub flaky_alarms: (usize, usize),
    /// How often the slowdown was confirmed, by the number of slow runs.
    pub slower: BTreeMap<usize, usize>,
    /// How often the start of the slowdown was missed, by the number of runs.
    pub begun: BTreeMap<i64, usize>,
    pub renamed: usize,
    pub missing: usize,
    pub infra: usize,
    /// The runs with a false regression, and the number of false suspicions.
    pub false_alarms: usize,
    pub suspicions: usize,
}

/// The reviews of the runs of one seed, by the index of the run.
struct Reviews {
    runs: Vec<HistoryRun>,
    reports: BTreeMap<usize, RunReview>,
}

impl Reviews {
    fn of(seed: u64, is_judged: impl Fn(usize) -> bool) -> Self {
        let runs = renamed(simulated(seed));
        let judge = |day: usize| {
            let known = &runs[(day + 1).saturating_sub(KNOWN)..=day];
            (day, review_run(known, &Waivers::default(), &Rules::default()).unwrap())
        };
        let reports = (FIRST..DAYS).filter(|day| is_judged(*day)).map(judge).collect();
        Self { runs, reports }
    }

    fn changes(&self, case: usize) -> impl Iterator<Item = (usize, &ChangeKind)> {
        let name = name(case, RENAMES);
        self.reports.iter().flat_map(move |(day, report)| {
            let of_case = report.changes.iter().filter(|change| change.key.case == name).collect::<Vec<_>>();
            of_case.into_iter().map(|change| (*day, &change.kind))
        })
    }

    /// The runs in which the case had a change with this label.
    fn days_with(&self, case: usize, label: &str) -> Vec<usize> {
        self.changes(case).filter(|(_, kind)| kind.label() == label).map(|(day, _)| day).collect()
    }

    /// The runs in this range that were reviewed.
    fn judged(&self, days: Range<usize>) -> Vec<usize> {
        days.filter(|day| self.reports.contains_key(day)).collect()
    }

    fn breakage_is_found(&self) -> bool {
        let range = self.changes(BROKEN).find_map(|(_, kind)| match kind {
            ChangeKind::NewFailure { range } => Some(range),
            _ => None,
        });
        self.days_with(BROKEN, "new failure") == [BREAKS]
            && self.days_with(BROKEN, "still failing") == self.judged(BREAKS + 1..REPAIRED)
            && self.days_with(BROKEN, "fixed") == [REPAIRED]
            && range.is_some_and(|range| {
                range.last_good.as_ref().is_some_and(|run| run.id == "run-119")
                    && range.changed_facts[0].after.as_deref() == Some("v1.30.2")
            })
    }

    /// Returns whether in the twenty runs up to this one a short failure ended without a change of facts, or two did.
    fn flake_is_known(&self, day: usize) -> bool {
        let counts = |day: &usize| *day != INFRA;
        let mut recent: Vec<_> = (0..=day).rev().filter(counts).take(Rules::default().flake_runs).collect();
        recent.reverse();
        let failed = |day: usize| {
            let mut attempts = self.runs[day].attempts.iter();
            attempts.any(|attempt| attempt.key.case == name(FLAKY, 0) && attempt.outcome == CaseOutcome::Fail)
        };
        let chunks: Vec<_> = recent.chunk_by(|one, other| failed(*one) == failed(*other)).collect();
        let went = chunks.windows(2).filter(|pair| failed(pair[0][0]) && pair[0].len() < 3);
        let unchanged =
            |pair: &&[&[usize]]| self.runs[pair[0][pair[0].len() - 1]].facts == self.runs[pair[1][0]].facts;
        went.clone().count() > 1 || went.clone().any(|pair| unchanged(&pair))
    }

    fn missing_is_found(&self) -> bool {
        let reported = self.days_with(GONE, "missing");
        // It is reported for thirty runs. The run with one common cause does not count.
        reported == self.judged(GOES..GOES + 31).into_iter().filter(|day| *day != INFRA).collect::<Vec<_>>()
    }

    fn infra_is_one_alarm(&self) -> bool {
        self.reports.get(&INFRA).is_some_and(|report| {
            matches!(report.health, Health::CommonCause { failed: false, .. })
                && report.result() == ReviewResult::Inconclusive
                && !report.changes.iter().any(CaseChange::is_regression)
        })
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally { seeds: 1, days: self.reports.len(), ..Tally::default() };
        tally.broken = usize::from(self.breakage_is_found());
        tally.missing = usize::from(self.missing_is_found());
        tally.infra = usize::from(self.infra_is_one_alarm());
        let labels = ["new", "missing", "revised"];
        tally.renamed = usize::from(!self.changes(RENAMED).any(|(_, kind)| labels.contains(&kind.label())));
        let confirmed = self.changes(SLOW).find_map(|(day, kind)| match kind {
            ChangeKind::Slower(duration) if duration.confirmed && day >= SLOWS => Some((day, duration)),
            _ => None,
        });
        if let Some((day, duration)) = confirmed {
            tally.slower.insert(day + 1 - SLOWS, 1);
            let begun = self.runs.iter().position(|run| run.id == duration.range.first_bad.id).unwrap();
            tally.begun.insert(i64::try_from(begun).unwrap() - i64::try_from(SLOWS).unwrap(), 1);
        }
        for day in self.judged(FLAKES_SINCE..DAYS).into_iter().filter(|day| *day != INFRA) {
            let kinds: Vec<_> =
                self.changes(FLAKY).filter(|(other, _)| *other == day).map(|(_, kind)| kind).collect();
            if self.flake_is_known(day) {
                tally.flaking.0 += 1;
                tally.flaking.1 += usize::from(kinds.iter().any(|kind| !is_duration(kind)));
            }
            if self.flake_is_known(day - 1) {
                let alarms = |kind: &&ChangeKind| {
                    matches!(kind, ChangeKind::NewFailure { .. } | ChangeKind::Reopened { .. })
                };
                tally.flaky_alarms.0 += usize::from(kinds.iter().any(alarms));
                tally.flaky_alarms.1 += 1;
            }
        }
        for (day, report) in &self.reports {
            let is_false = |change: &&CaseChange| !is_planted(*day, change);
            let mut false_ones = report.changes.iter().filter(is_false).peekable();
            tally.suspicions +=
                false_ones.clone().filter(|change| change.kind.label().ends_with('?')).count();
            tally.false_alarms += usize::from(false_ones.any(CaseChange::is_regression));
        }
        tally
    }
}

fn is_duration(kind: &ChangeKind) -> bool {
    matches!(kind, ChangeKind::Slower(_) | ChangeKind::Faster(_))
}

/// Returns whether a planted event explains the change.
fn is_planted(day: usize, change: &CaseChange) -> bool {
    let events = [
        (BROKEN, BREAKS..REPAIRED + 1),
        (FLAKY, FLAKES_SINCE..DAYS),
        (SLOW, SLOWS..DAYS),
        (GONE, GOES..DAYS),
    ];
    events.iter().any(|(case, days)| {
        change.key.case == name(*case, day)
            && days.contains(&day)
            && is_duration(&change.kind) == (*case == SLOW)
    })
}

impl Tally {
    /// Reviews the runs of these seeds for which `is_judged` is true.
    pub fn of(seeds: Range<u64>, is_judged: impl Fn(usize) -> bool + Copy + Send) -> Self {
        let tallies = thread::scope(|scope| {
            let halves = [0, 1].map(|half| {
                let seeds = seeds.clone().filter(move |seed| seed % 2 == half);
                scope
                    .spawn(move || seeds.map(|seed| Reviews::of(seed, is_judged).tally()).collect::<Vec<_>>())
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
        self.days += other.days;
        self.broken += other.broken;
        self.flaking = (self.flaking.0 + other.flaking.0, self.flaking.1 + other.flaking.1);
        self.flaky_alarms =
            (self.flaky_alarms.0 + other.flaky_alarms.0, self.flaky_alarms.1 + other.flaky_alarms.1);
        for (days, count) in &other.slower {
            *self.slower.entry(*days).or_default() += count;
        }
        for (days, count) in &other.begun {
            *self.begun.entry(*days).or_default() += count;
        }
        self.renamed += other.renamed;
        self.missing += other.missing;
        self.infra += other.infra;
        self.false_alarms += other.false_alarms;
        self.suspicions += other.suspicions;
    }
}
