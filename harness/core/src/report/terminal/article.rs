//! The article as text: each sentence with its claims and their results in a run.

use std::fmt::Write as _;

use anstyle::Style;

use super::paragraph::paragraph;
use super::style::{Styles, styled};
use super::summary::listed;
use crate::judge::Verdict;
use crate::plan::Purpose;
use crate::record::{ClaimResult, ClaimSide, Proof, RunRecord, SentenceReport, SentenceResult};
use crate::report::status::{CaseStatus, gist, widest};
use crate::report::text::{counted, visible_line};

/// The longest sentence or note, in characters.
const LONGEST_PROSE: usize = 1000;

/// The longest text about a claim, in characters.
const LONGEST_TEXT: usize = 100;

/// The width of the labels `note`, `for` and `against`.
const LABEL: usize = "against".len();

/// The column at which the text after a label begins.
const BODY: usize = 2 + LABEL + 2;

/// Shown instead of a verdict if the claim was not run.
const NOT_RUN: &str = "NOT RUN";

/// Renders the article for a terminal: each sentence with its note and its claims. With a record, also each sentence's
/// result, the claims' verdicts and a summary line.
#[must_use]
pub fn article_text(
    sentence_reports: &[SentenceReport<'_>],
    record: Option<&RunRecord>,
    styles: &Styles,
) -> String {
    let ids = sentence_reports.iter().flat_map(|report| &report.answers).map(|answer| answer.id.as_str());
    let width = ids.map(str::len).max().unwrap_or_default();
    let blocks: Vec<_> = sentence_reports.iter().map(|report| block(report, width, styles)).collect();
    let last =
        record.map(|record| format!("\n{}\n", last_line(sentence_reports, record))).unwrap_or_default();
    blocks.join("\n") + &last
}

fn block(report: &SentenceReport<'_>, width: usize, styles: &Styles) -> String {
    let sentence = report.sentence;
    let prose = |text: &str, indent| paragraph(&visible_line(text, LONGEST_PROSE), indent);
    let mut text = format!("{}\n  {}\n", head(report, styles), prose(&sentence.sentence, 2));
    if let Some(note) = &sentence.note {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}  {}", label("note", styles), prose(note, BODY));
    }
    for (side, name) in [(ClaimSide::For, "for"), (ClaimSide::Against, "against")] {
        let mut label = label(name, styles);
        for answer in report.answers.iter().filter(|answer| answer.side == side) {
            let line = match report.result {
                Some(_) => with_verdict(answer, width, styles),
                None => claim(answer, width, &title(answer)),
            };
            let _ = writeln!(text, "  {label}  {line}");
            label = " ".repeat(LABEL);
        }
    }
    text
}

fn head(report: &SentenceReport<'_>, styles: &Styles) -> String {
    let SentenceReport { sentence, answers, result } = report;
    let id = styled(styles.strong, &visible_line(&sentence.id, LONGEST_TEXT));
    let Some(result) = result else { return format!("{id} ({})", sentence.bearing) };
    let passed = answers.iter().filter(|answer| answer.verdict().is_some_and(Verdict::is_pass));
    let of = format!("{} of {} passed", passed.count(), counted(answers.len(), "claim"));
    format!("{id} {} ({}, {of})", styled(style(*result, styles), result.as_str()), sentence.bearing)
}

fn style(result: SentenceResult, styles: &Styles) -> Style {
    match result {
        SentenceResult::Confirmed | SentenceResult::ShownImprecise | SentenceResult::ShownWrong => {
            styles.good
        }
        SentenceResult::Contradicted | SentenceResult::NoteContradicted => styles.bad,
        SentenceResult::Inconclusive => styles.inconclusive,
        SentenceResult::NotChecked => styles.skipped,
    }
}

fn label(name: &str, styles: &Styles) -> String {
    styled(styles.faint, name) + &" ".repeat(LABEL - name.len())
}

fn with_verdict(answer: &ClaimResult<'_>, width: usize, styles: &Styles) -> String {
    let (word, style, gist) = match answer.case {
        Some(case) => {
            let status = CaseStatus::of_case(case);
            (status.word(), status.style(styles), gist(case, &Proof::of(case, None)))
        }
        None => (NOT_RUN, styles.skipped, String::new()),
    };
    let text = if gist.is_empty() { title(answer) } else { gist };
    let gap = " ".repeat(widest(Purpose::Check).saturating_sub(word.len()));
    format!("{}{gap}  {}", styled(style, word), claim(answer, width, &text))
}

fn claim(answer: &ClaimResult<'_>, width: usize, text: &str) -> String {
    format!("{:width$}  {}", answer.id.as_str(), visible_line(text, LONGEST_TEXT))
}

/// The claim's title, marked if no cluster has proved yet that its case can fail.
fn title(answer: &ClaimResult<'_>) -> String {
    let warning = if answer.unproved { " (unproved)" } else { "" };
    format!("{}{warning}", answer.title)
}

fn last_line(sentence_reports: &[SentenceReport<'_>], record: &RunRecord) -> String {
    let count = |result: SentenceResult| {
        let count = sentence_reports.iter().filter(|report| report.result == Some(result)).count();
        (count, result.as_str())
    };
    let counts = [
        SentenceResult::Confirmed,
        SentenceResult::ShownImprecise,
        SentenceResult::ShownWrong,
        SentenceResult::Contradicted,
        SentenceResult::NoteContradicted,
        SentenceResult::Inconclusive,
        SentenceResult::NotChecked,
    ]
    .map(count);
    let interrupted =
        record.interrupted.as_deref().map(|by| format!(", interrupted by {by}")).unwrap_or_default();
    let sentences = listed(&counted(sentence_reports.len(), "sentence"), &counts);
    let line = format!("{sentences}; by the run {} on {}{interrupted}", record.run, record.cluster.version);
    visible_line(&line, LONGEST_PROSE)
}
