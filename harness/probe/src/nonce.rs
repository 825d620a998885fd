//! Random nonces, which distinguish the starts of a container.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
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
    /// Parses the options of `nonce`.
    #[expect(clippy::unnecessary_wraps, reason = "every parser has this signature")]
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Nonce(Self { from: options.optional("from").map(PathBuf::from) }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let Some(path) = self.from else {
            let result = generate().map(|nonce| Fields::new().text("nonce", nonce));
            return log.act("nonce", Fields::new(), result);
        };
        let params = Fields::new().text("from", path.as_os_str().as_bytes());
        let result = load_or_create(&path)
            .map(|(nonce, created)| Fields::new().text("nonce", nonce).flag("created", created));
        log.act("nonce", params, result)
    }
}

fn generate() -> io::Result<String> {
    let mut bytes = [0; 16];
    random::fill(&mut bytes)?;
    let mut text = String::new();
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn load_or_create(path: &Path) -> io::Result<(String, bool)> {
    let new = OpenOptions::new().write(true).create_new(true).open(path);
    match new {
        Ok(mut file) => {
            let nonce = generate()?;
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
