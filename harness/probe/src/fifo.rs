//! Named pipes: make, write, read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, Usage};
use crate::file;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::fifo;
use crate::verb::Verb;

/// A verb about a pipe.
#[derive(Debug)]
pub(crate) struct FifoVerb {
    path: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    Make { if_absent: bool },
    Write { text: Vec<u8> },
    Read,
}

impl FifoVerb {
    /// Reads `fifo-make`.
    pub(crate) fn make(options: &mut Options) -> Result<Verb, Usage> {
        let if_absent = options.flag("if-absent");
        Self::about(options, What::Make { if_absent })
    }

    /// Reads `fifo-write`.
    pub(crate) fn write(options: &mut Options) -> Result<Verb, Usage> {
        let text = options.required_bytes("text")?;
        Self::about(options, What::Write { text })
    }

    /// Reads `fifo-read`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Read)
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Fifo(Self { path: options.required("path")?.into(), what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let path = &self.path;
        let asked = Fields::new().text("path", path.as_os_str().as_bytes());
        match self.what {
            What::Make { if_absent } => log.act("fifo-make", asked, make(path, if_absent)),
            What::Write { text } => log.act("fifo-write", asked, write(path, &text)),
            What::Read => log.act("fifo-read", asked, read(path)),
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

/// Waits for a writer and reads until the last one is gone.
fn read(path: &Path) -> io::Result<Fields> {
    let mut text = Vec::new();
    File::open(path)?.take(file::READ_LIMIT).read_to_end(&mut text)?;
    Ok(Fields::new().text("text", text))
}
