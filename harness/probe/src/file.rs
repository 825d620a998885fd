//! Files: write (safely, or in ways that lose data), read, stat.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::mem;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// The most bytes that `read` reports. More would not fit into one log line.
pub(crate) const READ_LIMIT: u64 = 64 * 1024;

/// A verb that acts on a file.
#[derive(Debug)]
pub(crate) struct FileVerb {
    path: PathBuf,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Write { text: Vec<u8>, how: How },
    WritePart { synced: Vec<u8>, unsynced: Vec<u8> },
    Read { limit: u64 },
    Stat,
}

/// The flags of `write`.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct How {
    append: bool,
    buffered: bool,
    if_absent: bool,
    sync: bool,
}

impl FileVerb {
    /// Parses the options of `write`.
    pub(crate) fn write(options: &mut Options) -> Result<Verb, UsageError> {
        let text = options.required_bytes("text")?;
        let how = How {
            append: options.flag("append"),
            buffered: options.flag("buffered"),
            if_absent: options.flag("if-absent"),
            sync: options.flag("sync"),
        };
        if how.buffered && how.sync {
            return Err(options.usage_error("cannot be both --buffered and --sync"));
        }
        Self::parse(options, Action::Write { text, how })
    }

    /// Parses the options of `write-part`.
    pub(crate) fn write_part(options: &mut Options) -> Result<Verb, UsageError> {
        let synced = options.required_bytes("synced")?;
        let unsynced = options.required_bytes("unsynced")?;
        Self::parse(options, Action::WritePart { synced, unsynced })
    }

    /// Parses the options of `read`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, UsageError> {
        let limit = options.parsed_or("limit", READ_LIMIT)?;
        Self::parse(options, Action::Read { limit })
    }

    /// Parses the options of `stat`.
    pub(crate) fn stat(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Stat)
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::File(Self { path: options.required("path")?.into(), action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let path = &self.path;
        let params = Fields::new().text("path", path.as_os_str().as_bytes());
        match self.action {
            Action::Write { text, how } => log.act("write", params, write(path, &text, how)),
            Action::WritePart { synced, unsynced } => {
                log.act("write-part", params, write_part(path, &synced, &unsynced))
            }
            Action::Read { limit } => log.look("read", params, read(path, limit)),
            Action::Stat => log.look("stat", params, stat(path)),
        }
    }
}

fn write(path: &Path, text: &[u8], how: How) -> io::Result<Fields> {
    let mut options = OpenOptions::new();
    options.write(true).append(how.append).truncate(!how.append).create(true);
    let mut created = OpenOptions::new();
    created.write(true).create_new(true);
    let file = match how.if_absent.then(|| created.open(path)) {
        Some(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Ok(written(0, &fs::metadata(path)?).flag("created", false));
        }
        Some(result) => result?,
        None => options.open(path)?,
    };
    let seen = file.metadata()?;
    if how.buffered {
        leave_in_buffer(file, text)?;
    } else {
        let mut file = file;
        file.write_all(text)?;
        if how.sync {
            file.sync_all()?;
        }
    }
    let fields = written(text.len(), &seen);
    Ok(if how.if_absent { fields.flag("created", true) } else { fields })
}

fn write_part(path: &Path, synced: &[u8], unsynced: &[u8]) -> io::Result<Fields> {
    let mut file = File::create(path)?;
    file.write_all(synced)?;
    file.sync_all()?;
    let seen = file.metadata()?;
    leave_in_buffer(file, unsynced)?;
    Ok(Fields::new()
        .count("synced_bytes", synced.len())
        .count("buffered_bytes", unsynced.len())
        .number("dev", seen.dev())
        .number("ino", seen.ino()))
}

/// Leaves the text in a user-space buffer that is never flushed, so that the text is lost when the process ends.
fn leave_in_buffer(file: File, text: &[u8]) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(text.len() + 1, file);
    writer.write_all(text)?;
    // Dropping the writer would flush it.
    mem::forget(writer);
    Ok(())
}

fn written(bytes: usize, seen: &Metadata) -> Fields {
    Fields::new().count("bytes", bytes).number("dev", seen.dev()).number("ino", seen.ino())
}

/// The report fields of `read`. Reads at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Fields> {
    let file = File::open(path)?;
    let seen = file.metadata()?;
    let mut content = Vec::new();
    file.take(limit).read_to_end(&mut content)?;
    let truncated = u64::try_from(content.len()).is_ok_and(|length| length == limit && length < seen.len());
    Ok(Fields::new()
        .flag("present", true)
        .text("content", content)
        .flag("truncated", truncated)
        .number("size", seen.len())
        .number("dev", seen.dev())
        .number("ino", seen.ino()))
}

fn stat(path: &Path) -> io::Result<Fields> {
    let seen = fs::metadata(path)?;
    Ok(Fields::new()
        .flag("present", true)
        .text("kind", kind(&seen))
        .text("mode", format!("{:o}", seen.mode() & 0o7777))
        .number("uid", seen.uid())
        .number("gid", seen.gid())
        .number("size", seen.len())
        .number("dev", seen.dev())
        .number("ino", seen.ino()))
}

fn kind(seen: &Metadata) -> &'static str {
    let kind = seen.file_type();
    if kind.is_file() {
        "file"
    } else if kind.is_dir() {
        "folder"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_fifo() {
        "fifo"
    } else {
        "device"
    }
}
