//! The output of a test case: the path of its evidence and, if it did not succeed, the ends of its logs.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::ending::Ending;
use super::profile::JunitProfile;
use super::suite::TestCaseEntry;
use crate::disk::open_regular;
use crate::record::{evidence_folder, evidence_folder_within};
use crate::report::entry::rests_on_evidence;
use crate::report::text::{XmlText, plain_line};

/// The shortest end of a log worth showing, in bytes.
const LEAST_LOG: u64 = 256;

/// The longest path on Linux, in bytes.
const LONGEST_PATH: usize = 4096;

/// The number of logs considered per case.
const MOST_LOGS: usize = 64;

/// The output of a test case: at most about `limit` bytes of text, as many of logs, and attachment markers. `None` if
/// there is nothing to show. `folder` is the run's, and `shown` its path for readers of the document.
pub(super) fn output(
    entry: &TestCaseEntry<'_>,
    (folder, shown): (&Path, &Path),
    profile: JunitProfile,
    limit: usize,
) -> Option<String> {
    let faults = entry.case.faults.iter().map(|fault| format!("fault: {fault}"));
    let note = match &entry.ending {
        Ending::Success { note } => note.clone(),
        Ending::Skipped { .. } => None,
        _ if !rests_on_evidence(folder, entry.slug, entry.verdict) => None,
        Ending::Error { .. } | Ending::Failure { .. } => {
            let file = evidence_folder(Path::new(""), entry.slug).join("evidence.json");
            Some(format!("evidence: {}", file.display()))
        }
    };
    let lines: Vec<_> = note.into_iter().chain(faults).collect();
    let mut text = unmarked(XmlText::new(&lines.join("\n")).within(limit).as_str());
    if matches!(entry.ending, Ending::Error { .. } | Ending::Failure { .. })
        && let Ok(evidence) = evidence_folder_within(folder, entry.slug)
    {
        let logs = logs(&evidence);
        // The markers come first, because some readers use only the first one.
        let shown = |file: &Path| match file.strip_prefix(folder) {
            Ok(below) => shown.join(below),
            Err(_) => file.to_owned(),
        };
        text = attachments(&evidence, &logs, profile.attachments, shown)
            + &text
            + &unmarked(&ends(&logs, limit));
    }
    (!text.is_empty()).then_some(text)
}

/// Defuses markers by which readers attach a file or set a property, so that a log cannot contain working ones.
pub(super) fn unmarked(text: &str) -> String {
    let is_marker = |rest: &str| {
        ["ATTACHMENT|", "PROPERTY|"]
            .iter()
            .any(|marker| rest.get(..marker.len()).is_some_and(|word| word.eq_ignore_ascii_case(marker)))
    };
    let mut unmarked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[[") {
        unmarked += before;
        unmarked += if is_marker(after) { "[ [" } else { "[[" };
        rest = after;
    }
    unmarked + rest
}

/// The logs of an execution, sorted by name.
fn logs(evidence: &Path) -> Vec<PathBuf> {
    let logs = evidence.join("logs");
    if !fs::symlink_metadata(&logs).is_ok_and(|logs| logs.is_dir()) {
        return Vec::new();
    }
    let Ok(files) = fs::read_dir(logs) else { return Vec::new() };
    let is_file = |file: &fs::DirEntry| file.file_type().is_ok_and(|kind| kind.is_file());
    let mut logs: Vec<_> = files.flatten().filter(is_file).map(|file| file.path()).collect();
    logs.sort();
    logs.truncate(MOST_LOGS);
    logs
}

/// The end of each log. Reads and returns at most about `limit` bytes in total.
fn ends(logs: &[PathBuf], limit: usize) -> String {
    let share = limit / logs.len().max(1);
    let share = u64::try_from(share).unwrap_or(u64::MAX);
    if share < LEAST_LOG {
        return String::new();
    }
    let end = |file: &PathBuf| {
        let name = plain_line(&name(file), 300);
        match end(file, share) {
            Ok((0, end)) => format!("\n\n{name}:\n{end}"),
            Ok((left_out, end)) => format!("\n\n{name}, without its first {left_out} bytes:\n{end}"),
            Err(error) => format!("\n\n{name} cannot be read: {error}"),
        }
    };
    logs.iter().map(end).collect()
}

/// The last `most` bytes of a file, and the number of bytes before them.
fn end(file: &Path, most: u64) -> io::Result<(u64, String)> {
    let mut open = open_regular(file)?;
    let left_out = open.metadata()?.len().saturating_sub(most);
    open.seek(SeekFrom::Start(left_out))?;
    let mut bytes = Vec::new();
    open.take(most).read_to_end(&mut bytes)?;
    let text = XmlText::new(&String::from_utf8_lossy(&bytes));
    Ok((left_out, text.as_str().trim_end().to_owned()))
}

/// A marker line for each file to attach to the test case; the evidence comes first.
fn attachments(evidence: &Path, logs: &[PathBuf], most: usize, shown: impl Fn(&Path) -> PathBuf) -> String {
    let is_file = |file: &PathBuf| fs::symlink_metadata(file).is_ok_and(|file| file.is_file());
    let files = [evidence.join("evidence.json")].into_iter().filter(is_file).chain(logs.iter().cloned());
    let names = files.map(|file| shown(&file).display().to_string());
    // podproof's own names have one line without control characters; skip all others.
    let plain = names.filter(|name| plain_line(name, LONGEST_PATH) == *name).take(most);
    plain.flat_map(|name| ["[[ATTACHMENT|".to_owned(), name, "]]\n".to_owned()]).collect()
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::unmarked;

    #[rstest]
    #[case("a [[ATTACHMENT|/etc/shadow]] b", "a [ [ATTACHMENT|/etc/shadow]] b")]
    #[case("[[attachment|a]][[Property|b=c]]", "[ [attachment|a]][ [Property|b=c]]")]
    #[case("[[[ATTACHMENT|a]]", "[[[ATTACHMENT|a]]")]
    #[case("[[ü]] [[", "[[ü]] [[")]
    fn markers_in_text_are_defused(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(unmarked(text), expected);
    }
}
