//! A nonce: bytes that nobody else has, so that two starts of a container can be told apart.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::random;
use crate::verb::Verb;

/// `nonce`
#[derive(Debug)]
pub(crate) struct Nonce {
    from: Option<PathBuf>,
}

impl Nonce {
    /// Reads `nonce`.
    #[expect(clippy::unnecessary_wraps, reason = "all verbs are read alike")]
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Nonce(Self { from: options.optional("from").map(PathBuf::from) }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let Some(path) = self.from else {
            let result = fresh().map(|nonce| Fields::new().text("nonce", nonce));
            return log.act("nonce", Fields::new(), result);
        };
        let asked = Fields::new().text("from", path.as_os_str().as_bytes());
        let result =
            kept(&path).map(|(nonce, created)| Fields::new().text("nonce", nonce).flag("created", created));
        log.act("nonce", asked, result)
    }
}

fn fresh() -> io::Result<String> {
    let mut bytes = [0; 16];
    random::fill(&mut bytes)?;
    let mut text = String::new();
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn kept(path: &Path) -> io::Result<(String, bool)> {
    let new = OpenOptions::new().write(true).create_new(true).open(path);
    match new {
        Ok(mut file) => {
            let nonce = fresh()?;
            file.write_all(nonce.as_bytes())?;
            Ok((nonce, true))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let bytes = fs::read(path)?;
            Ok((String::from_utf8_lossy(bytes.trim_ascii()).into_owned(), false))
        }
        Err(error) => Err(error),
    }
}
