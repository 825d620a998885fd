//! A line per event, while the run goes on.

use std::collections::BTreeMap;

use super::cluster::cluster_line;
use super::style::{Styles, styled};
use crate::plan::{ClaimId, Purpose};
use crate::report::status::{Status, gist, widest};
use crate::report::text::counted;
use crate::report::text::visible_line;
use crate::run::{CaseRecord, Event, Proof, Told};

/// How much of a reason fits into a line.
const LONGEST_GIST: usize = 120;

/// How much of what a cluster is fits into a line.
const LONGEST_FACTS: usize = 300;

/// Lines for people, one per change of state.
#[derive(Debug)]
pub struct LiveLines {
    styles: Styles,
    purpose: Purpose,
    /// The cases as they are, which say what their mutants prove.
    greens: BTreeMap<(ClaimId, u32), CaseRecord>,
}

impl LiveLines {
    /// Nothing is told yet.
    #[must_use]
    pub fn new(styles: Styles) -> Self {
        Self { styles, purpose: Purpose::Check, greens: BTreeMap::new() }
    }

    /// The line for an event, or two, with line ends; `None` where there is nothing to say.
    #[must_use]
    pub fn line(&mut self, told: &Told) -> Option<String> {
        let line = match &told.event {
            Event::RunStarted { run, purpose, planned, parallel, cluster } => {
                self.purpose = *purpose;
                let what = counted(*planned, "execution");
                let version = visible_line(&cluster.version, LONGEST_GIST);
                let run = self.talk("RUN", &format!("{run}: {what}, {parallel} at once, on {version}"));
                let facts = visible_line(&cluster_line(cluster), LONGEST_FACTS);
                format!("{run}\n{}", self.talk("ON", &facts))
            }
            // The end of a case says all that its beginning could; in between there are at most `parallel` of them.
            Event::CaseStarted { .. } => return None,
            Event::CaseRetried { index: _, attempt, last } => self.retried(*attempt, last),
            Event::CaseFinished { index: _, case } => self.finished(case),
            Event::CancelRequested { reason } => {
                let reason = visible_line(reason, LONGEST_GIST);
                self.talk("STOP", &format!("{reason}: nothing new begins"))
            }
            Event::CleanupStarted => self.talk("CLEAN", "waiting for the namespaces to go"),
            Event::RunFinished { outcome } => self.talk("END", outcome.word()),
        };
        Some(line + "\n")
    }

    fn finished(&mut self, case: &CaseRecord) -> String {
        let place = (case.claim.clone(), case.round);
        let proof = Proof::of(case, self.greens.get(&place));
        if self.purpose == Purpose::Prove && case.mutant.is_none() {
            self.greens.insert(place, case.clone());
        }
        let status = Status::of(self.purpose, case, &proof);
        let word = self.word(status.word(), status.style(&self.styles));
        let slug = visible_line(&case.slug, LONGEST_GIST);
        let gist = visible_line(&gist(case, &proof), LONGEST_GIST);
        let gist = if gist.is_empty() { gist } else { format!(": {gist}") };
        let faults = match case.faults.len() {
            0 => String::new(),
            faults => format!(" ({})", counted(faults, "fault")),
        };
        format!("{word} {:6.1}s  {slug}{gist}{faults}", case.seconds)
    }

    fn retried(&self, attempt: u32, last: &CaseRecord) -> String {
        let slug = visible_line(&last.slug, LONGEST_GIST);
        let gist = visible_line(&gist(last, &Proof::of(last, None)), LONGEST_GIST);
        let word = self.word("RETRY", self.styles.untold);
        format!(
            "{word} {:6.1}s  {slug}: {}, attempt {attempt} begins: {gist}",
            last.seconds,
            last.verdict.word()
        )
    }

    fn talk(&self, word: &str, text: &str) -> String {
        format!("{}          {text}", self.word(word, self.styles.strong))
    }

    fn word(&self, word: &str, style: anstyle::Style) -> String {
        styled(style, &format!("{word:width$}", width = widest(self.purpose)))
    }
}
