//! The words for changes between runs, which the terminal, the page and the summary share.

use super::text::{counted, visible_line};
use crate::history::FactChange;
use crate::history::regression::{
    CaseChange, ChangeKind, DurationChange, EarlierRunComparison, Health, Waiver,
};

/// The longest stored text within a line, in characters.
const LONGEST: usize = 100;

/// Makes a stored text safe for one line.
pub(super) fn stored_line(text: &str) -> String {
    visible_line(text, LONGEST)
}

/// Describes a change in one line: its details, the reason in the verdict, which `clean` makes safe, and the waiver. May
/// be empty.
pub(super) fn describe_change(change: &CaseChange, clean: impl Fn(&str) -> String) -> String {
    let reason = change.reason.as_deref().map(clean).unwrap_or_default();
    let waiver = change.waiver.as_ref().map(waiver_words).unwrap_or_default();
    let parts = [details(&change.kind), reason, waiver];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn waiver_words(waiver: &Waiver) -> String {
    let (owner, reason) = (stored_line(&waiver.owner), stored_line(&waiver.reason));
    format!("waived until {} by {owner}: {reason}", waiver.expires)
}

/// The details of a change, for example how often or for how long. May be empty.
fn details(kind: &ChangeKind) -> String {
    match kind {
        ChangeKind::StillFailing { runs, range } => {
            let never = if range.last_good.is_some() { "" } else { ", and was never seen to pass" };
            format!("for {}{never}", counted(*runs, "run"))
        }
        ChangeKind::Reopened { fixed_in, .. } => format!("was fixed in {}", stored_line(&fixed_in.id)),
        ChangeKind::Fixed { since, runs } => {
            format!("had failed for {} since {}", counted(*runs, "run"), stored_line(&since.id))
        }
        ChangeKind::Flaky { rate, flips, in_this_run, .. } => {
            let in_this_run = if *in_this_run { ", and in this run" } else { "" };
            format!(
                "failed in {} of {} runs ({:.0} to {:.0} %), {}{in_this_run}",
                rate.count,
                rate.of,
                rate.low * 100.0,
                rate.high * 100.0,
                counted(*flips, "change")
            )
        }
        ChangeKind::Slower(duration) | ChangeKind::Faster(duration) => {
            let DurationChange { confirmed, before, now, p, .. } = duration;
            let sure = if *confirmed { "" } else { ", not sure yet" };
            let percent = (now / before - 1.0) * 100.0;
            format!("{before:.2} s before, {now:.2} s now ({percent:+.0} %, p {p:.1e}{sure})")
        }
        ChangeKind::Missing { last_present, runs } => {
            format!("from {}, last seen in {}", counted(*runs, "run"), stored_line(&last_present.id))
        }
        ChangeKind::NewlySkipped { last_run } => format!("last run in {}", stored_line(&last_run.id)),
        ChangeKind::Inconclusive { failing: Some(_) } => "has failed before".to_owned(),
        ChangeKind::NewFailure { .. }
        | ChangeKind::New { .. }
        | ChangeKind::NoLongerSkipped
        | ChangeKind::Inconclusive { failing: None } => String::new(),
    }
}

/// Describes changed facts of the environment in one line.
pub(super) fn describe_facts(changed: &[FactChange]) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "unknown".to_owned(), stored_line);
    let words = changed.iter().map(|FactChange { fact, before, after }| {
        format!("{} {} -> {}", stored_line(fact), value(before), value(after))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Says why a run is not compared with others. `None` if it is.
pub(super) fn describe_health(health: &Health) -> Option<String> {
    match health {
        Health::Sound => None,
        Health::Inconclusive { cases, of } => {
            Some(format!("{cases} of {of} cases are inconclusive: the run is not compared with later ones"))
        }
        Health::CommonCause { cases, of, signature, .. } => Some(format!(
            "{cases} of {of} cases have one cause, and the run is not compared with later ones: {}",
            stored_line(signature)
        )),
    }
}

/// Summarizes how the verdicts of the current run differ from those of an earlier run.
pub(super) fn describe_earlier(run: &EarlierRunComparison) -> String {
    let EarlierRunComparison { earlier, current, worse, better, .. } = run;
    let cases = |count: usize, how: &str| match count {
        0 => None,
        1 => Some(format!("1 case has a {how} verdict")),
        many => Some(format!("{many} cases have a {how} verdict")),
    };
    let counts = [
        (earlier.fail, current.fail, "failed"),
        (earlier.inconclusive, current.inconclusive, "inconclusive"),
        (earlier.skip, current.skip, "skipped"),
        (earlier.pass, current.pass, "passed"),
    ];
    let counts = counts.into_iter().filter(|(earlier, current, _)| earlier != current);
    let counts = counts.map(|(earlier, current, word)| format!("{word}: {earlier} then, {current} now"));
    let cases = cases(*worse, "worse").into_iter().chain(cases(*better, "better"));
    let parts: Vec<_> = cases.chain(counts).collect();
    if parts.is_empty() { "no verdicts changed".to_owned() } else { parts.join("; ") }
}
