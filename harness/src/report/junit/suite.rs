//! The executions of a record, by area.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::ending::Ending;
use crate::report::entry::millis;
use crate::run::{CaseRecord, RunRecord, proofs};

/// The executions of one area, in the order of the plan.
pub(super) struct Suite<'a> {
    pub(super) area: &'a str,
    pub(super) entries: Vec<Entry<'a>>,
}

/// One execution and how it ends.
pub(super) struct Entry<'a> {
    pub(super) case: &'a CaseRecord,
    pub(super) ending: Ending,
}

/// The suites of `record`, in the order in which the plan comes to their areas.
pub(super) fn suites(record: &RunRecord) -> Vec<Suite<'_>> {
    let mut suites: Vec<Suite<'_>> = Vec::new();
    for (case, proof) in proofs(record) {
        let entry = Entry { case, ending: Ending::of(record.purpose, case, &proof) };
        let area = case.claim.area();
        match suites.iter_mut().find(|suite| suite.area == area) {
            Some(suite) => suite.entries.push(entry),
            None => suites.push(Suite { area, entries: vec![entry] }),
        }
    }
    suites
}

impl Suite<'_> {
    pub(super) fn name(&self) -> String {
        format!("podproof.{}", self.area)
    }

    pub(super) fn started(&self) -> Timestamp {
        self.entries.iter().map(|entry| entry.case.started).min().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// From the first beginning to the last end: cases run side by side, so their sum would say nothing.
    pub(super) fn wall_millis(&self) -> i64 {
        let end = |entry: &Entry<'_>| {
            entry.case.started.as_millisecond().saturating_add(millis(entry.case.seconds))
        };
        let ended = self.entries.iter().map(end).max().unwrap_or_default();
        ended.saturating_sub(self.started().as_millisecond()).max(0)
    }

    pub(super) fn skipped(&self) -> usize {
        self.count(|ending| matches!(ending, Ending::Skipped { .. }))
    }

    pub(super) fn errors(&self) -> usize {
        self.count(|ending| matches!(ending, Ending::Error { .. }))
    }

    pub(super) fn failures(&self) -> usize {
        self.count(|ending| matches!(ending, Ending::Failure { .. }))
    }

    fn count(&self, fits: impl Fn(&Ending) -> bool) -> usize {
        self.entries.iter().filter(|entry| fits(&entry.ending)).count()
    }
}

impl Entry<'_> {
    /// The claim's name; what varies stands in brackets, which tools strip when they compare names.
    pub(super) fn name(&self) -> String {
        let mutant = self.case.mutant.as_ref().map(|mutant| format!(" [mutant={}]", mutant.name));
        let round = (self.case.round > 1).then(|| format!(" [round={}]", self.case.round));
        [Some(self.case.claim.name().to_owned()), mutant, round].into_iter().flatten().collect()
    }

    pub(super) fn millis(&self) -> i64 {
        millis(self.case.seconds)
    }

    pub(super) fn properties(&self) -> Vec<(&'static str, String)> {
        let case = self.case;
        let mut properties = vec![
            ("claim", case.claim.to_string()),
            ("claim.level", case.level.to_string()),
            ("claim.tier", case.tier.to_string()),
            ("round", case.round.to_string()),
            ("verdict", case.verdict.word().to_owned()),
        ];
        if let Some(mutant) = &case.mutant {
            properties.push(("mutant", mutant.name.clone()));
            properties.push(("mutant.must-fail", mutant.must_fail.clone()));
        }
        properties.extend(case.unproved.iter().map(|why| ("claim.unproved", why.clone())));
        properties.extend(self.ending.class().map(|class| ("outcome.class", class.word().to_owned())));
        properties
    }
}

/// What is true of the whole run.
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

/// From the run's beginning to the end of its last case.
pub(super) fn run_millis(record: &RunRecord) -> i64 {
    record.ended.as_millisecond().saturating_sub(record.started.as_millisecond()).max(0)
}

/// Where the cases ran: the node when there is one, else how many there are.
pub(super) fn hostname(record: &RunRecord) -> String {
    match record.cluster.nodes.as_slice() {
        [node] => node.name.clone(),
        nodes => format!("{} nodes", nodes.len()),
    }
}
