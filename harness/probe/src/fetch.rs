//! A small HTTP client: sends one GET, or many and counts the responses.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Options, UsageError};
use crate::errno;
use crate::hosts;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::verb::Verb;

const MAX_RESPONSE: u64 = 64 * 1024;

const STATUS_OK: u16 = 200;

const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// `fetch`
#[derive(Debug)]
pub(crate) struct Fetch {
    host: Host,
    port: u16,
    path: String,
    limit: Duration,
    count: u64,
    retry_for: Duration,
}

#[derive(Debug)]
enum Host {
    Address(IpAddr),
    /// A name in `/etc/hosts`.
    Name(String),
}

impl Fetch {
    /// Parses the options of `fetch`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        let host: String = options.parsed_required("host")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        let host = match host.parse() {
            Ok(address) => Host::Address(address),
            Err(_) if !host.is_empty() && host.chars().all(is_name) => Host::Name(host),
            Err(_) => {
                let message = format!("cannot take --host `{host}`: it is neither an IP address nor a name");
                return Err(options.usage_error(&message));
            }
        };
        let port = options.parsed_required("port")?;
        let path = options.parsed_or("path", String::from("/"))?;
        if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(options.usage_error(&format!("cannot take --path `{path}`")));
        }
        let limit: u64 = options.parsed_or("timeout-ms", 5000)?;
        if limit == 0 {
            return Err(options.usage_error("cannot take --timeout-ms `0`"));
        }
        let count = options.parsed_or("count", 1)?;
        if count == 0 {
            return Err(options.usage_error("cannot take --count `0`"));
        }
        Ok(Verb::Fetch(Self {
            host,
            port,
            path,
            limit: Duration::from_millis(limit),
            count,
            retry_for: Duration::from_secs(options.parsed_or("retry-for", 0)?),
        }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let host = match &self.host {
            Host::Address(address) => address.to_string(),
            Host::Name(name) => name.clone(),
        };
        let mut params = Fields::new().text("host", host).number("port", self.port).text("path", &self.path);
        let addresses = match &self.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => match hosts::addresses_of(name) {
                Ok(addresses) => {
                    let listed: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
                    params = params.texts("addresses", &listed);
                    addresses
                }
                Err(error) => return log.attempt("fetch", params, Err(error)),
            },
        };
        if self.count > 1 {
            return log.done("fetch", &params.and(&self.get_many(&addresses)));
        }
        let result = self.get_with_retry(&addresses);
        let result = result.map(|(status, body)| Fields::new().number("status", status).text("body", body));
        log.look("fetch", params, result)
    }

    /// Sends `count` requests, each over a new connection, and counts the responses.
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
            fields = fields.text("error", errno::message(&error));
            if let Some(name) = errno::name(&error) {
                fields = fields.text("errno", name.as_bytes());
            }
        }
        fields
    }

    /// Repeats the request until the status is 200 or `retry_for` has passed. Returns the last result.
    fn get_with_retry(&self, addresses: &[IpAddr]) -> io::Result<(u16, Vec<u8>)> {
        let begin = Instant::now();
        loop {
            let result = self.get(addresses);
            if matches!(result, Ok((STATUS_OK, _))) || begin.elapsed() >= self.retry_for {
                return result;
            }
            thread::sleep(RETRY_INTERVAL);
        }
    }

    /// Sends the request to the first address that accepts a connection.
    fn get(&self, addresses: &[IpAddr]) -> io::Result<(u16, Vec<u8>)> {
        let mut last = io::Error::other("the name has no address");
        for ip in addresses {
            let address = SocketAddr::new(*ip, self.port);
            match TcpStream::connect_timeout(&address, self.limit) {
                Ok(stream) => return self.send_request(stream, address),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn send_request(&self, mut stream: TcpStream, address: SocketAddr) -> io::Result<(u16, Vec<u8>)> {
        stream.set_read_timeout(Some(self.limit))?;
        stream.set_write_timeout(Some(self.limit))?;
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", self.path, address);
        stream.write_all(request.as_bytes())?;
        let mut bytes = Vec::new();
        stream.take(MAX_RESPONSE).read_to_end(&mut bytes)?;
        let (status, body) =
            parse_response(&bytes).ok_or_else(|| io::Error::other("the response is not http"))?;
        Ok((status, body.to_vec()))
    }
}

/// Status and body of a response.
fn parse_response(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let line = str::from_utf8(bytes.split(|byte| *byte == b'\r').next()?).ok()?;
    let status = line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, &bytes[head_end + 4..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_parsed() {
        assert_eq!(
            parse_response(b"HTTP/1.1 403 Forbidden\r\nServer: x\r\n\r\nno\n"),
            Some((403, &b"no\n"[..]))
        );
        assert_eq!(parse_response(b"HTTP/1.0 204 \r\n\r\n"), Some((204, &b""[..])));
        assert_eq!(parse_response(b"SSH-2.0-x\r\n\r\n"), None);
        assert_eq!(parse_response(b""), None);
    }
}
