//! A small HTTP server for one text or for the files of a folder.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::listen;
use crate::verb::Verb;

/// How long a silent client may block the others.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_REQUEST: u64 = 16 * 1024;

/// `serve`
#[derive(Debug)]
pub(crate) struct Serve {
    bind: IpAddr,
    port: u16,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The same text for every path.
    Text(Vec<u8>),
    /// The same text for every path, and the client's address.
    TextAndPeer(Vec<u8>),
    /// Files, read at each request.
    Files(PathBuf),
    /// The index file, read once at the start.
    CopyOf(PathBuf),
}

impl Serve {
    /// Parses the options of `serve`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        let port = options.parsed_required("port")?;
        let bind = options.parsed_or("bind", IpAddr::V6(Ipv6Addr::UNSPECIFIED))?;
        let flags = (options.flag("cached"), options.flag("peer"));
        let content = match (options.optional("text"), options.optional("root"), flags) {
            (Some(text), None, (false, false)) => Content::Text(text.into_encoded_bytes()),
            (Some(text), None, (false, true)) => Content::TextAndPeer(text.into_encoded_bytes()),
            (None, Some(root), (false, false)) => Content::Files(root.into()),
            (None, Some(root), (true, false)) => Content::CopyOf(root.into()),
            _ => {
                return Err(options.usage_error(
                    "needs either --text or --root (--cached only with --root, --peer only with --text)",
                ));
            }
        };
        Ok(Verb::Serve(Self { bind, port, content }))
    }

    /// Serves until the process ends.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let wanted = SocketAddr::new(self.bind, self.port);
        let at = |address: SocketAddr| {
            Fields::new().text("bind", address.ip().to_string()).number("port", address.port())
        };
        let (listener, content) = match self.start() {
            Ok(started) => started,
            Err(error) => return log.act("serve", at(wanted), Err(error)),
        };
        // The actual address: port 0 selects a free port, and without IPv6 the server binds to 0.0.0.0.
        let address = listener.local_addr().unwrap_or(wanted);
        log.done("serve", &at(address).text("state", "listening"))?;
        loop {
            if let Ok((stream, peer)) = listener.accept() {
                // A client that disconnects early does not concern the others.
                let _ignored = answer(stream, peer, &content);
            }
        }
    }

    fn start(&self) -> io::Result<(TcpListener, Content)> {
        let content = match &self.content {
            Content::Text(text) => Content::Text(text.clone()),
            Content::TextAndPeer(text) => Content::TextAndPeer(text.clone()),
            Content::Files(root) => Content::Files(root.clone()),
            Content::CopyOf(root) => Content::Text(fs::read(root.join("index.html"))?),
        };
        Ok((self.listen()?, content))
    }

    /// Binds to all IPv4 and IPv6 addresses if the address is `::`.
    fn listen(&self) -> io::Result<TcpListener> {
        if self.bind != IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
            return TcpListener::bind((self.bind, self.port));
        }
        match listen::dual_stack(self.port) {
            Err(error) if listen::is_ipv6_unavailable(&error) => {
                TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port))
            }
            result => result,
        }
    }
}

fn answer(mut stream: TcpStream, peer: SocketAddr, content: &Content) -> io::Result<()> {
    stream.set_read_timeout(Some(CLIENT_TIMEOUT))?;
    stream.set_write_timeout(Some(CLIENT_TIMEOUT))?;
    let request = read_request(&mut stream)?;
    let (status, body) = match request_path(&request) {
        Some(path) => content.find(path, peer.ip()),
        None => ("400 Bad Request", b"bad request\n".to_vec()),
    };
    let head = format!(
        "HTTP/1.0 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat())
}

/// Reads up to the empty line, or to the end of the stream.
fn read_request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    let mut limited = stream.take(MAX_REQUEST);
    loop {
        let length = limited.read(&mut part)?;
        request.extend_from_slice(&part[..length]);
        if length == 0 || request.windows(4).any(|window| window == b"\r\n\r\n") {
            return Ok(request);
        }
    }
}

/// The path of a GET request.
fn request_path(request: &[u8]) -> Option<&str> {
    let line = request.split(|byte| *byte == b'\r').next()?;
    let (path, _version) = str::from_utf8(line).ok()?.strip_prefix("GET ")?.split_once(' ')?;
    path.split('?').next()
}

impl Content {
    fn find(&self, path: &str, peer: IpAddr) -> (&'static str, Vec<u8>) {
        const MISSING: (&str, &[u8]) = ("404 Not Found", b"not found\n");
        let found = match self {
            Self::Text(text) => Some(text.clone()),
            // A dual-stack socket reports IPv4 peers as IPv4-mapped IPv6 addresses.
            Self::TextAndPeer(text) => Some([text, format!(" {}", peer.to_canonical()).as_bytes()].concat()),
            Self::Files(root) | Self::CopyOf(root) => {
                path_in_root(path).and_then(|path| fs::read(root.join(path)).ok())
            }
        };
        found.map_or((MISSING.0, MISSING.1.to_vec()), |body| ("200 OK", body))
    }
}

/// The requested path relative to the root. `None` if it would leave the root.
fn path_in_root(path: &str) -> Option<&Path> {
    let relative = path.trim_start_matches('/');
    let relative = Path::new(if relative.is_empty() { "index.html" } else { relative });
    relative.components().all(|part| matches!(part, Component::Normal(_))).then_some(relative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_parsed_from_the_request_line() {
        assert_eq!(request_path(b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"), Some("/a"));
        assert_eq!(request_path(b"POST / HTTP/1.1\r\n\r\n"), None);
        assert_eq!(request_path(b""), None);
        assert_eq!(request_path(b"GET \xff HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn paths_outside_the_root_are_rejected() {
        assert_eq!(path_in_root("/"), Some(Path::new("index.html")));
        assert_eq!(path_in_root("//a/b"), Some(Path::new("a/b")));
        assert_eq!(path_in_root("/../etc/passwd"), None);
        assert_eq!(path_in_root("/a/../../b"), None);
    }
}
