//! The comparison of a run with earlier runs, as plain data. The CLI fills it in from the history.

use jiff::Timestamp;

use super::status::StatusClass;
use crate::record::Counts;

/// The comparison of a run with earlier runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// The name of the series that the run belongs to.
    pub series: String,
    /// The number of runs it was compared with.
    pub against: usize,
    /// The result of the comparison: `steady`, `regressed` or `inconclusive`.
    pub word: String,
    /// True if something is worse than before.
    pub regressed: bool,
    /// Why the run cannot be compared with others. `None` if it can.
    pub not_compared: Option<String>,
    /// The run before this one; `None` if this is the first.
    pub last: Option<EarlierRun>,
    /// The last run without failed or inconclusive cases; `None` if none is known.
    pub good: Option<EarlierRun>,
    /// The changes, the worst first.
    pub news: Vec<CaseNews>,
}

/// An earlier run, compared with this one.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierRun {
    /// Its id.
    pub run: String,
    /// When it started.
    pub started: Timestamp,
    /// The verdicts of its executions. Each attempt at a retried case counts.
    pub then: Counts,
    /// The verdicts of this run, counted in the same way.
    pub now: Counts,
    /// The number of cases with a worse verdict in this run than in the earlier one.
    pub worse: usize,
    /// The number of cases with a better verdict.
    pub better: usize,
    /// The environment facts that changed since then.
    pub changed: Vec<ChangedFact>,
}

/// An environment fact that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFact {
    /// The name of the fact.
    pub fact: String,
    /// Its old value; `None` if unknown.
    pub before: Option<String>,
    /// Its value in this run; `None` if unknown.
    pub now: Option<String>,
}

/// A change of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseNews {
    /// The kind of change, by which reports group.
    pub kind: NewsKind,
    /// The id of the claim.
    pub case: String,
    /// The name of the change, for example `new failure` or `reopened`.
    pub name: String,
    /// Details: how often, for how long. May be empty.
    pub words: String,
    /// The first run with this state, and when that run started.
    pub since: Option<(String, Timestamp)>,
    /// The reason in this run's verdict.
    pub reason: Option<String>,
    /// The waiver that covers the change: until when, by whom and why.
    pub waived: Option<String>,
}

/// The kinds of changes, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NewsKind {
    /// The case fails and did not before.
    NewFailure,
    /// The case has failed in earlier runs too.
    StillFailing,
    /// The run does not have the case.
    Missing,
    /// The case sometimes passes and sometimes fails.
    Flaky,
    /// The case takes longer.
    Slower,
    /// The case was skipped and was not before.
    NewlySkipped,
    /// The case is inconclusive.
    Inconclusive,
    /// The case passes and did not before.
    Fixed,
    /// The case takes less time.
    Faster,
    /// The case is new, or is no longer skipped.
    New,
}

impl Background {
    /// The changes by kind, the most important first, without empty kinds.
    pub(super) fn groups(&self) -> Vec<(NewsKind, Vec<&CaseNews>)> {
        NewsKind::ALL
            .into_iter()
            .map(|kind| (kind, self.news.iter().filter(|news| news.kind == kind).collect::<Vec<_>>()))
            .filter(|(_, news)| !news.is_empty())
            .collect()
    }

    /// The number of changes of each name, the most important first.
    pub(super) fn counts(&self) -> Vec<(&str, usize)> {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for news in self.groups().into_iter().flat_map(|(_, news)| news) {
            match counts.iter_mut().find(|(name, _)| *name == news.name) {
                Some((_, count)) => *count += 1,
                None => counts.push((&news.name, 1)),
            }
        }
        counts
    }

    /// The changed environment facts: the name, and the values in the last good run, in the last run and in this run.
    pub(super) fn environment(&self) -> Vec<[Option<&str>; 4]> {
        let earlier = [self.good.as_ref(), self.last.as_ref()];
        let mut all: Vec<_> = earlier.iter().flatten().flat_map(|run| &run.changed).collect();
        all.sort_by(|one, other| one.fact.cmp(&other.fact));
        all.dedup_by(|one, other| one.fact == other.fact);
        all.into_iter()
            .map(|now| {
                let [good, last] = earlier.map(|run| earlier_value(run, now));
                [Some(now.fact.as_str()), good, last, now.now.as_deref()]
            })
            .collect()
    }
}

/// The value of a fact in an earlier run: the current value, unless the fact changed since.
fn earlier_value<'a>(run: Option<&'a EarlierRun>, now: &'a ChangedFact) -> Option<&'a str> {
    match run?.changed.iter().find(|changed| changed.fact == now.fact) {
        Some(changed) => changed.before.as_deref(),
        None => now.now.as_deref(),
    }
}

impl NewsKind {
    const ALL: [Self; 10] = [
        Self::NewFailure,
        Self::StillFailing,
        Self::Missing,
        Self::Flaky,
        Self::Slower,
        Self::NewlySkipped,
        Self::Inconclusive,
        Self::Fixed,
        Self::Faster,
        Self::New,
    ];

    /// The heading of the group.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::NewFailure => "New failures",
            Self::StillFailing => "Still failing",
            Self::Missing => "Missing",
            Self::Flaky => "Flaky",
            Self::Slower => "Slower",
            Self::NewlySkipped => "Newly skipped",
            Self::Inconclusive => "Inconclusive",
            Self::Fixed => "Fixed",
            Self::Faster => "Faster",
            Self::New => "New, or no longer skipped",
        }
    }

    /// The status class whose colour the group has. `None` if the change is neither good nor bad.
    pub(super) fn class(self) -> Option<StatusClass> {
        match self {
            Self::NewFailure | Self::StillFailing | Self::Missing => Some(StatusClass::Bad),
            Self::Inconclusive => Some(StatusClass::Inconclusive),
            Self::Flaky | Self::Slower | Self::NewlySkipped => Some(StatusClass::Skipped),
            Self::Fixed | Self::Faster => Some(StatusClass::Good),
            Self::New => None,
        }
    }
}

impl CaseNews {
    /// Describes the change in one line: details, reason and waiver.
    pub(super) fn describe(&self) -> String {
        let waived = self.waived.as_ref().map(|waived| format!("waived {waived}"));
        let parts = [Some(self.words.clone()), self.reason.clone(), waived];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl EarlierRun {
    /// Summarizes how the verdicts of this run differ from those of the earlier run.
    pub(super) fn describe(&self) -> String {
        let cases = |count: usize, how: &str| match count {
            0 => None,
            1 => Some(format!("1 case ended {how}")),
            many => Some(format!("{many} cases ended {how}")),
        };
        let Self { then, now, .. } = self;
        let counts = [
            (then.fail, now.fail, "failed"),
            (then.inconclusive, now.inconclusive, "inconclusive"),
            (then.skip, now.skip, "skipped"),
            (then.pass, now.pass, "passed"),
        ];
        let counts = counts.into_iter().filter(|(then, now, _)| then != now);
        let counts = counts.map(|(then, now, word)| format!("{word} {then} then, {now} now"));
        let ended = cases(self.worse, "worse").into_iter().chain(cases(self.better, "better"));
        let parts: Vec<_> = ended.chain(counts).collect();
        if parts.is_empty() { "all cases ended as they did then".to_owned() } else { parts.join("; ") }
    }
}
