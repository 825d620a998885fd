//! Tables of cases by rounds, and of cases by runs.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use maud::{Markup, html};

use super::badge::badge;
use super::page::PageContext;
use super::shell::shell;
use crate::disk::write_whole;
use crate::record::{RunOutcome, RunRecord};
use crate::report::entry::{Entry, entries};
use crate::report::error::ReportError;
use crate::report::status::StatusClass;
use crate::report::text::plain_line;

/// The number of rounds that get a column.
const ROUNDS: usize = 60;

/// The number of nodes and runtimes named in a column header.
const NODES: usize = 3;

/// A claim and its mutant. Rounds of the same case share a key.
type Key<'a> = (&'a str, Option<&'a str>);

/// Executions by case, in the order in which each case first appears.
#[derive(Default)]
struct Rows<'r> {
    places: BTreeMap<Key<'r>, usize>,
    rows: Vec<(Key<'r>, Vec<&'r Entry<'r>>)>,
}

impl<'r> Rows<'r> {
    fn push(&mut self, entry: &'r Entry<'r>) {
        let key = key(entry);
        let place = *self.places.entry(key).or_insert(self.rows.len());
        match self.rows.get_mut(place) {
            Some((_, entries)) => entries.push(entry),
            None => self.rows.push((key, vec![entry])),
        }
    }
}

fn key<'r>(entry: &'r Entry<'_>) -> Key<'r> {
    (entry.case.claim.as_str(), entry.case.mutant.as_ref().map(|mutant| mutant.name.as_str()))
}

fn name((claim, mutant): Key<'_>) -> String {
    let under = mutant.map(|mutant| format!(" under {mutant}")).unwrap_or_default();
    plain_line(&format!("{claim}{under}"), 200)
}

/// The table of cases by rounds. Empty if there is only one round.
pub(super) fn rounds(page: &PageContext<'_>) -> Markup {
    let last = page.entries.iter().map(|entry| entry.case.round).max().unwrap_or(1);
    if last < 2 {
        return html! {};
    }
    let shown = u32::try_from(ROUNDS).unwrap_or(u32::MAX).min(last);
    let mut rows = Rows::default();
    page.entries.iter().for_each(|entry| rows.push(entry));
    html! {
        section id="rounds" {
            h2 { "Rounds (" (last) ")" }
            @if shown < last { p.faint { "The last " (shown) " rounds; the second column counts all rounds." } }
            div.scroll { table.matrix {
                thead { tr {
                    th scope="col" { "Case" } th.number scope="col" { "Good" }
                    @for round in last - shown + 1..=last { th scope="col" { (round) } }
                } }
                tbody { @for (key, entries) in &rows.rows {
                    tr {
                        th scope="row" { (name(*key)) }
                        td.number { (good(entries)) " of " (entries.len()) }
                        @for round in last - shown + 1..=last {
                            td { @if let Some(entry) = entries.iter().find(|entry| entry.case.round == round) {
                                a href={ "#" (entry.anchor()) } { (badge(entry.status)) }
                            } }
                        }
                    }
                } }
            } }
        }
    }
}

fn good(entries: &[&Entry<'_>]) -> usize {
    entries.iter().filter(|entry| entry.status.class() == StatusClass::Good).count()
}

/// Renders a table of cases by runs as one HTML page. Runs are sorted by version, then by time. The same records give
/// the same bytes.
#[must_use]
pub fn matrix_page(records: &[RunRecord]) -> String {
    let mut runs: Vec<_> = records.iter().collect();
    runs.sort_by_cached_key(|run| (numbers(&run.cluster.version), run.started, run.run.to_string()));
    let columns: Vec<Vec<Entry<'_>>> = runs.iter().map(|run| entries(run)).collect();
    let mut rows = Rows::default();
    columns.iter().flatten().for_each(|entry| rows.push(entry));
    let by_run: Vec<BTreeMap<Key<'_>, Vec<&Entry<'_>>>> =
        columns.iter().map(|entries| by_key(entries)).collect();
    let title = format!("{} runs - podproof", runs.len());
    let body = html! {
        header { h1 { (rows.rows.len()) " cases on " (runs.len()) " runs" } }
        main {
            div.scroll { table.matrix {
                thead { tr {
                    th scope="col" { "Case" }
                    @for run in &runs { th scope="col" { (head(run)) } }
                } }
                tbody { @for (key, _) in &rows.rows {
                    tr {
                        th scope="row" { (name(*key)) }
                        @for run in &by_run { td { @if let Some(entries) = run.get(key) { (cell(entries)) } @else { span.faint { "not run" } } } }
                    }
                } }
            } }
            p.faint { "If a case ran more than once, the cell shows its worst result." }
        }
        footer { "podproof " (plain_line(env!("CARGO_PKG_VERSION"), 80)) "." }
    };
    shell(&title, &body, None).into_string()
}

/// Writes the page of [`matrix_page`] to `file`, atomically.
pub fn write_matrix(file: &Path, records: &[RunRecord]) -> Result<(), ReportError> {
    write_whole(file, matrix_page(records).as_bytes())
        .map_err(|source| ReportError::File { file: file.to_owned(), source })
}

fn by_key<'r>(entries: &'r [Entry<'r>]) -> BTreeMap<Key<'r>, Vec<&'r Entry<'r>>> {
    let mut by_key = BTreeMap::new();
    for entry in entries {
        by_key.entry(key(entry)).or_insert_with(Vec::new).push(entry);
    }
    by_key
}

fn cell(entries: &[&Entry<'_>]) -> Markup {
    let worst = entries.iter().min_by_key(|entry| entry.status.class());
    html! {
        @if let Some(worst) = worst { (badge(worst.status)) }
        @if entries.len() > 1 { div.faint { (good(entries)) " of " (entries.len()) } }
    }
}

/// The column header of a run: its version, cluster, id, time and outcome.
fn head(run: &RunRecord) -> Markup {
    let nodes = &run.cluster.nodes;
    let mut runtimes: Vec<_> = nodes.iter().map(|node| plain_line(&node.runtime, 40)).collect();
    runtimes.sort();
    runtimes.dedup();
    html! {
        strong { (plain_line(&run.cluster.version, 40)) }
        div { (nodes.len()) @if nodes.len() == 1 { " node" } @else { " nodes" } }
        @for node in nodes.iter().take(NODES) { div { (plain_line(&node.name, 60)) } }
        @if nodes.len() > NODES { div { "and " (nodes.len() - NODES) " more" } }
        @for runtime in runtimes.iter().take(NODES) { div { (runtime) } }
        div { code { (plain_line(run.run.as_str(), 60)) } }
        div { (minute(run.started)) }
        div { (RunOutcome::of(run).word()) }
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The numbers in a version, to sort 1.9 before 1.20.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}
