//! What is known of the runs before: plain data, filled in by whoever keeps runs and compares them.

use jiff::Timestamp;

use super::status::Class;
use crate::run::Counts;

/// What is known of the runs before, and what is new in this one.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// The series of runs to which this one belongs.
    pub series: String,
    /// With how many runs it was compared.
    pub against: usize,
    /// The word for the run beside them: `steady`, `regressed`.
    pub word: String,
    /// Whether something is worse than it was.
    pub regressed: bool,
    /// Why the run is not compared with others, where it is not.
    pub doubt: Option<String>,
    /// The run before; absent where there is none.
    pub last: Option<Earlier>,
    /// The last run in which nothing failed and everything could be told.
    pub good: Option<Earlier>,
    /// The news, the worst first.
    pub news: Vec<News>,
}

/// A run of before, beside this one.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// Its id.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// How its executions ended; of a case that was tried again each attempt.
    pub then: Counts,
    /// How those of this run ended, counted in the same way.
    pub now: Counts,
    /// How many cases ended worse in this run than in that.
    pub worse: usize,
    /// How many ended better.
    pub better: usize,
    /// What of the environment is not what it was.
    pub changed: Vec<Changed>,
}

/// Something of the environment that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What it is.
    pub fact: String,
    /// What it was; absent where it was not known.
    pub before: Option<String>,
    /// What it is now; absent where it is not known.
    pub now: Option<String>,
}

/// News of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Of which kind it is.
    pub kind: NewsKind,
    /// The case, by the id of its claim.
    pub case: String,
    /// What it is called: `new failure`, `reopened`.
    pub name: String,
    /// More of it: how often, for how long.
    pub words: String,
    /// The first run in which it was so, and when that began.
    pub since: Option<(String, Timestamp)>,
    /// The reason that this run gives.
    pub reason: Option<String>,
    /// Who answers for it until when, and why.
    pub waived: Option<String>,
}

/// Kinds of news. The order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NewsKind {
    /// It fails, and did not.
    NewFailure,
    /// It has failed for a while.
    StillFailing,
    /// It is not in the run.
    Missing,
    /// It passes and fails.
    Flaky,
    /// It takes longer.
    Slower,
    /// It was skipped, and had not been.
    NewlySkipped,
    /// It could not be told.
    Untold,
    /// It passes, and did not.
    Fixed,
    /// It takes less long.
    Faster,
    /// It is new, or is asked again.
    New,
}

impl Background {
    /// The kinds of which there are news, the most important first, each with them.
    pub(super) fn groups(&self) -> Vec<(NewsKind, Vec<&News>)> {
        NewsKind::ALL
            .into_iter()
            .map(|kind| (kind, self.news.iter().filter(|news| news.kind == kind).collect::<Vec<_>>()))
            .filter(|(_, news)| !news.is_empty())
            .collect()
    }

    /// How many news there are of each name, the most important first.
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

    /// What is different in the environment: the fact, what it was in the last good run and in the last run, and what
    /// it is now.
    pub(super) fn environment(&self) -> Vec<[Option<&str>; 4]> {
        let earlier = [self.good.as_ref(), self.last.as_ref()];
        let mut all: Vec<_> = earlier.iter().flatten().flat_map(|run| &run.changed).collect();
        all.sort_by(|one, other| one.fact.cmp(&other.fact));
        all.dedup_by(|one, other| one.fact == other.fact);
        all.into_iter()
            .map(|now| {
                let [good, last] = earlier.map(|run| was(run, now));
                [Some(now.fact.as_str()), good, last, now.now.as_deref()]
            })
            .collect()
    }
}

/// What a fact was in a run: what it is now, unless it changed since.
fn was<'a>(run: Option<&'a Earlier>, now: &'a Changed) -> Option<&'a str> {
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
        Self::Untold,
        Self::Fixed,
        Self::Faster,
        Self::New,
    ];

    /// How its group is called.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::NewFailure => "New failures",
            Self::StillFailing => "Still failing",
            Self::Missing => "Missing",
            Self::Flaky => "Flaky",
            Self::Slower => "Slower",
            Self::NewlySkipped => "Newly skipped",
            Self::Untold => "Inconclusive",
            Self::Fixed => "Fixed",
            Self::Faster => "Faster",
            Self::New => "New, or asked again",
        }
    }

    /// How much it weighs; nothing for what is neither good nor bad.
    pub(super) fn class(self) -> Option<Class> {
        match self {
            Self::NewFailure | Self::StillFailing | Self::Missing => Some(Class::Bad),
            Self::Untold => Some(Class::Untold),
            Self::Flaky | Self::Slower | Self::NewlySkipped => Some(Class::Skipped),
            Self::Fixed | Self::Faster => Some(Class::Good),
            Self::New => None,
        }
    }
}

impl News {
    /// All that is said of it, in one line of free text.
    pub(super) fn told(&self) -> String {
        let waived = self.waived.as_ref().map(|waived| format!("waived {waived}"));
        let parts = [Some(self.words.clone()), self.reason.clone(), waived];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl Earlier {
    /// How this run differs from it, in a few words.
    pub(super) fn told(&self) -> String {
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
        let told: Vec<_> = ended.chain(counts).collect();
        if told.is_empty() { "each case ended as it did then".to_owned() } else { told.join("; ") }
    }
}
