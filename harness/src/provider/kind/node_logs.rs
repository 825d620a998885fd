//! Keeps the logs of nodes before they are removed: only the newest, and without secrets.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::cli::KindCli;
use crate::host::{Host, report_progress};
use crate::provider::cluster_name::ClusterName;
use podproof_core::redact::redacted;

/// The number of log folders kept for each cluster name.
const KEPT: usize = 5;

/// Saves the nodes' logs in a new folder and returns it. Failures are only reported.
pub(super) async fn keep_logs(
    host: &Host,
    kind: &KindCli,
    name: &ClusterName,
    patience: Duration,
) -> PathBuf {
    let all = host.folders.node_logs(name.as_str());
    let folder = all.join(Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string());
    if let Err(error) = fs::create_dir_all(&folder) {
        report_progress!("the node logs cannot be saved in {}: {error}", folder.display());
        return folder;
    }
    let export = kind.export_logs(name.as_str(), &folder).deadline(patience);
    // kind exports what it can. It reports an error for podproof's node images, which have no crictl.
    if let Err(error) = export.run(&host.cancel).await {
        report_progress!("the node logs may be incomplete: {error}");
    }
    if let Err(error) = redact_files(&folder) {
        report_progress!("the node logs are not kept because they may contain secrets: {error}");
        let _ = fs::remove_dir_all(&folder);
    }
    if let Err(error) = remove_older(&all) {
        report_progress!("older node logs in {} were not removed: {error}", all.display());
    }
    folder
}

/// Redacts secrets in all files below `folder`. A node's environment may contain proxy passwords, for example.
fn redact_files(folder: &Path) -> io::Result<()> {
    // List the entries first, because `redact_file` creates temporary files in the folder.
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    for entry in entries {
        let about = entry.file_type()?;
        if about.is_dir() {
            redact_files(&entry.path())?;
        } else if about.is_file() {
            redact_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Works line by line: logs may be long, and redacting the rest of a message must not remove later lines.
fn redact_file(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut from = BufReader::new(File::open(file)?);
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    let (mut to, mut line, mut changed) = (BufWriter::new(draft.as_file_mut()), Vec::new(), false);
    while from.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        let clean = redacted(&text);
        if clean == text {
            to.write_all(&line)?;
        } else {
            changed = true;
            to.write_all(clean.as_bytes())?;
            if line.ends_with(b"\n") && !clean.ends_with('\n') {
                to.write_all(b"\n")?;
            }
        }
        line.clear();
    }
    to.flush()?;
    drop(to);
    if changed {
        draft.as_file().set_permissions(fs::metadata(file)?.permissions())?;
        draft.persist(file)?;
    }
    Ok(())
}

/// Removes all but the newest log folders, whose names are timestamps.
fn remove_older(all: &Path) -> io::Result<()> {
    let is_timestamp = |name: &str| name.len() == 16 && name.ends_with('Z') && name.as_bytes()[8] == b'T';
    let names = fs::read_dir(all)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| is_timestamp(name)).collect();
    names.sort();
    let older = names.len().saturating_sub(KEPT);
    names[..older].iter().try_for_each(|name| fs::remove_dir_all(all.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_older_log_folders_are_removed() {
        let all = tempfile::tempdir().unwrap();
        let name = |second: usize| format!("20260101T0000{second:02}Z");
        for second in 0..8 {
            fs::create_dir_all(all.path().join(name(second)).join("x-control-plane")).unwrap();
        }
        fs::create_dir(all.path().join("mine")).unwrap();
        remove_older(all.path()).unwrap();
        let exists = |name: &str| all.path().join(name).is_dir();
        assert!((0..3).all(|second| !exists(&name(second))));
        assert!((3..8).all(|second| exists(&name(second))) && exists("mine"));
        remove_older(all.path()).unwrap();
        assert!(exists(&name(3)));
    }

    #[test]
    fn only_secrets_are_redacted() {
        let all = tempfile::tempdir().unwrap();
        let node = all.path().join("x-control-plane");
        fs::create_dir(&node).unwrap();
        let (inspect, journal) = (node.join("inspect.json"), node.join("journal.log"));
        fs::write(&inspect, "{\"Env\": [\n  \"HTTP_PROXY=http://me:pa55@proxy:3128\",\n  \"A=b\"\n]}\n")
            .unwrap();
        let error = "auth exec command 'A=\"B\" \"x\"' failed with SECRET";
        fs::write(&journal, [format!("one\n{error}\n").as_bytes(), b"\xff two\n"].concat()).unwrap();
        std::os::unix::fs::symlink("/dev/zero", node.join("endless")).unwrap();
        redact_files(all.path()).unwrap();
        let hidden = "{\"Env\": [\n  \"HTTP_PROXY=http://me:***@proxy:3128\",\n  \"A=b\"\n]}\n";
        assert_eq!(fs::read_to_string(&inspect).unwrap(), hidden);
        assert_eq!(fs::read(&journal).unwrap(), b"one\nauth exec command '***\n\xff two\n");
        assert_eq!(fs::read_dir(&node).unwrap().count(), 3, "no drafts stay");
    }
}
