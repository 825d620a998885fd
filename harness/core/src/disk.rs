//! Atomic writes, and bounded reads of files that users name, which may be pipes or devices.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// How long reading a named pipe waits for a writer.
const WRITER: Duration = Duration::from_secs(5);

/// How long reading or writing a pipe or a device waits for the next byte.
const NEXT: Duration = Duration::from_secs(30);

/// Writes a file atomically: a reader sees the old or the new content, never a part.
///
/// Creates a missing folder. The umask alone restricts a new file, because collectors of reports run as other users. An
/// existing file keeps its mode and, where the process may change owners, its owner. Links are followed. A device or a
/// pipe is written to and never replaced.
pub fn write_whole(file: &Path, content: &[u8]) -> io::Result<()> {
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

/// Gives a new file the owner, group and mode of the one that it replaces.
fn keep_access(draft: &File, before: &Metadata) -> io::Result<()> {
    let now = draft.metadata()?;
    if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
        // Without the right to change the owner, the file goes to the current user. The group may still be allowed.
        let group = || fchown(draft, None, Some(before.gid()));
        let _ = fchown(draft, Some(before.uid()), Some(before.gid())).or_else(|_| group());
    }
    // Only now, because changing the owner clears mode bits.
    draft.set_permissions(before.permissions())
}

/// Opens a file that podproof wrote. It must be a regular file, so that reading it ends.
pub fn open_regular(file: &Path) -> io::Result<File> {
    let open = opened(OpenOptions::new().read(true), file)?;
    if open.metadata()?.is_file() { Ok(open) } else { Err(invalid("it is not a regular file")) }
}

/// Reads a whole file of at most `most` bytes. It may be a pipe, which is read until its writers close it.
pub fn read_bytes(file: &Path, most: u64) -> io::Result<Vec<u8>> {
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

/// Like [`read_bytes`], as UTF-8 text.
pub fn read_text(file: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read_bytes(file, most)?).map_err(|_| invalid("it is not UTF-8 text"))
}

/// Opens a file without blocking on the other end of a pipe.
fn opened(how: &mut OpenOptions, file: &Path) -> io::Result<File> {
    how.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed()).open(file)
}

/// Reads a pipe or a device until its end, until `most` bytes are exceeded, or until no more bytes arrive in time.
fn read_stream(open: &mut File, bytes: &mut Vec<u8>, most: u64) -> io::Result<()> {
    let mut piece = vec![0; 64 << 10];
    let begun = Instant::now();
    while bytes.len() as u64 <= most {
        match open.read(&mut piece) {
            // A pipe that no writer has opened yet also reads as ended.
            Ok(0) if bytes.is_empty() && !has_ended(open)? => {
                if begun.elapsed() >= WRITER || !is_ready(open, PollFlags::IN, WRITER)? {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "it is a pipe without a writer"));
                }
            }
            Ok(0) => return Ok(()),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !is_ready(open, PollFlags::IN, NEXT)? {
                    let waited =
                        format!("it is not a regular file and sent no data for {} s", NEXT.as_secs());
                    return Err(io::Error::new(io::ErrorKind::TimedOut, waited));
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes to a pipe or a device while its reader keeps up.
fn write_stream(mut open: &File, mut content: &[u8]) -> io::Result<()> {
    while !content.is_empty() {
        match open.write(content) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => content = &content[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !is_ready(open, PollFlags::OUT, NEXT)? {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "its reader does not read"));
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// True if all writers of a pipe are gone. Other files are always ready, so their end is final.
fn has_ended(open: &File) -> io::Result<bool> {
    let mut asked = [PollFd::new(open, PollFlags::IN)];
    poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(!asked[0].revents().is_empty())
}

/// Returns whether data or the end of the file can be read, or data written, within that time.
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
    fn reading_an_endless_file_stops_at_the_limit() {
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
        // The writer closed the pipe without writing more.
        assert_eq!(read_text(&file, 10).unwrap(), "");
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink(&file, &link).unwrap();
        fs::write(&file, "old").unwrap();
        // Only root may change the owner of a file.
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
    fn devices_and_links_are_written_to_and_never_replaced() {
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
