//! What a test case's output tells: where the evidence lies, and of what is no success the ends of the logs.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::ending::Ending;
use super::profile::JunitProfile;
use super::suite::Entry;
use crate::disk::open_regular;
use crate::report::entry::rests_on_evidence;
use crate::report::text::{XmlText, plain_line};
use crate::run::{evidence_folder, evidence_folder_within};

/// Of one log at least this much is worth showing, in bytes.
const LEAST_LOG: u64 = 256;

/// The longest path on Linux, in bytes.
const LONGEST_PATH: usize = 4096;

/// How many logs of one case are looked at.
const MOST_LOGS: usize = 64;

/// The output of a test case: at most about `limit` bytes of what was said and as many of logs, beside the names of
/// files. Nothing where there is nothing to show. `folder` is the run's, and `shown` how readers of the document find it.
pub(super) fn output(
    entry: &Entry<'_>,
    (folder, shown): (&Path, &Path),
    profile: JunitProfile,
    limit: usize,
) -> Option<String> {
    let faults = entry.case.faults.iter().map(|fault| format!("fault: {fault}"));
    let said = match &entry.ending {
        Ending::Success { note } => note.clone(),
        Ending::Skipped { .. } => None,
        _ if !rests_on_evidence(folder, entry.slug, entry.verdict) => None,
        Ending::Error { .. } | Ending::Failure { .. } => {
            let file = evidence_folder(Path::new(""), entry.slug).join("evidence.json");
            Some(format!("evidence: {}", file.display()))
        }
    };
    let lines: Vec<_> = said.into_iter().chain(faults).collect();
    let mut text = unmarked(XmlText::new(&lines.join("\n")).within(limit).as_str());
    if matches!(entry.ending, Ending::Error { .. } | Ending::Failure { .. })
        && let Ok(evidence) = evidence_folder_within(folder, entry.slug)
    {
        let logs = logs(&evidence);
        // Of several markers some readers take the first.
        let shown = |file: &Path| match file.strip_prefix(folder) {
            Ok(below) => shown.join(below),
            Err(_) => file.to_owned(),
        };
        text = attachments(&evidence, &logs, profile.attachments(), shown)
            + &text
            + &unmarked(&ends(&logs, limit));
    }
    (!text.is_empty()).then_some(text)
}

/// The text with no marker by which readers attach a file or set a property: who writes a log must not choose which.
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

/// The logs of an execution, by name.
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

/// The end of each log; together at most about `limit` bytes, and no more is read.
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

/// The last bytes of a file, and how many stand before them.
fn end(file: &Path, most: u64) -> io::Result<(u64, String)> {
    let mut open = open_regular(file)?;
    let left_out = open.metadata()?.len().saturating_sub(most);
    open.seek(SeekFrom::Start(left_out))?;
    let mut bytes = Vec::new();
    open.take(most).read_to_end(&mut bytes)?;
    let text = XmlText::new(&String::from_utf8_lossy(&bytes));
    Ok((left_out, text.as_str().trim_end().to_owned()))
}

/// A line for each file that a reader may keep beside the test case; the evidence comes first.
fn attachments(evidence: &Path, logs: &[PathBuf], most: usize, shown: impl Fn(&Path) -> PathBuf) -> String {
    let is_file = |file: &PathBuf| fs::symlink_metadata(file).is_ok_and(|file| file.is_file());
    let files = [evidence.join("evidence.json")].into_iter().filter(is_file).chain(logs.iter().cloned());
    let names = files.map(|file| shown(&file).display().to_string());
    // A name that is no single plain line would be none of ours.
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
    fn no_marker_but_ours(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(unmarked(text), expected);
    }
}
