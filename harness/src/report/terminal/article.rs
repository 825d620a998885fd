//! The article, sentence by sentence, with its claims and what a run says of them.

use std::fmt::Write as _;

use anstyle::Style;

use super::paragraph::paragraph;
use super::style::{Styles, styled};
use super::summary::listed;
use crate::judge::Verdict;
use crate::report::status::{Status, gist};
use crate::report::text::counted;
use crate::report::text::visible_line;
use crate::run::{Account, Answer, Proof, RunRecord, Side, Standing};

/// How much of a sentence or a note is shown.
const LONGEST_PROSE: usize = 1000;

/// How much of what is said of a claim fits into a line.
const LONGEST_WHAT: usize = 100;

/// How wide the words before a note and before claims are.
const LABEL: usize = "against".len();

/// The column at which what stands behind such a word begins.
const BODY: usize = 2 + LABEL + 2;

/// What stands in the place of a verdict where there is none.
const NOT_RUN: &str = "NOT RUN";

/// The article as text for people: each sentence with its note and its claims, and where there is a record, its
/// standing, the verdicts and a last line.
#[must_use]
pub fn article_text(accounts: &[Account<'_>], record: Option<&RunRecord>, styles: &Styles) -> String {
    let ids = accounts.iter().flat_map(|account| &account.answers).map(|answer| answer.claim.id.as_str());
    let width = ids.map(str::len).max().unwrap_or_default();
    let blocks: Vec<_> = accounts.iter().map(|account| block(account, width, styles)).collect();
    let last = record.map(|record| format!("\n{}\n", last_line(accounts, record))).unwrap_or_default();
    blocks.join("\n") + &last
}

fn block(account: &Account<'_>, width: usize, styles: &Styles) -> String {
    let sentence = account.sentence;
    let prose = |text: &str, indent| paragraph(&visible_line(text, LONGEST_PROSE), indent);
    let mut text = format!("{}\n  {}\n", head(account, styles), prose(&sentence.sentence, 2));
    if let Some(note) = &sentence.note {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}  {}", label("note", styles), prose(note, BODY));
    }
    for (side, name) in [(Side::For, "for"), (Side::Against, "against")] {
        let mut label = label(name, styles);
        for answer in account.answers.iter().filter(|answer| answer.side == side) {
            let line = match account.standing {
                Some(_) => with_verdict(answer, width, styles),
                None => claim(answer, width, &title(answer)),
            };
            let _ = writeln!(text, "  {label}  {line}");
            label = " ".repeat(LABEL);
        }
    }
    text
}

fn head(account: &Account<'_>, styles: &Styles) -> String {
    let Account { sentence, answers, standing } = account;
    let id = styled(styles.strong, &visible_line(&sentence.id, LONGEST_WHAT));
    let Some(standing) = standing else { return format!("{id} ({})", sentence.bearing) };
    let passed = answers.iter().filter(|answer| answer.verdict().is_some_and(Verdict::is_pass));
    let of = format!("{} of {} passed", passed.count(), counted(answers.len(), "claim"));
    format!("{id} {} ({}, {of})", styled(style(*standing, styles), standing.words()), sentence.bearing)
}

fn style(standing: Standing, styles: &Styles) -> Style {
    match standing {
        Standing::Confirmed | Standing::ShownImprecise | Standing::ShownWrong => styles.good,
        Standing::Contradicted | Standing::NoteContradicted => styles.bad,
        Standing::Untold => styles.untold,
        Standing::NotAsked => styles.skipped,
    }
}

fn label(name: &str, styles: &Styles) -> String {
    styled(styles.faint, name) + &" ".repeat(LABEL - name.len())
}

fn with_verdict(answer: &Answer<'_>, width: usize, styles: &Styles) -> String {
    let (word, style, said) = match answer.case {
        Some(case) => {
            let status = Status::of_case(case);
            (status.word(), status.style(styles), gist(case, &Proof::of(case, None)))
        }
        None => (NOT_RUN, styles.skipped, String::new()),
    };
    let what = if said.is_empty() { title(answer) } else { said };
    let gap = " ".repeat(NOT_RUN.len() - word.len());
    format!("{}{gap}  {}", styled(style, word), claim(answer, width, &what))
}

fn claim(answer: &Answer<'_>, width: usize, what: &str) -> String {
    format!("{:width$}  {}", answer.claim.id.as_str(), visible_line(what, LONGEST_WHAT))
}

/// The claim's sentence, with a word of warning where no cluster has shown yet that its case can fail.
fn title(answer: &Answer<'_>) -> String {
    let warning = if answer.claim.unproved.is_some() { " (unproved)" } else { "" };
    format!("{}{warning}", answer.claim.title)
}

fn last_line(accounts: &[Account<'_>], record: &RunRecord) -> String {
    let count = |standing: Standing| {
        let count = accounts.iter().filter(|account| account.standing == Some(standing)).count();
        (count, standing.words())
    };
    let counts = [
        Standing::Confirmed,
        Standing::ShownImprecise,
        Standing::ShownWrong,
        Standing::Contradicted,
        Standing::NoteContradicted,
        Standing::Untold,
        Standing::NotAsked,
    ]
    .map(count);
    let interrupted =
        record.interrupted.as_deref().map(|by| format!(", interrupted by {by}")).unwrap_or_default();
    let sentences = listed(&counted(accounts.len(), "sentence"), &counts);
    let line = format!("{sentences}; by the run {} on {}{interrupted}", record.run, record.cluster.version);
    visible_line(&line, LONGEST_PROSE)
}
