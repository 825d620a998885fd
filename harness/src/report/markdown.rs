//! A summary in Markdown, as CI systems show it beside a build.
//!
//! Nothing from the cluster reaches it as Markdown or HTML, and it stays below the size from which on GitHub refuses
//! a summary: what is least important is left out first, and the summary says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::background::{Background, News};
use super::entry::{Entry, entries, group_name};
use super::fault::ReportError;
use super::status::{Class, gist};
use super::text::{counted, plain_line};
use crate::disk::write_whole;
use crate::judge::Finding;
use crate::plan::Purpose;
use crate::run::{Outcome, RunRecord};

/// The largest summary, in bytes; GitHub takes 1024 KiB for a step.
const LARGEST: usize = 1000 << 10;

/// The room that is kept for the note of what is left out.
const NOTE: usize = 200;

/// The longest texts, in characters.
const LONGEST_TEXT: usize = 600;
const LONGEST_NAME: usize = 160;

/// How many news of one kind are told.
const NEWS: usize = 50;

/// How many findings of one execution are told.
const FINDINGS: usize = 8;

/// The record, and what is known of the runs before, as a summary in Markdown. The same input gives the same bytes.
#[must_use]
pub fn markdown_summary(record: &RunRecord, background: Option<&Background>) -> String {
    let entries = entries(record);
    let mut summary = Summary { text: head(record, &entries), left_out: 0 };
    if let Some(background) = background {
        tell_news(&mut summary, background);
    }
    for class in [Class::Bad, Class::Untold, Class::Skipped, Class::Good] {
        let group: Vec<_> = entries.iter().filter(|entry| entry.status.class() == class).collect();
        if group.is_empty() {
            continue;
        }
        summary.add(&format!("\n#### {} ({})\n\n", group_name(record.purpose, class), group.len()));
        match class {
            Class::Bad | Class::Untold => {
                for entry in group {
                    summary.add(&item(entry));
                }
            }
            Class::Skipped => {
                for reason in reasons(&group) {
                    summary.add(&reason);
                }
            }
            Class::Good => {
                summary.add("<details><summary>Which</summary>\n\n");
                for entry in group {
                    summary.add(&row(entry));
                }
                summary.text += "\n</details>\n";
            }
        }
    }
    summary.whole()
}

/// Writes `summary.md` into the run's folder: whole, or not at all.
pub(super) fn write_markdown(
    folder: &Path,
    record: &RunRecord,
    background: Option<&Background>,
) -> Result<(), ReportError> {
    let file = folder.join("summary.md");
    write_whole(&file, markdown_summary(record, background).as_bytes())
        .map_err(|source| ReportError::File { file, source })
}

struct Summary {
    text: String,
    left_out: usize,
}

impl Summary {
    /// Adds a part if there is room for it. After the first for which there is none nothing more comes: what follows
    /// is less important.
    fn add(&mut self, part: &str) {
        if self.left_out > 0 || self.text.len() + part.len() + NOTE > LARGEST {
            self.left_out += 1;
        } else {
            self.text += part;
        }
    }

    fn whole(mut self) -> String {
        if self.left_out > 0 {
            let left_out = self.left_out;
            // Writing to a string cannot fail.
            let _ =
                writeln!(self.text, "\n{left_out} more entries are left out here; `report.html` has them.");
        }
        self.text
    }
}

