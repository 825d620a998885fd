//! What the nodes said, kept before they are replaced: the newest few, without secrets.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::kind::Kind;
use super::ownership::ClusterName;
use super::{Host, talk};
use crate::redact::redacted;

/// How many are kept of the clusters of one name.
const KEPT: usize = 5;

/// Keeps what the nodes said, beside what was kept before; gives the folder.
pub(super) async fn keep_logs(host: &Host, kind: &Kind, name: &ClusterName, patience: Duration) -> PathBuf {
    let all = host.folders.node_logs(name.as_str());
    let folder = all.join(Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string());
    if let Err(error) = fs::create_dir_all(&folder) {
        talk!("the node logs cannot be kept in {}: {error}", folder.display());
        return folder;
    }
    let export = kind.export_logs(name.as_str(), &folder).deadline(patience);
    // It takes what it can; nodes made here have, for one, no crictl to be asked for images.
    if let Err(error) = export.run(&host.cancel).await {
        talk!("the node logs may not be whole: {error}");
    }
    if let Err(error) = without_secrets(&folder) {
        // What may hold a secret is not kept.
        talk!("the node logs are not kept, for they may hold secrets: {error}");
        let _ = fs::remove_dir_all(&folder);
    }
    if let Err(error) = remove_older(&all) {
        talk!("older node logs stay in {}: {error}", all.display());
    }
    folder
}

/// Hides what looks like a secret in all files below; a node's environment has, for one, the proxies.
fn without_secrets(folder: &Path) -> io::Result<()> {
    // Drafts that come meanwhile are none of them.
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    for entry in entries {
        let about = entry.file_type()?;
        if about.is_dir() {
            without_secrets(&entry.path())?;
        } else if about.is_file() {
            hide_in(&entry.path())?;
        }
    }
    Ok(())
}

/// Line by line: logs may be long, and what hides the rest of an error must not hide the rest of a log.
fn hide_in(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut from = BufReader::new(File::open(file)?);
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    let (mut to, mut line, mut hides) = (BufWriter::new(draft.as_file_mut()), Vec::new(), false);
    while from.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        let clean = redacted(&text);
        if clean == text {
            to.write_all(&line)?;
        } else {
            hides = true;
            to.write_all(clean.as_bytes())?;
            if line.ends_with(b"\n") && !clean.ends_with('\n') {
                to.write_all(b"\n")?;
            }
        }
        line.clear();
    }
    to.flush()?;
    drop(to);
    if hides {
        draft.as_file().set_permissions(fs::metadata(file)?.permissions())?;
        draft.persist(file)?;
    }
    Ok(())
}

/// Removes all but the newest. They are named by their time.
fn remove_older(all: &Path) -> io::Result<()> {
    let is_ours = |name: &str| name.len() == 16 && name.ends_with('Z') && name.as_bytes()[8] == b'T';
    let names = fs::read_dir(all)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| is_ours(name)).collect();
    names.sort();
    let older = names.len().saturating_sub(KEPT);
    names[..older].iter().try_for_each(|name| fs::remove_dir_all(all.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_few_are_kept_and_nothing_else_is_touched() {
        let all = tempfile::tempdir().unwrap();
        let name = |second: usize| format!("20260101T0000{second:02}Z");
        for second in 0..8 {
            fs::create_dir_all(all.path().join(name(second)).join("x-control-plane")).unwrap();
        }
        fs::create_dir(all.path().join("mine")).unwrap();
        remove_older(all.path()).unwrap();
        let there = |name: &str| all.path().join(name).is_dir();
        assert!((0..3).all(|second| !there(&name(second))));
        assert!((3..8).all(|second| there(&name(second))) && there("mine"));
        remove_older(all.path()).unwrap();
        assert!(there(&name(3)));
    }

    #[test]
    fn secrets_are_hidden_in_all_files_and_all_else_stays() {
        let all = tempfile::tempdir().unwrap();
        let node = all.path().join("x-control-plane");
        fs::create_dir(&node).unwrap();
        let (inspect, journal) = (node.join("inspect.json"), node.join("journal.log"));
        fs::write(&inspect, "{\"Env\": [\n  \"HTTP_PROXY=http://me:pa55@proxy:3128\",\n  \"A=b\"\n]}\n")
            .unwrap();
        let error = "auth exec command 'A=\"B\" \"x\"' failed with SECRET";
        fs::write(&journal, [format!("one\n{error}\n").as_bytes(), b"\xff two\n"].concat()).unwrap();
        std::os::unix::fs::symlink("/dev/zero", node.join("endless")).unwrap();
        without_secrets(all.path()).unwrap();
        let hidden = "{\"Env\": [\n  \"HTTP_PROXY=http://me:***@proxy:3128\",\n  \"A=b\"\n]}\n";
        assert_eq!(fs::read_to_string(&inspect).unwrap(), hidden);
        assert_eq!(fs::read(&journal).unwrap(), b"one\nauth exec command '***\n\xff two\n");
        assert_eq!(fs::read_dir(&node).unwrap().count(), 3, "no drafts stay");
    }
}
