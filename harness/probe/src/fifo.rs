//! Named pipes: create, write, read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::file;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::fifo;
use crate::verb::Verb;

/// A verb that acts on a named pipe.
#[derive(Debug)]
pub(crate) struct FifoVerb {
    path: PathBuf,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Make { if_absent: bool },
    Write { text: Vec<u8> },
    Read,
}

impl FifoVerb {
    /// Parses the options of `fifo-make`.
    pub(crate) fn make(options: &mut Options) -> Result<Verb, UsageError> {
        let if_absent = options.flag("if-absent");
        Self::parse(options, Action::Make { if_absent })
    }

    /// Parses the options of `fifo-write`.
    pub(crate) fn write(options: &mut Options) -> Result<Verb, UsageError> {
        let text = options.required_bytes("text")?;
        Self::parse(options, Action::Write { text })
    }

    /// Parses the options of `fifo-read`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Read)
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Fifo(Self { path: options.required("path")?.into(), action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let path = &self.path;
        let params = Fields::new().text("path", path.as_os_str().as_bytes());
        match self.action {
            Action::Make { if_absent } => log.act("fifo-make", params, make(path, if_absent)),
            Action::Write { text } => log.act("fifo-write", params, write(path, &text)),
            Action::Read => log.act("fifo-read", params, read(path)),
        }
    }
}

fn make(path: &Path, if_absent: bool) -> io::Result<Fields> {
    let created = match fifo::make(path) {
        Ok(()) => true,
        Err(error) if if_absent && error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(error),
    };
    Ok(Fields::new().flag("created", created))
}

/// Waits for a reader and writes.
fn write(path: &Path, text: &[u8]) -> io::Result<Fields> {
    OpenOptions::new().write(true).open(path)?.write_all(text)?;
    Ok(Fields::new().count("bytes", text.len()))
}

/// Waits for a writer and reads until the last writer closes the pipe.
fn read(path: &Path) -> io::Result<Fields> {
    let mut text = Vec::new();
    File::open(path)?.take(file::READ_LIMIT).read_to_end(&mut text)?;
    Ok(Fields::new().text("text", text))
}
