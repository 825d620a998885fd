//! Unix sockets: an echo server and its client.

use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::args::{Options, UsageError};
use crate::errno;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

/// The time limit of each read and write, on both sides.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes that are echoed.
const MAX_TEXT: u64 = 64 * 1024;

/// `sock-serve` or `sock-connect`
#[derive(Debug)]
pub(crate) struct Socket {
    endpoint: Endpoint,
    action: Action,
}

#[derive(Debug)]
enum Endpoint {
    /// A socket file.
    Path(PathBuf),
    /// A name in the abstract namespace, which belongs to the network namespace.
    Abstract(Vec<u8>),
}

#[derive(Debug)]
enum Action {
    Serve { unlink_first: bool },
    Connect { text: Vec<u8> },
}

impl Socket {
    /// Parses the options of `sock-serve`.
    pub(crate) fn serve(options: &mut Options) -> Result<Verb, UsageError> {
        let endpoint = Endpoint::parse(options)?;
        let unlink_first = options.flag("unlink-first");
        if unlink_first && matches!(endpoint, Endpoint::Abstract(_)) {
            return Err(options.usage_error("cannot unlink an --abstract name"));
        }
        Ok(Verb::Socket(Self { endpoint, action: Action::Serve { unlink_first } }))
    }

    /// Parses the options of `sock-connect`.
    pub(crate) fn connect(options: &mut Options) -> Result<Verb, UsageError> {
        let endpoint = Endpoint::parse(options)?;
        Ok(Verb::Socket(Self { endpoint, action: Action::Connect { text: options.required_bytes("text")? } }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = self.endpoint.fields();
        match self.action {
            Action::Serve { unlink_first } => match self.endpoint.listen(unlink_first) {
                Ok(listener) => {
                    log.done("sock-serve", &params.text("state", "listening"))?;
                    serve(&listener)
                }
                Err(error) => log.act("sock-serve", params, Err(error)),
            },
            Action::Connect { text } => match self.endpoint.connect() {
                Ok(stream) => {
                    let result = exchange(stream, &text).map(|echo| Fields::new().text("echo", echo));
                    log.attempt("sock-connect", params.flag("connected", true), result)
                }
                Err(error) => {
                    let params = params.flag("connected", false);
                    // A system error (ECONNREFUSED, ENOENT, EACCES …) is a result.
                    let result = match error.raw_os_error() {
                        Some(_) => {
                            let name = errno::name(&error).unwrap_or_default();
                            Ok(Fields::new().text("errno", name.as_bytes()))
                        }
                        None => Err(error),
                    };
                    log.attempt("sock-connect", params, result)
                }
            },
        }
    }
}

impl Endpoint {
    fn parse(options: &mut Options) -> Result<Self, UsageError> {
        match (options.optional("path"), options.optional("abstract")) {
            (Some(path), None) => Ok(Self::Path(path.into())),
            (None, Some(name)) if !name.is_empty() => Ok(Self::Abstract(name.into_vec())),
            _ => Err(options.usage_error("needs either --path or --abstract")),
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
                // Containers may run as different users.
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

/// Echoes until the process ends.
fn serve(listener: &UnixListener) -> ! {
    loop {
        if let Ok((stream, _)) = listener.accept() {
            // A client that disconnects early does not concern the others.
            let _ignored = echo_once(stream);
        }
    }
}

fn echo_once(mut stream: UnixStream) -> io::Result<()> {
    set_timeouts(&stream)?;
    let mut text = Vec::new();
    (&stream).take(MAX_TEXT).read_to_end(&mut text)?;
    stream.write_all(&text)
}

/// Sends the text, shuts down the write side, and reads the echo.
fn exchange(mut stream: UnixStream, text: &[u8]) -> io::Result<Vec<u8>> {
    set_timeouts(&stream)?;
    stream.write_all(text)?;
    stream.shutdown(Shutdown::Write)?;
    let mut echo = Vec::new();
    stream.take(MAX_TEXT).read_to_end(&mut echo)?;
    Ok(echo)
}

fn set_timeouts(stream: &UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))
}
