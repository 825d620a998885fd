//! A run against those before it.

use super::course::Course;
use super::health::{Health, healths, is_part};
use super::news::{Change, News, NightReport};
use super::night::{Courses, Ended, Night, courses};
use super::pace::paces;
use super::presence::{absent, present};
use super::rules::Rules;
use super::waiver::Waivers;
use crate::history::facts::changed_facts;
use crate::history::kept::{CaseKey, KeptRun, Outcome};

/// What is new in the last of `runs`, which are of one series and in the order of time; of none there is nothing.
///
/// The order of the news is that of [`News`] and, within it, of the cases: the same runs give the same report.
#[must_use]
pub fn judge_night(runs: &[KeptRun], waivers: &Waivers, rules: &Rules) -> Option<NightReport> {
    let tonight = runs.last()?;
    let courses = courses(runs);
    let healths = healths(&courses, runs.len(), rules);
    let sound: Vec<_> = healths.iter().map(Health::is_sound).collect();
    let health = healths.last()?.clone();
    let against = sound[..runs.len() - 1].iter().filter(|sound| **sound).count();
    let hall = Hall { runs, rules, sound: &sound, health: &health, against };
    let before = runs.len().checked_sub(2).map(|before| &runs[before]);
    let mut report = NightReport {
        run: tonight.name(),
        against,
        changed: before.map(|before| changed_facts(&before.facts, &tonight.facts)).unwrap_or_default(),
        changes: hall.changes(&courses),
        expired: Vec::new(),
        health: health.clone(),
    };
    report.changes.sort_by(|one, other| (one.news.place(), &one.key).cmp(&(other.news.place(), &other.key)));
    waive(&mut report, waivers);
    Some(report)
}

/// The runs, and what is known of them as a whole.
struct Hall<'a> {
    runs: &'a [KeptRun],
    rules: &'a Rules,
    sound: &'a [bool],
    health: &'a Health,
    against: usize,
}

impl Hall<'_> {
    fn tonight(&self) -> usize {
        self.runs.len() - 1
    }

    fn changes(&self, courses: &Courses<'_>) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut timed = Vec::new();
        for (key, nights) in courses {
            let news = match nights.last() {
                Some(night) if night.run == self.tonight() => {
                    let comparable = self.comparable(nights);
                    let news = self.of_present(nights, &comparable, night);
                    timed.push((*key, comparable));
                    news
                }
                _ => self.of_absent(nights),
            };
            let reason = nights.last().and_then(|night| night.reason);
            changes.extend(news.into_iter().map(|news| change(key, news, reason)));
        }
        changes.extend(self.paces(&timed));
        changes
    }

    /// The nights of a case in sound runs and in the one that is judged, as long as it means what it means last.
    fn comparable<'a>(&self, nights: &'a [Night<'a>]) -> Vec<&'a Night<'a>> {
        let revision = nights.last().map(|night| night.revision);
        let counts = |night: &&Night<'_>| self.sound[night.run] || night.run == self.tonight();
        nights.iter().filter(|night| Some(night.revision) == revision).filter(counts).collect()
    }

    /// `comparable` are those of the nights that can be compared, the last of them `night`.
    fn of_present(&self, nights: &[Night<'_>], comparable: &[&Night<'_>], night: &Night<'_>) -> Vec<News> {
        let before = &comparable[..comparable.len() - 1];
        let ended = night.ended();
        let outcome = if night.is_bad() { Outcome::Fail } else { Outcome::Inconclusive };
        let told_as_one = matches!(ended, Ended::Fail | Ended::Inconclusive)
            && is_part(self.health, outcome, night.signature);
        if told_as_one {
            return Vec::new();
        }
        let mut news = Vec::new();
        if before.is_empty() && self.against > 0 {
            let revised = nights.iter().any(|other| other.revision != night.revision);
            news.push(News::New { revised });
        }
        // Who was interrupted skips what was not begun.
        if !(ended == Ended::Skip && self.runs[self.tonight()].interrupted.is_some()) {
            news.extend(present(ended, before, self.runs));
        }
        let significant = comparable.iter().copied().filter(|night| night.is_significant()).collect();
        news.extend(Course { runs: self.runs, rules: self.rules, significant }.news(ended));
        news
    }

    fn of_absent(&self, nights: &[Night<'_>]) -> Vec<News> {
        if !self.health.is_sound() || self.runs[self.tonight()].interrupted.is_some() {
            return Vec::new();
        }
        let nights: Vec<_> = nights.iter().filter(|night| self.sound[night.run]).collect();
        absent(&nights, self.runs, self.sound, self.rules).into_iter().collect()
    }

    /// A run that is marked is no measure of time.
    fn paces(&self, timed: &[(&CaseKey, Vec<&Night<'_>>)]) -> Vec<Change> {
        if !self.health.is_sound() {
            return Vec::new();
        }
        let nights: Vec<_> = timed.iter().map(|(_, nights)| nights.clone()).collect();
        let paces = paces(&nights, self.runs, self.rules);
        timed.iter().zip(paces).filter_map(|((key, _), news)| Some(change(key, news?, None))).collect()
    }
}

fn change(key: &CaseKey, news: News, reason: Option<&str>) -> Change {
    // A case that is not there has no reason of this run.
    let reason = reason.filter(|_| !matches!(news, News::Missing { .. })).map(str::to_owned);
    Change { key: key.clone(), news, reason, waived: None }
}

fn waive(report: &mut NightReport, waivers: &Waivers) {
    for change in &mut report.changes {
        let (holding, expired) = waivers.for_case(&change.key, report.run.started);
        match holding.first() {
            Some(waiver) => change.waived = Some((*waiver).clone()),
            None if change.news.is_regression() => {
                for waiver in expired {
                    if !report.expired.contains(waiver) {
                        report.expired.push(waiver.clone());
                    }
                }
            }
            None => {}
        }
    }
}
