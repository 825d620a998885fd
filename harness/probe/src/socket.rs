//! Unix sockets: a server that gives back what it gets, and a client that wants it back.

use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::args::{Options, Usage};
use crate::errno;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// How long one silent client may keep the others waiting, and how long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much is given back.
const GREATEST_TEXT: u64 = 64 * 1024;

/// `sock-serve` or `sock-connect`
#[derive(Debug)]
pub(crate) struct Socket {
    place: Place,
    what: What,
}

/// Where a socket is.
#[derive(Debug)]
enum Place {
    /// A file.
    Path(PathBuf),
    /// A name in the network namespace.
    Abstract(Vec<u8>),
}

#[derive(Debug)]
enum What {
    Serve { unlink_first: bool },
    Connect { text: Vec<u8> },
}

impl Socket {
    /// Reads `sock-serve`.
    pub(crate) fn serve(options: &mut Options) -> Result<Verb, Usage> {
        let place = Place::read(options)?;
        let unlink_first = options.flag("unlink-first");
        if unlink_first && matches!(place, Place::Abstract(_)) {
            return Err(options.complaint("cannot unlink an --abstract name"));
        }
        Ok(Verb::Socket(Self { place, what: What::Serve { unlink_first } }))
    }

    /// Reads `sock-connect`.
    pub(crate) fn connect(options: &mut Options) -> Result<Verb, Usage> {
        let place = Place::read(options)?;
        Ok(Verb::Socket(Self { place, what: What::Connect { text: options.required_bytes("text")? } }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let asked = self.place.fields();
        match self.what {
            What::Serve { unlink_first } => match self.place.listen(unlink_first) {
                Ok(listener) => {
                    log.done("sock-serve", &asked.text("state", "listening"))?;
                    serve(&listener)
                }
                Err(error) => log.act("sock-serve", asked, Err(error)),
            },
            What::Connect { text } => match self.place.connect() {
                Ok(stream) => {
                    let result = exchange(stream, &text).map(|echo| Fields::new().text("echo", echo));
                    log.attempt("sock-connect", asked.flag("connected", true), result)
                }
                Err(error) => {
                    let asked = asked.flag("connected", false);
                    // Nobody there, nobody listening, not allowed: the system's reasons are the answer.
                    let result = match error.raw_os_error() {
                        Some(_) => {
                            let name = errno::name(&error).unwrap_or_default();
                            Ok(Fields::new().text("errno", name.as_bytes()))
                        }
                        None => Err(error),
                    };
                    log.attempt("sock-connect", asked, result)
                }
            },
        }
    }
}

impl Place {
    fn read(options: &mut Options) -> Result<Self, Usage> {
        match (options.optional("path"), options.optional("abstract")) {
            (Some(path), None) => Ok(Self::Path(path.into())),
            (None, Some(name)) if !name.is_empty() => Ok(Self::Abstract(name.into_vec())),
            _ => Err(options.complaint("needs either --path or --abstract")),
        }
    }

    fn fields(&self) -> Fields {
        match self {
            Self::Path(path) => Fields::new().text("path", path.as_os_str().as_bytes()),
            Self::Abstract(name) => Fields::new().text("abstract", name),
        }
    }

    fn listen(&self, unlink_first: bool) -> io::Result<UnixListener> {
        match self {
            Self::Path(path) => {
                if unlink_first {
                    match fs::remove_file(path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                }
                let listener = UnixListener::bind(path)?;
                // For everybody: containers run as different users.
                fs::set_permissions(path, Permissions::from_mode(0o777))?;
                Ok(listener)
            }
            Self::Abstract(name) => UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?),
        }
    }

    fn connect(&self) -> io::Result<UnixStream> {
        match self {
            Self::Path(path) => UnixStream::connect(path),
            Self::Abstract(name) => UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?),
        }
    }
}

/// Gives back what it gets, until the process ends.
fn serve(listener: &UnixListener) -> ! {
    loop {
        if let Ok((stream, _)) = listener.accept() {
            // A client that goes away is its own affair.
            let _whatever = give_back(stream);
        }
    }
}

fn give_back(mut stream: UnixStream) -> io::Result<()> {
    patiently(&stream)?;
    let mut text = Vec::new();
    (&stream).take(GREATEST_TEXT).read_to_end(&mut text)?;
    stream.write_all(&text)
}

/// Sends the text, says that this was all, and reads what comes back.
fn exchange(mut stream: UnixStream, text: &[u8]) -> io::Result<Vec<u8>> {
    patiently(&stream)?;
    stream.write_all(text)?;
    stream.shutdown(Shutdown::Write)?;
    let mut echo = Vec::new();
    stream.take(GREATEST_TEXT).read_to_end(&mut echo)?;
    Ok(echo)
}

fn patiently(stream: &UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))
}
