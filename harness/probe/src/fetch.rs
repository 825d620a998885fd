//! A small HTTP client: one GET, one answer; or the same again and again, and a count of the answers.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Options, Usage};
use crate::errno;
use crate::hosts;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

const GREATEST_ANSWER: u64 = 64 * 1024;

/// The status of a good answer.
const GOOD: u16 = 200;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// `fetch`
#[derive(Debug)]
pub(crate) struct Fetch {
    host: Host,
    port: u16,
    path: String,
    limit: Duration,
    count: u64,
    patience: Duration,
}

/// Whom to ask.
#[derive(Debug)]
enum Host {
    Address(IpAddr),
    /// A name of `/etc/hosts`.
    Name(String),
}

impl Fetch {
    /// Reads `fetch`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        let host: String = options.parsed_required("host")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        let host = match host.parse() {
            Ok(address) => Host::Address(address),
            Err(_) if !host.is_empty() && host.chars().all(is_name) => Host::Name(host),
            Err(_) => {
                let complaint =
                    format!("cannot take --host `{host}`: it is neither an IP address nor a name");
                return Err(options.complaint(&complaint));
            }
        };
        let port = options.parsed_required("port")?;
        let path = options.parsed_or("path", String::from("/"))?;
        if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(options.complaint(&format!("cannot take --path `{path}`")));
        }
        let limit: u64 = options.parsed_or("timeout-ms", 5000)?;
        if limit == 0 {
            return Err(options.complaint("cannot take --timeout-ms `0`"));
        }
        let count = options.parsed_or("count", 1)?;
        if count == 0 {
            return Err(options.complaint("cannot take --count `0`"));
        }
        Ok(Verb::Fetch(Self {
            host,
            port,
            path,
            limit: Duration::from_millis(limit),
            count,
            patience: Duration::from_secs(options.parsed_or("retry-for", 0)?),
        }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let host = match &self.host {
            Host::Address(address) => address.to_string(),
            Host::Name(name) => name.clone(),
        };
        let mut asked = Fields::new().text("host", host).number("port", self.port).text("path", &self.path);
        let addresses = match &self.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => match hosts::addresses_of(name) {
                Ok(addresses) => {
                    let listed: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
                    asked = asked.texts("addresses", &listed);
                    addresses
                }
                Err(error) => return log.attempt("fetch", asked, Err(error)),
            },
        };
        if self.count > 1 {
            return log.done("fetch", &asked.and(&self.get_many(&addresses)));
        }
        let result = self.get_patiently(&addresses);
        let result = result.map(|(status, body)| Fields::new().number("status", status).text("body", body));
        log.look("fetch", asked, result)
    }

    /// Asks over a new connection each time, and counts what was answered.
    fn get_many(&self, addresses: &[IpAddr]) -> Fields {
        let mut bodies: BTreeMap<String, u64> = BTreeMap::new();
        let mut failures: u64 = 0;
        let mut first = None;
        for _ in 0..self.count {
            match self.get(addresses) {
                Ok((_, body)) => *bodies.entry(String::from_utf8_lossy(&body).into_owned()).or_default() += 1,
                Err(error) => {
                    failures += 1;
                    first.get_or_insert(error);
                }
            }
        }
        let bodies = bodies.iter().fold(Fields::new(), |all, (body, times)| all.number(body, *times));
        let mut fields =
            Fields::new().number("count", self.count).object("bodies", &bodies).number("failures", failures);
        if let Some(error) = first {
            fields = fields.text("error", errno::words(&error));
            if let Some(name) = errno::name(&error) {
                fields = fields.text("errno", name.as_bytes());
            }
        }
        fields
    }

    /// Asks again while there is no good answer and patience lasts.
    fn get_patiently(&self, addresses: &[IpAddr]) -> io::Result<(u16, Vec<u8>)> {
        let begun = Instant::now();
        loop {
            let result = self.get(addresses);
            if matches!(result, Ok((GOOD, _))) || begun.elapsed() >= self.patience {
                return result;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Asks the first of these addresses that lets itself be reached.
    fn get(&self, addresses: &[IpAddr]) -> io::Result<(u16, Vec<u8>)> {
        let mut last = io::Error::other("the name has no address");
        for address in addresses {
            let place = SocketAddr::new(*address, self.port);
            match TcpStream::connect_timeout(&place, self.limit) {
                Ok(stream) => return self.ask(stream, place),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn ask(&self, mut stream: TcpStream, place: SocketAddr) -> io::Result<(u16, Vec<u8>)> {
        stream.set_read_timeout(Some(self.limit))?;
        stream.set_write_timeout(Some(self.limit))?;
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", self.path, place);
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        stream.take(GREATEST_ANSWER).read_to_end(&mut bytes)?;
        let (status, body) = answer_in(&bytes).ok_or_else(|| io::Error::other("the answer is not http"))?;
        Ok((status, body.to_vec()))
    }
}

/// Status and body of an answer.
fn answer_in(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let line = str::from_utf8(bytes.split(|byte| *byte == b'\r').next()?).ok()?;
    let status = line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, &bytes[head_end + 4..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_found() {
        assert_eq!(answer_in(b"HTTP/1.1 403 Forbidden\r\nServer: x\r\n\r\nno\n"), Some((403, &b"no\n"[..])));
        assert_eq!(answer_in(b"HTTP/1.0 204 \r\n\r\n"), Some((204, &b""[..])));
        assert_eq!(answer_in(b"SSH-2.0-x\r\n\r\n"), None);
        assert_eq!(answer_in(b""), None);
    }
}
