//! A summary in Markdown, which CI systems show for a build.
//!
//! Text from the cluster is escaped. The summary stays below GitHub's size limit: it leaves out the least important
//! entries first and says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::changes::{describe_change, describe_earlier, describe_health};
use super::entry::{Entry, entries, group_name};
use super::error::ReportError;
use super::status::{StatusClass, gist};
use super::text::{counted, plain_line};
use crate::disk::write_whole;
use crate::history::regression::{CaseChange, FactRow, HistoryComparison};
use crate::judge::Finding;
use crate::plan::Purpose;
use crate::record::{RunOutcome, RunRecord};

/// The largest summary, in bytes. GitHub accepts 1024 KiB per step.
const LARGEST: usize = 1000 << 10;

/// The space reserved for the note about left-out entries, in bytes.
const NOTE: usize = 200;

/// The longest texts, in characters.
const LONGEST_TEXT: usize = 600;
const LONGEST_NAME: usize = 160;

/// The number of changes listed under each heading, and of environment facts.
const CHANGES: usize = 50;

/// The number of findings listed per execution.
const FINDINGS: usize = 8;

/// Renders a record and the comparison with earlier runs as Markdown. The same input gives the same bytes.
#[must_use]
pub fn markdown_summary(record: &RunRecord, comparison: Option<&HistoryComparison>) -> String {
    let entries = entries(record);
    let mut summary = Summary { text: head(record, &entries), left_out: 0 };
    if let Some(comparison) = comparison {
        add_changes(&mut summary, comparison);
    }
    for class in [StatusClass::Bad, StatusClass::Inconclusive, StatusClass::Skipped, StatusClass::Good] {
        let group: Vec<_> = entries.iter().filter(|entry| entry.status.class() == class).collect();
        if group.is_empty() {
            continue;
        }
        summary.add(&format!("\n#### {} ({})\n\n", group_name(record.purpose, class), group.len()));
        match class {
            StatusClass::Bad | StatusClass::Inconclusive => {
                for entry in group {
                    summary.add(&item(entry));
                }
            }
            StatusClass::Skipped => {
                for reason in reasons(&group) {
                    summary.add(&reason);
                }
            }
            StatusClass::Good => {
                summary.add("<details><summary>Show</summary>\n\n");
                for entry in group {
                    summary.add(&row(entry));
                }
                summary.text += "\n</details>\n";
            }
        }
    }
    summary.finish()
}

/// Writes `summary.md` into the run's folder, atomically.
pub(super) fn write_markdown(
    folder: &Path,
    record: &RunRecord,
    comparison: Option<&HistoryComparison>,
) -> Result<(), ReportError> {
    let file = folder.join("summary.md");
    write_whole(&file, markdown_summary(record, comparison).as_bytes())
        .map_err(|source| ReportError::File { file, source })
}

struct Summary {
    text: String,
    left_out: usize,
}

impl Summary {
    /// Adds `part` if it fits. After the first part that does not fit, adds nothing more: later parts are less
    /// important.
    fn add(&mut self, part: &str) {
        if self.left_out > 0 || self.text.len() + part.len() + NOTE > LARGEST {
            self.left_out += 1;
        } else {
            self.text += part;
        }
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let left_out = self.left_out;
            // Writing to a string cannot fail.
            let _ = writeln!(self.text, "\n{left_out} more entries are left out; `report.html` has them.");
        }
        self.text
    }
}

fn head(record: &RunRecord, entries: &[Entry<'_>]) -> String {
    let counts = [
        (StatusClass::Bad, if record.purpose == Purpose::Prove { "failed, or not killed" } else { "failed" }),
        (StatusClass::Inconclusive, "inconclusive"),
        (StatusClass::Skipped, "skipped"),
        (StatusClass::Good, if record.purpose == Purpose::Prove { "passed, or killed" } else { "passed" }),
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
        RunOutcome::of(record).word(),
        text(&record.cluster.version, LONGEST_NAME),
        text(record.run.as_str(), LONGEST_NAME),
        counts.concat(),
        interrupted.unwrap_or_default(),
        faults.collect::<String>(),
    )
}

/// Adds the changes since earlier runs, the most important first.
fn add_changes(summary: &mut Summary, comparison: &HistoryComparison) {
    let HistoryComparison { series, review, previous, last_good } = comparison;
    summary.add(&format!(
        "\n#### What changed: {}\n\nCompared with {} of the series {}.\n",
        review.result().word(),
        counted(review.compared_runs, "run"),
        text(series, LONGEST_NAME)
    ));
    if let Some(why) = describe_health(&review.health) {
        summary.add(&format!("{}\n", text(&why, LONGEST_TEXT)));
    }
    for (label, run) in [("last run", previous), ("last good run", last_good)] {
        summary.add(&match run {
            Some(run) => format!(
                "- Compared with the {label} {}: {}\n",
                text(&run.run.id, LONGEST_NAME),
                text(&describe_earlier(run), LONGEST_TEXT)
            ),
            None => format!("- No {label} is known.\n"),
        });
    }
    for (kind, changes) in review.groups() {
        summary.add(&format!("\n**{}** ({})\n\n", kind.heading(), changes.len()));
        for change in changes.iter().take(CHANGES) {
            summary.add(&change_item(change));
        }
        if changes.len() > CHANGES {
            summary.add(&format!("- {} more\n", changes.len() - CHANGES));
        }
    }
    let facts = comparison.changed_environment();
    if !facts.is_empty() {
        summary.add("\n| environment | last good run | last run | now |\n| --- | --- | --- | --- |\n");
    }
    for FactRow { fact, last_good, previous, current } in facts.iter().take(CHANGES) {
        let values = [last_good, previous, current];
        let values = values.map(|value| text(value.unwrap_or("unknown"), LONGEST_NAME));
        summary.add(&format!("| {} | {} |\n", text(fact, LONGEST_NAME), values.join(" | ")));
    }
}

fn change_item(change: &CaseChange) -> String {
    let since =
        change.kind.range().map(|range| format!(", since {}", text(&range.first_bad.id, LONGEST_NAME)));
    let details = text(&describe_change(change, str::to_owned), LONGEST_TEXT);
    let details = if details.is_empty() { details } else { format!(": {details}") };
    format!(
        "- {} {}{}{details}\n",
        text(change.kind.label(), LONGEST_NAME),
        text(&change.key.to_string(), LONGEST_NAME),
        since.unwrap_or_default()
    )
}

/// One execution with its reason, mutant, attempts and findings.
fn item(entry: &Entry<'_>) -> String {
    let mut item = row(entry);
    let findings = entry.case.verdict.findings();
    let gist = gist(entry.case, &entry.proof);
    if findings.is_empty() || entry.status.class() == StatusClass::Inconclusive {
        let reason = text(&gist, LONGEST_TEXT);
        let reason = if reason.is_empty() { "no reason was given" } else { reason.as_str() };
        let _ = writeln!(item, "  - {reason}");
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
        let _ = writeln!(item, "  - attempts: {}", entry.case.attempt_verdicts());
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

/// A line for each reason, with the number of cases skipped for it.
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

/// Escapes a line so that Markdown and HTML show it literally.
fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut before = ' ';
    for c in line.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            // GitHub turns `www.` and `://` into links, and `@name` into a mention.
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
    fn markup_is_escaped(#[case] raw: &str, #[case] expected: &str) {
        assert_eq!(text(raw, 100), expected);
    }
}