fn head(record: &RunRecord, entries: &[Entry<'_>]) -> String {
    let counts = [
        (Class::Bad, if record.purpose == Purpose::Prove { "not as it must be" } else { "failed" }),
        (Class::Untold, "inconclusive"),
        (Class::Skipped, "skipped"),
        (Class::Good, if record.purpose == Purpose::Prove { "as it must be" } else { "passed" }),
    ];
    let counts = counts.map(|(class, words)| {
        let count = entries.iter().filter(|entry| entry.status.class() == class).count();
        format!("| {words} | {count} |\n")
    });
    let seconds = record.ended.duration_since(record.started).as_secs_f64();
    let unproved = entries.iter().filter(|entry| entry.case.unproved.is_some()).count();
    let unproved = if unproved > 0 { format!("{unproved} of these are unproved.\n") } else { String::new() };
    let interrupted =
        record.interrupted.as_deref().map(|by| format!("Interrupted by {}.\n", text(by, LONGEST_NAME)));
    let faults =
        record.faults.iter().take(20).map(|fault| format!("- fault: {}\n", text(fault, LONGEST_TEXT)));
    format!(
        "### podproof: {} on {}\n\nRun {}, {seconds:.1} s.\n\n| | |\n| --- | --- |\n{}\n{unproved}{}{}",
        Outcome::of(record).word(),
        text(&record.cluster.version, LONGEST_NAME),
        text(record.run.as_str(), LONGEST_NAME),
        counts.concat(),
        interrupted.unwrap_or_default(),
        faults.collect::<String>(),
    )
}

/// What changed since the runs before, the most important first.
fn tell_news(summary: &mut Summary, background: &Background) {
    let Background { series, against, word, doubt, last, good, .. } = background;
    let (word, series) = (text(word, LONGEST_NAME), text(series, LONGEST_NAME));
    summary.add(&format!(
        "\n#### What changed: {word}\n\nBeside {} of the series {series}.\n",
        counted(*against, "run")
    ));
    if let Some(doubt) = doubt {
        summary.add(&format!("{}\n", text(doubt, LONGEST_TEXT)));
    }
    for (words, run) in [("last run", last), ("last good run", good)] {
        summary.add(&match run {
            Some(run) => format!(
                "- Against the {words} {}: {}\n",
                text(&run.run, LONGEST_NAME),
                text(&run.told(), LONGEST_TEXT)
            ),
            None => format!("- No {words} is known.\n"),
        });
    }
    for (kind, news) in background.groups() {
        summary.add(&format!("\n**{}** ({})\n\n", kind.title(), news.len()));
        for news in news.iter().take(NEWS) {
            summary.add(&news_item(news));
        }
        if news.len() > NEWS {
            summary.add(&format!("- {} more\n", news.len() - NEWS));
        }
    }
    let facts = background.environment();
    if !facts.is_empty() {
        summary.add("\n| environment | last good run | last run | now |\n| --- | --- | --- | --- |\n");
    }
    for [fact, values @ ..] in facts.iter().take(NEWS) {
        let values = values.map(|value| text(value.unwrap_or("unknown"), LONGEST_NAME));
        let fact = text(fact.unwrap_or_default(), LONGEST_NAME);
        summary.add(&format!("| {fact} | {} |\n", values.join(" | ")));
    }
}

fn news_item(news: &News) -> String {
    let since = news.since.as_ref().map(|(run, _)| format!(", since {}", text(run, LONGEST_NAME)));
    let told = text(&news.told(), LONGEST_TEXT);
    let told = if told.is_empty() { told } else { format!(": {told}") };
    format!(
        "- {} {}{}{told}\n",
        text(&news.name, LONGEST_NAME),
        text(&news.case, LONGEST_NAME),
        since.unwrap_or_default()
    )
}

/// One execution with all that it has to say.
fn item(entry: &Entry<'_>) -> String {
    let mut item = row(entry);
    let findings = entry.case.verdict.findings();
    let said = gist(entry.case, &entry.proof);
    if findings.is_empty() || entry.status.class() == Class::Untold {
        let said = text(&said, LONGEST_TEXT);
        let said = if said.is_empty() { "no reason was given" } else { said.as_str() };
        let _ = writeln!(item, "  - {said}");
    }
    if let Some(mutant) = &entry.case.mutant {
        let _ = writeln!(
            item,
            "  - {}; {} must fail",
            text(&mutant.breaks, LONGEST_TEXT),
            text(&mutant.must_fail, LONGEST_NAME)
        );
    }
    if !entry.case.attempts.is_empty() {
        let _ = writeln!(item, "  - attempts: {}", entry.case.attempts_in_words());
    }
    item.extend(findings.iter().take(FINDINGS).map(finding));
    if findings.len() > FINDINGS {
        let _ = writeln!(item, "  - {} more findings", findings.len() - FINDINGS);
    }
    item
}

fn finding(finding: &Finding) -> String {
    let Finding { assertion, expected, seen, pointer } = finding;
    format!(
        "  - **{}**: expected {}; seen {}; where: {}\n",
        text(assertion, LONGEST_NAME),
        text(expected, LONGEST_TEXT),
        text(seen, LONGEST_TEXT),
        text(pointer, LONGEST_NAME)
    )
}

fn row(entry: &Entry<'_>) -> String {
    let unproved = if entry.case.unproved.is_some() { " (unproved)" } else { "" };
    format!(
        "- **{}** {}{unproved}: {}\n",
        entry.status.word(),
        escaped(&entry.name()),
        text(&entry.case.title, LONGEST_NAME)
    )
}

/// A line for each reason, with how many were skipped for it.
fn reasons(group: &[&Entry<'_>]) -> Vec<String> {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for entry in group {
        *reasons.entry(text(&gist(entry.case, &entry.proof), LONGEST_TEXT)).or_default() += 1;
    }
    reasons.iter().map(|(reason, count)| format!("- {count} because: {reason}\n")).collect()
}

fn text(raw: &str, longest: usize) -> String {
    escaped(&plain_line(raw, longest))
}

/// One line of words that Markdown and HTML would take for their own, taken literally.
fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut before = ' ';
    for c in line.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            // `www.` and `://` would become links, `@name` a mention.
            '.' if matches!(before, 'w' | 'W') => text.push_str("\\."),
            '\\' | '`' | '*' | '_' | '[' | ']' | '{' | '}' | '(' | ')' | '|' | '~' | '$' | '^' | '#'
            | '!' | '@' | ':' => {
                text.push('\\');
                text.push(c);
            }
            _ => text.push(c),
        }
        before = c;
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::text;

    #[rstest]
    #[case::tags("<script>a</script> &amp;", "&lt;script&gt;a&lt;/script&gt; &amp;amp;")]
    #[case::table("a | b", r"a \| b")]
    #[case::code("``a``", r"\`\`a\`\`")]
    #[case::link("[a](https://b)", r"\[a\]\(https\://b\)")]
    #[case::bare_link("www.example", r"www\.example")]
    #[case::lines("a\n# b\r\n- c", r"a\\n\# b\\n- c")]
    #[case::colour("\u{1B}[31mred", "red")]
    #[case::reordered("a\u{202E}b", r"a\\u\{202e\}b")]
    fn words_stay_words(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(text(raw, 100), expected);
    }
}
