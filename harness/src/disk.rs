//! Files that are written whole or not at all, and files that somebody names, which may be anything.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// How long somebody is waited for who opens a named pipe to write into it.
const WRITER: Duration = Duration::from_secs(5);

/// How long whoever has opened a pipe may leave it without a byte.
const NEXT: Duration = Duration::from_secs(30);

/// Writes a file so that a reader sees the old or the new content, never a part, whatever happens meanwhile.
///
/// Makes the folder where it is missing. The file may be read by whom the umask allows: collectors of reports
/// run as somebody else; one that is there keeps its mode, and its owner where we may give files away. A link is
/// followed. What is no file (a device, a pipe) is written to, and never replaced.
pub(crate) fn write_whole(file: &Path, content: &[u8]) -> io::Result<()> {
    let is_link = fs::symlink_metadata(file).is_ok_and(|about| about.is_symlink());
    let target = if is_link { file.canonicalize().ok() } else { None };
    let is_there = fs::metadata(file).is_ok_and(|about| !about.is_dir());
    let is_file = fs::metadata(file).is_ok_and(|about| about.is_file());
    if is_there && (!is_file || (is_link && target.is_none())) {
        return write_stream(&opened(OpenOptions::new().write(true), file)?, content);
    }
    let file = target.as_deref().unwrap_or(file);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut draft =
        tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
    draft.write_all(content)?;
    if let Ok(before) = fs::metadata(file) {
        keep_access(draft.as_file(), &before)?;
    }
    draft.as_file().sync_all()?;
    draft.persist(file)?;
    Ok(())
}

/// Gives a new file the owner, the group and the mode of the one that it replaces.
fn keep_access(draft: &File, before: &Metadata) -> io::Result<()> {
    let now = draft.metadata()?;
    if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
        // Who may not give files away may still write this one: it becomes theirs. The group may be one of theirs.
        let group = || fchown(draft, None, Some(before.gid()));
        let _ = fchown(draft, Some(before.uid()), Some(before.gid())).or_else(|_| group());
    }
    // Afterwards, for a new owner takes bits away.
    draft.set_permissions(before.permissions())
}

/// Opens a file that was written by this program: a regular one, so that reading it comes to an end.
pub(crate) fn open_regular(file: &Path) -> io::Result<File> {
    let open = opened(OpenOptions::new().read(true), file)?;
    if open.metadata()?.is_file() { Ok(open) } else { Err(invalid("it is no regular file")) }
}

/// Reads a file that somebody names, whole, where it has at most `most` bytes. It may be a pipe, which is read as long as
/// somebody writes to it.
pub(crate) fn read_bytes(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut open = opened(OpenOptions::new().read(true), file)?;
    let mut bytes = Vec::new();
    if open.metadata()?.is_file() {
        open.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    } else {
        read_stream(&mut open, &mut bytes, most)?;
    }
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {}", size(most))));
    }
    Ok(bytes)
}

/// The same, as text.
pub(crate) fn read_text(file: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read_bytes(file, most)?).map_err(|_| invalid("it is no UTF-8 text"))
}

/// Opens without waiting for whoever is at the other end of a pipe.
fn opened(how: &mut OpenOptions, file: &Path) -> io::Result<File> {
    how.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed()).open(file)
}

/// Reads what is no regular file: up to its end, one byte more than may be, or until nobody writes any more.
fn read_stream(open: &mut File, bytes: &mut Vec<u8>, most: u64) -> io::Result<()> {
    let mut piece = vec![0; 64 << 10];
    let begun = Instant::now();
    while bytes.len() as u64 <= most {
        match open.read(&mut piece) {
            // At a pipe that nobody has opened yet it looks like the end.
            Ok(0) if bytes.is_empty() && !has_ended(open)? => {
                if begun.elapsed() >= WRITER || !is_ready(open, PollFlags::IN, WRITER)? {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "it is a pipe, and nobody writes to it",
                    ));
                }
            }
            Ok(0) => return Ok(()),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !is_ready(open, PollFlags::IN, NEXT)? {
                    let waited =
                        format!("it is no regular file, and nothing came from it for {} s", NEXT.as_secs());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, waited));
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes to what is no regular file, as long as somebody reads.
fn write_stream(mut open: &File, mut content: &[u8]) -> io::Result<()> {
    while !content.is_empty() {
        match open.write(content) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => content = &content[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !is_ready(open, PollFlags::OUT, NEXT)? {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads it"));
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether all who wrote are gone. What cannot say so is no pipe, and its end is its end.
fn has_ended(open: &File) -> io::Result<bool> {
    let mut asked = [PollFd::new(open, PollFlags::IN)];
    poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(!asked[0].revents().is_empty())
}

/// Whether something can be read or written within that time, if only the end.
fn is_ready(open: &File, what: PollFlags, within: Duration) -> io::Result<bool> {
    let within = Timespec { tv_sec: within.as_secs().cast_signed(), tv_nsec: 0 };
    Ok(poll(&mut [PollFd::new(open, what)], Some(&within))? > 0)
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

fn size(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_file_is_read_whole_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read_text(&file, 5).unwrap(), "12345");
        assert_eq!(read_text(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(open_regular(folder.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn what_has_no_end_comes_to_one() {
        let error = read_bytes(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 1 MiB");
        assert_eq!(read_bytes(Path::new("/dev/null"), 1 << 20).unwrap(), b"");
        assert!(open_regular(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn a_pipe_is_read_to_its_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"text").unwrap();
        drop(writer);
        let file = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader)));
        assert_eq!(read_text(&file, 10).unwrap(), "text");
        // Who wrote nothing and is gone has said all.
        assert_eq!(read_text(&file, 10).unwrap(), "");
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode_and_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink(&file, &link).unwrap();
        fs::write(&file, "old").unwrap();
        // Who is not root may give files to nobody.
        let owner = if fchown(File::open(&file).unwrap(), Some(4321), Some(8765)).is_ok() { 4321 } else { 0 };
        for mode in [0o600, 0o640, 0o664] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            for name in [&file, &link] {
                write_whole(name, b"new").unwrap();
                let about = fs::metadata(&file).unwrap();
                assert_eq!(about.mode() & 0o7777, mode);
                assert!(owner == 0 || (about.uid(), about.gid()) == (owner, 8765), "{about:?}");
            }
        }
        assert!(link.is_symlink());
    }

    #[test]
    fn what_is_no_file_is_written_to_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (device, link, file) =
            (folder.path().join("device"), folder.path().join("link"), folder.path().join("file"));
        symlink("/dev/null", &device).unwrap();
        symlink(&file, &link).unwrap();
        fs::write(&file, "old").unwrap();
        write_whole(&device, b"new").unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(device.is_symlink() && link.is_symlink());
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }
}
