//! `podproof history check` and `flaky`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use podproof_core::history::FactChange;
use podproof_core::history::regression::{
    Change, DurationChange, Health, News, Rules, RunReview, Waiver, Waivers, Window, read_waivers, review_run,
};
use podproof_core::report::{Columns, Styles, counted};
use serde_json::json;

use super::args::{FlakyArgs, HistoryCheckArgs, StoreArgs};
use super::stored::clean;
use crate::args::OutputArgs;
use crate::exit::{Code, Failure};
use crate::output;

/// Shows what changed in a run.
pub fn check(
    store_args: &StoreArgs,
    args: &HistoryCheckArgs,
    output_args: &OutputArgs,
) -> Result<Code, Failure> {
    let waivers = args.waivers.as_deref().map(read_waivers).transpose()?.unwrap_or_default();
    let (series, runs) = store_args.load(args.run.as_deref(), args.window)?;
    let Some(report) = review_run(&runs, &waivers, &Rules::default()) else {
        return Ok(Code::Conformant);
    };
    let judgement = report.judgement();
    let value = json!({ "series": series, "judgement": judgement, "report": report });
    output::print_either(|| text(&report, &series), &value, output_args)?;
    Ok(judgement.into())
}

/// Lists the flaky cases.
pub fn flaky(store_args: &StoreArgs, args: &FlakyArgs, output_args: &OutputArgs) -> Result<Code, Failure> {
    let window = usize::try_from(args.runs).unwrap_or(usize::MAX);
    let rules = Rules { flake_runs: window, ..Rules::default() };
    // Not every run contains every case.
    let (_, runs) = store_args.load(None, args.runs.saturating_mul(2))?;
    let report = review_run(&runs, &Waivers::default(), &rules);
    let changes = report.map(|report| report.changes).unwrap_or_default();
    let flaky: Vec<_> =
        changes.into_iter().filter(|change| matches!(change.news, News::Flaky { .. })).collect();
    output::print_either(|| table(&flaky), &json!({ "flaky": flaky }), output_args)?;
    Ok(Code::Conformant)
}

fn text(report: &RunReview, series: &str) -> String {
    let RunReview { run, against, health, changed, changes, expired } = report;
    let begun = run.started.strftime("%Y-%m-%d");
    let (id, series) = (clean(&run.id), clean(series));
    let mut text =
        format!("{id} of {begun}, compared with {} of the series {series}\n", counted(*against, "run"));
    // Writing into a string cannot fail.
    if !changed.is_empty() {
        let _ = writeln!(text, "since the run before: {}", facts(changed));
    }
    text += &health_line(health);
    if !changes.is_empty() {
        text = text + "\n" + &table(changes) + &windows(changes);
    }
    for waiver in expired {
        let _ = writeln!(
            text,
            "the waiver of {} for {} expired on {}: {}",
            clean(&waiver.owner),
            clean(&waiver.case),
            waiver.expires,
            clean(&waiver.reason)
        );
    }
    text + "\n" + &summary(report)
}

/// Says why a run is not compared with others; empty if it is.
pub fn health_line(health: &Health) -> String {
    match health {
        Health::Sound => String::new(),
        Health::Inconclusive { cases, of } => {
            format!("{cases} of {of} cases are inconclusive: the run is not compared with later ones\n")
        }
        Health::OneCause { cases, of, signature, .. } => format!(
            "{cases} of {of} cases have one cause, and the run is not compared with later ones: {}\n",
            clean(signature)
        ),
    }
}

fn table(changes: &[Change]) -> String {
    let styles = Styles::coloured();
    let mut columns = Columns::new(&["NEWS", "CASE", "SINCE", "WHAT"], styles.strong, &[]);
    for change in changes {
        columns.push(vec![
            (style(change, &styles), change.news.words().to_owned()),
            (Style::new(), clean(&change.key.to_string())),
            (Style::new(), since(&change.news)),
            (Style::new(), describe_change(change)),
        ]);
    }
    columns.text()
}

fn style(change: &Change, styles: &Styles) -> Style {
    match &change.news {
        _ if change.waived.is_some() => styles.faint,
        News::NewFailure { .. }
        | News::Reopened { .. }
        | News::StillFailing { .. }
        | News::Missing { .. } => styles.bad,
        News::Flaky { .. } | News::Slower(_) | News::NewlySkipped { .. } => styles.skipped,
        News::Inconclusive { .. } => styles.inconclusive,
        News::Fixed { .. } | News::Faster(_) => styles.good,
        News::New { .. } | News::NoMoreSkipped => Style::new(),
    }
}

