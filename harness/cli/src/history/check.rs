//! `podproof history check` and `flaky`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use podproof::history::FactChange;
use podproof::history::regression::{
    Change, Health, News, NightReport, Pace, Rules, Waiver, Waivers, Window, judge_night, read_waivers,
};
use podproof::report::{Columns, Styles, counted};
use serde_json::json;

use super::args::{CheckArgs, FlakyArgs, Keep};
use super::clean;
use crate::args::Talk;
use crate::exit::{Code, Failure};
use crate::output;

/// Tells what is new in a run.
pub fn check(keep: &Keep, order: &CheckArgs, talk: &Talk) -> Result<Code, Failure> {
    let waivers = order.waivers.as_deref().map(read_waivers).transpose()?.unwrap_or_default();
    let (series, runs) = keep.load(order.run.as_deref(), order.window)?;
    let Some(report) = judge_night(&runs, &waivers, &Rules::default()) else { return Ok(Code::Conformant) };
    let judgement = report.judgement();
    let value = json!({ "series": series, "judgement": judgement, "report": report });
    output::print_either(|| text(&report, &series), &value, talk)?;
    Ok(judgement.into())
}

/// Lists the flaky cases.
pub fn flaky(keep: &Keep, order: &FlakyArgs, talk: &Talk) -> Result<Code, Failure> {
    let nights = usize::try_from(order.nights).unwrap_or(usize::MAX);
    let rules = Rules { flake_nights: nights, ..Rules::default() };
    // Not every run has every case.
    let (_, runs) = keep.load(None, order.nights.saturating_mul(2))?;
    let report = judge_night(&runs, &Waivers::default(), &rules);
    let changes = report.map(|report| report.changes).unwrap_or_default();
    let flaky: Vec<_> =
        changes.into_iter().filter(|change| matches!(change.news, News::Flaky { .. })).collect();
    output::print_either(|| table(&flaky), &json!({ "flaky": flaky }), talk)?;
    Ok(Code::Conformant)
}

fn text(report: &NightReport, series: &str) -> String {
    let NightReport { run, against, health, changed, changes, expired } = report;
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

/// Why a run is not compared with others, in a line; nothing where it is.
pub fn health_line(health: &Health) -> String {
    match health {
        Health::Sound => String::new(),
        Health::Untold { cases, of } => {
            format!("{cases} of {of} cases could not be told: the run is not compared with later ones\n")
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
            (Style::new(), what(change)),
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
        News::Untold { .. } => styles.untold,
        News::Fixed { .. } | News::Faster(_) => styles.good,
        News::New { .. } | News::NoMoreSkipped => Style::new(),
    }
}

/// Since when, where that is known.
fn window(news: &News) -> Option<&Window> {
    match news {
        News::NewFailure { window } | News::Reopened { window, .. } | News::StillFailing { window, .. } => {
            Some(window)
        }
        News::Slower(pace) | News::Faster(pace) => Some(&pace.window),
        News::Untold { failing } => failing.as_ref(),
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

fn what(change: &Change) -> String {
    let told = Some(told(&change.news)).filter(|told| !told.is_empty());
    let reason = change.reason.as_deref().map(clean).filter(|reason| !reason.is_empty());
    let waived = change.waived.as_ref().map(|waiver| format!("waived {}", waived(waiver)));
    [told, reason, waived].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Until when a change is waived, by whom and why.
pub fn waived(waiver: &Waiver) -> String {
    let (owner, reason) = (clean(&waiver.owner), clean(&waiver.reason));
    format!("until {} by {owner}: {reason}", waiver.expires)
}

/// More of what is new than its name: how often, for how long.
pub fn told(news: &News) -> String {
    match news {
        News::StillFailing { nights, window: Window { last_good: Some(_), .. } } => {
            format!("for {}", counted(*nights, "run"))
        }
        News::StillFailing { nights, .. } => {
            format!("for {}, and was never seen to pass", counted(*nights, "run"))
        }
        News::Reopened { fixed, .. } => format!("was fixed in {}", clean(&fixed.id)),
        News::Fixed { since, nights } => {
            format!("had failed for {} since {}", counted(*nights, "run"), clean(&since.id))
        }
        News::Flaky { rate, flips, tonight, .. } => {
            let tonight = if *tonight { ", and in this run" } else { "" };
            format!(
                "failed in {} of {} runs ({:.0} to {:.0} %), {}{tonight}",
                rate.count,
                rate.of,
                rate.low * 100.0,
                rate.high * 100.0,
                counted(*flips, "change")
            )
        }
        News::Slower(pace) | News::Faster(pace) => pace_words(pace),
        News::Missing { last, runs } => {
            format!("from {}, last seen in {}", counted(*runs, "run"), clean(&last.id))
        }
        News::NewlySkipped { last } => format!("last run in {}", clean(&last.id)),
        News::Untold { failing: Some(_) } => "has failed before".to_owned(),
        News::NewFailure { .. } | News::New { .. } | News::NoMoreSkipped | News::Untold { failing: None } => {
            String::new()
        }
    }
}

fn pace_words(pace: &Pace) -> String {
    let Pace { confirmed, before, now, p, .. } = pace;
    let sure = if *confirmed { "" } else { ", not sure yet" };
    format!("{before:.2} s before, {now:.2} s now ({:+.0} %, p {p:.1e}{sure})", (now / before - 1.0) * 100.0)
}

/// What changed in the environment, told once for all cases that changed with it.
fn windows(changes: &[Change]) -> String {
    let mut told: BTreeMap<(String, String), (usize, &Window)> = BTreeMap::new();
    for window in changes.iter().filter_map(|change| window(&change.news)) {
        if let Some(good) = window.last_good.as_ref().filter(|_| !window.changed.is_empty()) {
            told.entry((good.id.clone(), window.first_bad.id.clone())).or_insert((0, window)).0 += 1;
        }
    }
    let line = |((good, bad), (cases, window)): (&(String, String), &(usize, &Window))| {
        let (good, bad, facts) = (clean(good), clean(bad), facts(&window.changed));
        format!("after {good}, with {bad} ({cases} of these cases): {facts}\n")
    };
    told.iter().map(line).collect()
}

/// Facts that changed, in a line.
pub fn facts(changed: &[FactChange]) -> String {
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "unknown".to_owned(), clean);
    let told = changed.iter().map(|FactChange { fact, before, after }| {
        format!("{} {} -> {}", clean(fact), value(before), value(after))
    });
    told.collect::<Vec<_>>().join(", ")
}

fn summary(report: &NightReport) -> String {
    let word = report.judgement().word();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for change in &report.changes {
        let words = change.news.words();
        match counts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => counts.push((words, 1)),
        }
    }
    let told: Vec<_> = counts.iter().map(|(words, count)| format!("{count} {words}")).collect();
    if told.is_empty() { format!("{word}\n") } else { format!("{word} ({})\n", told.join(", ")) }
}
