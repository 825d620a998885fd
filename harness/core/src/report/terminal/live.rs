//! Live output: a line per event during the run.

use std::collections::BTreeMap;

use super::cluster::cluster_line;
use super::style::{Styles, styled};
use crate::plan::{ClaimId, Purpose};
use crate::record::{CaseRecord, Event, Proof, TimedEvent};
use crate::report::status::{CaseStatus, gist, widest};
use crate::report::text::{counted, visible_line};

/// The longest reason in a line, in characters.
const LONGEST_GIST: usize = 120;

/// The longest description of a cluster, in characters.
const LONGEST_FACTS: usize = 300;

/// Renders events for a terminal, one line per change of state.
#[derive(Debug)]
pub struct LiveLines {
    styles: Styles,
    purpose: Purpose,
    /// The cases without a mutant, by claim and round. What a mutant proves depends on them.
    unmutated: BTreeMap<(ClaimId, u32), CaseRecord>,
}

impl LiveLines {
    /// Starts a new run in these styles.
    #[must_use]
    pub fn new(styles: Styles) -> Self {
        Self { styles, purpose: Purpose::Check, unmutated: BTreeMap::new() }
    }

    /// Renders an event as one or two lines, with line ends. `None` if the event is not shown.
    #[must_use]
    pub fn line(&mut self, event: &TimedEvent) -> Option<String> {
        let line = match &event.event {
            Event::RunStarted { run, purpose, planned, parallel, cluster } => {
                self.purpose = *purpose;
                let executions = counted(*planned, "execution");
                let version = visible_line(&cluster.version, LONGEST_GIST);
                let run = self
                    .message("RUN", &format!("{run}: {executions}, {parallel} in parallel, on {version}"));
                let facts = visible_line(&cluster_line(cluster), LONGEST_FACTS);
                format!("{run}\n{}", self.message("ON", &facts))
            }
            // Skipped to keep the output short: the line for the end of a case has everything that this one would.
            Event::CaseStarted { .. } => return None,
            Event::CaseRetried { index: _, attempt, last } => self.retried(*attempt, last),
            Event::CaseFinished { index: _, case } => self.finished(case),
            Event::CancelRequested { reason } => {
                let reason = visible_line(reason, LONGEST_GIST);
                self.message("STOP", &format!("{reason}: no new cases start"))
            }
            Event::CleanupStarted => self.message("CLEAN", "waiting for the namespaces to be deleted"),
            Event::RunFinished { outcome } => self.message("END", outcome.word()),
        };
        Some(line + "\n")
    }

    fn finished(&mut self, case: &CaseRecord) -> String {
        let place = (case.claim.clone(), case.round);
        let proof = Proof::of(case, self.unmutated.get(&place));
        if self.purpose == Purpose::Prove && case.mutant.is_none() {
            self.unmutated.insert(place, case.clone());
        }
        let status = CaseStatus::of(self.purpose, case, &proof);
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
        let word = self.word("RETRY", self.styles.inconclusive);
        format!(
            "{word} {:6.1}s  {slug}: {}, starting attempt {attempt}: {gist}",
            last.seconds,
            last.verdict.word()
        )
    }

    fn message(&self, word: &str, text: &str) -> String {
        format!("{}          {text}", self.word(word, self.styles.strong))
    }

    fn word(&self, word: &str, style: anstyle::Style) -> String {
        styled(style, &format!("{word:width$}", width = widest(self.purpose)))
    }
}