/// The runs between which the change happened; `None` if unknown.
fn window(news: &News) -> Option<&Window> {
    match news {
        News::NewFailure { window } | News::Reopened { window, .. } | News::StillFailing { window, .. } => {
            Some(window)
        }
        News::Slower(duration) | News::Faster(duration) => Some(&duration.window),
        News::Inconclusive { failing } => failing.as_ref(),
        News::Flaky { .. }
        | News::Missing { .. }
        | News::NewlySkipped { .. }
        | News::Fixed { .. }
        | News::New { .. }
        | News::NoMoreSkipped => None,
    }
}

fn since(news: &News) -> String {
    window(news).map_or_else(|| "-".to_owned(), |window| clean(&window.first_bad.id))
}

fn describe_change(change: &Change) -> String {
    let details = Some(details(&change.news)).filter(|details| !details.is_empty());
    let reason = change.reason.as_deref().map(clean).filter(|reason| !reason.is_empty());
    let waived = change.waived.as_ref().map(|waiver| format!("waived {}", describe_waiver(waiver)));
    [details, reason, waived].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Describes until when a change is waived, by whom and why.
pub fn describe_waiver(waiver: &Waiver) -> String {
    let (owner, reason) = (clean(&waiver.owner), clean(&waiver.reason));
    format!("until {} by {owner}: {reason}", waiver.expires)
}

/// Describes a change in detail, for example how often or for how long; may be empty.
pub fn details(news: &News) -> String {
    match news {
        News::StillFailing { runs, window: Window { last_good: Some(_), .. } } => {
            format!("for {}", counted(*runs, "run"))
        }
        News::StillFailing { runs, .. } => {
            format!("for {}, and was never seen to pass", counted(*runs, "run"))
        }
        News::Reopened { fixed, .. } => format!("was fixed in {}", clean(&fixed.id)),
        News::Fixed { since, runs } => {
            format!("had failed for {} since {}", counted(*runs, "run"), clean(&since.id))
        }
        News::Flaky { rate, flips, in_this_run, .. } => {
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
        News::Slower(duration) | News::Faster(duration) => describe_duration(duration),
        News::Missing { last, runs } => {
            format!("from {}, last seen in {}", counted(*runs, "run"), clean(&last.id))
        }
        News::NewlySkipped { last } => format!("last run in {}", clean(&last.id)),
        News::Inconclusive { failing: Some(_) } => "has failed before".to_owned(),
        News::NewFailure { .. }
        | News::New { .. }
        | News::NoMoreSkipped
        | News::Inconclusive { failing: None } => String::new(),
    }
}

fn describe_duration(duration: &DurationChange) -> String {
    let DurationChange { confirmed, before, now, p, .. } = duration;
    let sure = if *confirmed { "" } else { ", not sure yet" };
    format!("{before:.2} s before, {now:.2} s now ({:+.0} %, p {p:.1e}{sure})", (now / before - 1.0) * 100.0)
}

/// Lists the changes of the environment, each once with the number of cases that changed at the same time.
fn windows(changes: &[Change]) -> String {
    let mut counts: BTreeMap<(String, String), (usize, &Window)> = BTreeMap::new();
    for window in changes.iter().filter_map(|change| window(&change.news)) {
        if let Some(good) = window.last_good.as_ref().filter(|_| !window.changed.is_empty()) {
            counts.entry((good.id.clone(), window.first_bad.id.clone())).or_insert((0, window)).0 += 1;
        }
    }
    let line = |((good, bad), (cases, window)): (&(String, String), &(usize, &Window))| {
        let (good, bad, facts) = (clean(good), clean(bad), facts(&window.changed));
        format!("after {good}, with {bad} ({cases} of these cases): {facts}\n")
    };
    counts.iter().map(line).collect()
}

/// Formats changed facts on one line.
pub fn facts(changed: &[FactChange]) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "unknown".to_owned(), clean);
    let words = changed.iter().map(|FactChange { fact, before, after }| {
        format!("{} {} -> {}", clean(fact), value(before), value(after))
    });
    words.collect::<Vec<_>>().join(", ")
}

fn summary(report: &RunReview) -> String {
    let word = report.judgement().word();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for change in &report.changes {
        let words = change.news.words();
        match counts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => counts.push((words, 1)),
        }
    }
    let words: Vec<_> = counts.iter().map(|(words, count)| format!("{count} {words}")).collect();
    if words.is_empty() { format!("{word}\n") } else { format!("{word} ({})\n", words.join(", ")) }
}
