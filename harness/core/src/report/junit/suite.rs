//! Suites and test cases: the executions of a record by area.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::ending::Ending;
use super::profile::{AttemptPlace, JunitProfile, PropertySet};
use crate::judge::Verdict;
use crate::plan::Purpose;
use crate::record::{Attempt, CaseRecord, RunRecord, proofs};
use crate::report::entry::millis;

/// The executions of one area, in the order of the plan.
pub(super) struct Suite<'a> {
    pub(super) area: &'a str,
    pub(super) entries: Vec<TestCaseEntry<'a>>,
    profile: JunitProfile,
}

/// One test case and how it ends.
pub(super) struct TestCaseEntry<'a> {
    pub(super) case: &'a CaseRecord,
    pub(super) ending: Ending,
    /// The slug of the attempt or execution that provides the next fields and the evidence.
    pub(super) slug: &'a str,
    pub(super) verdict: &'a Verdict,
    pub(super) started: Timestamp,
    seconds: f64,
}

/// The suites of `record`, in the order in which their areas appear in the plan.
pub(super) fn suites(record: &RunRecord, profile: JunitProfile) -> Vec<Suite<'_>> {
    let mut suites: Vec<Suite<'_>> = Vec::new();
    for (case, proof) in proofs(record) {
        let by_attempt = profile.attempts == AttemptPlace::OwnTestCase && record.purpose == Purpose::Check;
        let entries = if by_attempt && !case.attempts.is_empty() {
            case.attempts.iter().map(|attempt| TestCaseEntry::of_attempt(case, attempt)).collect()
        } else {
            vec![TestCaseEntry::of_case(case, Ending::of(record.purpose, case, &proof))]
        };
        let area = case.claim.area();
        match suites.iter_mut().find(|suite| suite.area == area) {
            Some(suite) => suite.entries.extend(entries),
            None => suites.push(Suite { area, entries, profile }),
        }
    }
    suites
}

impl<'a> TestCaseEntry<'a> {
    fn of_case(case: &'a CaseRecord, ending: Ending) -> Self {
        let CaseRecord { slug, verdict, started, seconds, .. } = case;
        Self { case, ending, slug, verdict, started: *started, seconds: *seconds }
    }

    fn of_attempt(case: &'a CaseRecord, attempt: &'a Attempt) -> Self {
        let Attempt { slug, verdict, started, seconds } = attempt;
        let ending = Ending::of_verdict(verdict);
        Self { case, ending, slug, verdict, started: *started, seconds: *seconds }
    }
}

impl Suite<'_> {
    pub(super) fn name(&self) -> String {
        format!("podproof.{}", self.area)
    }

    pub(super) fn started(&self) -> Timestamp {
        self.spans().map(|(started, _)| started).min().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The time from the first start to the last end, in milliseconds. Cases run in parallel, so this is not the sum of
    /// their durations.
    pub(super) fn wall_millis(&self) -> i64 {
        let end =
            |(started, seconds): (Timestamp, f64)| started.as_millisecond().saturating_add(millis(seconds));
        let ended = self.spans().map(end).max().unwrap_or_default();
        ended.saturating_sub(self.started().as_millisecond()).max(0)
    }

    /// The start and the duration in seconds of each attempt.
    fn spans(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        self.entries.iter().flat_map(|entry| {
            let attempts = entry.case.attempts.iter().map(|attempt| (attempt.started, attempt.seconds));
            attempts.chain([(entry.started, entry.seconds)])
        })
    }

    pub(super) fn skipped(&self) -> usize {
        self.count(|ending| matches!(ending, Ending::Skipped { .. }))
    }

    pub(super) fn errors(&self) -> usize {
        self.count(|ending| ending.is_error(self.profile))
    }

    pub(super) fn failures(&self) -> usize {
        self.count(|ending| ending.is_failure(self.profile))
    }

    fn count(&self, fits: impl Fn(&Ending) -> bool) -> usize {
        self.entries.iter().filter(|entry| fits(&entry.ending)).count()
    }
}

