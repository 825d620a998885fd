//! A small HTTP server: one text, or the files of a folder.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::listen;
use crate::verb::Verb;

/// How long one silent client may keep the others waiting.
const PATIENCE: Duration = Duration::from_secs(1);
const GREATEST_REQUEST: u64 = 16 * 1024;

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
    /// The same text for every path, and the address of whoever asks.
    TextAndPeer(Vec<u8>),
    /// Files as they are when asked for.
    Files(PathBuf),
    /// The index file as it was at the start.
    CopyOf(PathBuf),
}

impl Serve {
    /// Reads `serve`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        let port = options.parsed_required("port")?;
        let bind = options.parsed_or("bind", IpAddr::V6(Ipv6Addr::UNSPECIFIED))?;
        let flags = (options.flag("cached"), options.flag("peer"));
        let content = match (options.optional("text"), options.optional("root"), flags) {
            (Some(text), None, (false, false)) => Content::Text(text.into_encoded_bytes()),
            (Some(text), None, (false, true)) => Content::TextAndPeer(text.into_encoded_bytes()),
            (None, Some(root), (false, false)) => Content::Files(root.into()),
            (None, Some(root), (true, false)) => Content::CopyOf(root.into()),
            _ => {
                return Err(options.complaint(
                    "needs either --text or --root (--cached only with --root, --peer only with --text)",
                ));
            }
        };
        Ok(Verb::Serve(Self { bind, port, content }))
    }

    /// Does it, until the process ends.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let asked = SocketAddr::new(self.bind, self.port);
        let at = |place: SocketAddr| {
            Fields::new().text("bind", place.ip().to_string()).number("port", place.port())
        };
        let (listener, content) = match self.start() {
            Ok(started) => started,
            Err(error) => return log.act("serve", at(asked), Err(error)),
        };
        // The place is asked back: port 0 means "any free one", and there may be no version 6.
        let place = listener.local_addr().unwrap_or(asked);
        log.done("serve", &at(place).text("state", "listening"))?;
        loop {
            if let Ok((stream, peer)) = listener.accept() {
                // A client that goes away is its own affair.
                let _whatever = answer(stream, peer, &content);
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

    /// Every address of version 6 stands for every address at all.
    fn listen(&self) -> io::Result<TcpListener> {
        if self.bind != IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
            return TcpListener::bind((self.bind, self.port));
        }
        match listen::on_both(self.port) {
            Err(error) if listen::is_unknown(&error) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)),
            result => result,
        }
    }
}

fn answer(mut stream: TcpStream, peer: SocketAddr, content: &Content) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = read_request(&mut stream)?;
    let (status, body) = match requested(&request) {
        Some(path) => content.find(path, peer.ip()),
        None => ("400 Bad Request", b"bad request\n".to_vec()),
    };
    let head = format!(
        "HTTP/1.0 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body].concat())
}

/// Reads to the empty line, or to the end of what a client can be bothered to send.
fn read_request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    let mut limited = stream.take(GREATEST_REQUEST);
    loop {
        let length = limited.read(&mut part)?;
        request.extend_from_slice(&part[..length]);
        if length == 0 || request.windows(4).any(|window| window == b"\r\n\r\n") {
            return Ok(request);
        }
    }
}

/// The path of a GET request.
fn requested(request: &[u8]) -> Option<&str> {
    let line = request.split(|byte| *byte == b'\r').next()?;
    let (path, _version) = str::from_utf8(line).ok()?.strip_prefix("GET ")?.split_once(' ')?;
    path.split('?').next()
}

impl Content {
    fn find(&self, path: &str, peer: IpAddr) -> (&'static str, Vec<u8>) {
        const MISSING: (&str, &[u8]) = ("404 Not Found", b"not found\n");
        let found = match self {
            Self::Text(text) => Some(text.clone()),
            // A server for both versions sees addresses of version 4 in the clothes of version 6.
            Self::TextAndPeer(text) => Some([text, format!(" {}", peer.to_canonical()).as_bytes()].concat()),
            Self::Files(root) | Self::CopyOf(root) => {
                inside(path).and_then(|path| fs::read(root.join(path)).ok())
            }
        };
        found.map_or((MISSING.0, MISSING.1.to_vec()), |body| ("200 OK", body))
    }
}

/// A path relative to the root that cannot leave it.
fn inside(path: &str) -> Option<&Path> {
    let relative = path.trim_start_matches('/');
    let relative = Path::new(if relative.is_empty() { "index.html" } else { relative });
    relative.components().all(|part| matches!(part, Component::Normal(_))).then_some(relative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_taken_from_the_request_line() {
        assert_eq!(requested(b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"), Some("/a"));
        assert_eq!(requested(b"POST / HTTP/1.1\r\n\r\n"), None);
        assert_eq!(requested(b""), None);
        assert_eq!(requested(b"GET \xff HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn no_path_leaves_the_root() {
        assert_eq!(inside("/"), Some(Path::new("index.html")));
        assert_eq!(inside("//a/b"), Some(Path::new("a/b")));
        assert_eq!(inside("/../etc/passwd"), None);
        assert_eq!(inside("/a/../../b"), None);
    }
}