impl TestCaseEntry<'_> {
    /// The claim's name. Mutant and round are in brackets, which tools ignore when they compare names.
    pub(super) fn name(&self) -> String {
        let mutant = self.case.mutant.as_ref().map(|mutant| format!(" [mutant={}]", mutant.name));
        let round = (self.case.round > 1).then(|| format!(" [round={}]", self.case.round));
        [Some(self.case.claim.name().to_owned()), mutant, round].into_iter().flatten().collect()
    }

    pub(super) fn millis(&self) -> i64 {
        millis(self.seconds)
    }

    /// The path of its manifest in the source tree.
    pub(super) fn file(&self) -> String {
        format!("manifests/cases/{}.yaml", self.case.claim)
    }

    pub(super) fn properties(&self, profile: JunitProfile) -> Vec<(&'static str, String)> {
        match profile.properties {
            PropertySet::None => Vec::new(),
            PropertySet::All => self.all_properties(),
            PropertySet::Metrics => self.metrics(),
        }
    }

    fn all_properties(&self) -> Vec<(&'static str, String)> {
        let case = self.case;
        let mut properties = vec![
            ("claim", case.claim.to_string()),
            ("claim.level", case.level.to_string()),
            ("claim.tier", case.tier.to_string()),
            ("round", case.round.to_string()),
            ("verdict", case.word().to_owned()),
        ];
        if case.attempts_made() > 1 {
            properties.push(("attempts", case.attempts_made().to_string()));
        }
        if let Some(mutant) = &case.mutant {
            properties.push(("mutant", mutant.name.clone()));
            properties.push(("mutant.must-fail", mutant.must_fail.clone()));
        }
        properties.extend(case.unproved.iter().map(|why| ("claim.unproved", why.clone())));
        properties.extend(self.ending.class().map(|class| ("outcome.class", class.word().to_owned())));
        properties
    }

    /// `level` separates core claims from extended ones.
    fn metrics(&self) -> Vec<(&'static str, String)> {
        let case = self.case;
        vec![
            ("seconds", seconds(self.millis())),
            ("findings", self.verdict.findings().len().to_string()),
            ("attempts", case.attempts_made().to_string()),
            ("unproved", u8::from(case.unproved.is_some()).to_string()),
            ("level", case.level.to_string()),
        ]
    }
}

/// Formats milliseconds as seconds with exactly three decimals: some readers accept no more, and none an exponent.
pub(super) fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// The properties of the run.
pub(super) fn run_properties(record: &RunRecord) -> Vec<(&'static str, String)> {
    let nodes = &record.cluster.nodes;
    let kubelets: BTreeSet<_> = nodes.iter().map(|node| node.kubelet.as_str()).collect();
    let runtimes: BTreeSet<_> = nodes.iter().map(|node| node.runtime.as_str()).collect();
    let all = |words: BTreeSet<&str>| words.into_iter().collect::<Vec<_>>().join(", ");
    let mut properties = vec![
        ("run", record.run.to_string()),
        ("podproof.version", record.podproof.clone()),
        ("cluster.version", record.cluster.version.clone()),
        ("cluster.kubelet", all(kubelets)),
        ("cluster.runtime", all(runtimes)),
    ];
    properties.extend(record.interrupted.iter().map(|by| ("interrupted", by.clone())));
    properties
}

/// The time from the start of the run to the end of its last case, in milliseconds.
pub(super) fn run_millis(record: &RunRecord) -> i64 {
    record.ended.as_millisecond().saturating_sub(record.started.as_millisecond()).max(0)
}

/// The name of the node, or the number of nodes if there are several.
pub(super) fn hostname(record: &RunRecord) -> String {
    match record.cluster.nodes.as_slice() {
        [node] => node.name.clone(),
        nodes => format!("{} nodes", nodes.len()),
    }
}
