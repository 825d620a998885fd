//! A small DNS client over UDP.
//!
//! A static binary has no system resolver that reads the container's configuration.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Options, UsageError};
use crate::dns::{self, Answer, RecordType};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::resolver::Configuration;
use crate::sys::random;
use crate::verb::Verb;

/// How often a query is sent within the time limit, as UDP may lose it.
const TRIES: u32 = 3;

/// The pause before the query is repeated because no record was found.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// In bytes. Messages without EDNS have at most 512.
const BUFFER_SIZE: usize = 4096;

/// `resolve`
#[derive(Debug)]
pub(crate) struct Resolve {
    name: String,
    kind: RecordType,
    server: Option<IpAddr>,
    port: u16,
    limit: Duration,
    retry_for: Duration,
}

/// A response and the full name that was queried.
struct Found {
    question: String,
    answer: Answer,
}

impl Resolve {
    /// Parses the options of `resolve`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        let name: String = options.parsed_required("name")?;
        let kind = options.parsed_or("type", String::from("A"))?;
        let Some(kind) = RecordType::from_name(&kind) else {
            return Err(options.usage_error(&format!("cannot take --type `{kind}` (known: A, AAAA, CNAME)")));
        };
        if dns::question(0, &name, kind).is_none() {
            return Err(options.usage_error(&format!("cannot take --name `{name}`")));
        }
        let server = options.parsed("server")?;
        let port = options.parsed_or("port", 53)?;
        let limit: u32 = options.parsed_or("timeout-ms", 5000)?;
        if limit == 0 {
            return Err(options.usage_error("cannot take --timeout-ms `0`"));
        }
        let retry_for = Duration::from_secs(options.parsed_or("retry-for", 0)?);
        let limit = Duration::from_millis(limit.into());
        Ok(Verb::Resolve(Self { name, kind, server, port, limit, retry_for }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let mut params = Fields::new().text("name", &self.name).text("type", self.kind.name());
        let (server, names) = match self.plan() {
            Ok(plan) => plan,
            Err(error) => return log.attempt("resolve", params, Err(error)),
        };
        params = params.text("server", server.to_string());
        match self.ask_with_retry(SocketAddr::new(server, self.port), &names) {
            Ok(Found { question, answer }) => {
                let params = params.text("question", question).text("rcode", &answer.rcode);
                let result = match answer.rcode.as_str() {
                    "NOERROR" | "NXDOMAIN" => Ok(self.answer_fields(&answer)),
                    // Other codes do not say whether the record exists.
                    rcode => Err(io::Error::other(format!("the server responded with {rcode}"))),
                };
                log.attempt("resolve", params, result)
            }
            Err(error) => log.attempt("resolve", params, Err(error)),
        }
    }

    /// The server and the full names to query.
    fn plan(&self) -> io::Result<(IpAddr, Vec<String>)> {
        let configuration = match (Configuration::load(), self.server) {
            (Err(_), Some(_)) => Configuration::empty(),
            (result, _) => result?,
        };
        // As in resolv.conf(5): without a nameserver line, the server on the local machine.
        let server = self.server.or(configuration.server).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok((server, configuration.candidates(&self.name)))
    }

    /// Repeats the query until a record is found or `retry_for` has passed. Returns the last result.
    fn ask_with_retry(&self, server: SocketAddr, names: &[String]) -> io::Result<Found> {
        let begin = Instant::now();
        loop {
            let result = self.ask_all(server, names);
            let found = result.as_ref().is_ok_and(|found| self.has_records(&found.answer));
            if found || begin.elapsed() >= self.retry_for {
                return result;
            }
            thread::sleep(RETRY_INTERVAL);
        }
    }

    /// Queries one name after another until one has records. Otherwise returns the first response with an error
    /// code, or the last response if there was none.
    fn ask_all(&self, server: SocketAddr, names: &[String]) -> io::Result<Found> {
        let mut server_error = None;
        let mut last = None;
        for name in names {
            let found = Found { question: name.clone(), answer: self.ask(server, name)? };
            if self.has_records(&found.answer) {
                return Ok(found);
            }
            if matches!(found.answer.rcode.as_str(), "NOERROR" | "NXDOMAIN") {
                last = Some(found);
            } else {
                server_error.get_or_insert(found);
            }
        }
        server_error.or(last).ok_or_else(|| io::Error::other("there is no name to query"))
    }

    fn ask(&self, server: SocketAddr, name: &str) -> io::Result<Answer> {
        let mut bytes = [0; 16];
        random::fill(&mut bytes)?;
        let question = dns::question(u16::from_ne_bytes([bytes[0], bytes[1]]), name, self.kind)
            .ok_or_else(|| io::Error::other(format!("the name {name} is not valid in a query")))?;
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        // A connected socket receives only from this server, and reports a closed port immediately.
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        let begin = Instant::now();
        for attempt in 1..=TRIES {
            socket.send(&question)?;
            if let Some(answer) = receive_answer(&socket, &question, begin + self.limit * attempt / TRIES)? {
                return Ok(answer);
            }
        }
        Err(io::Error::from_raw_os_error(libc::ETIMEDOUT))
    }

    fn has_records(&self, answer: &Answer) -> bool {
        match self.kind {
            RecordType::A | RecordType::Aaaa => !answer.addresses.is_empty(),
            RecordType::Cname => answer.cname.is_some(),
        }
    }

    fn answer_fields(&self, answer: &Answer) -> Fields {
        let addresses: Vec<_> = answer.addresses.iter().map(IpAddr::to_string).collect();
        Fields::new()
            .flag("present", self.has_records(answer))
            .texts("addresses", &addresses)
            .text_or_null("cname", answer.cname.as_ref())
            .flag("truncated", answer.truncated)
    }
}

/// Waits for the response until `end`, and ignores all other messages.
fn receive_answer(socket: &UdpSocket, question: &[u8], end: Instant) -> io::Result<Option<Answer>> {
    let mut message = [0; BUFFER_SIZE];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(left))?;
        match socket.recv(&mut message) {
            Ok(length) => {
                if let Some(answer) = dns::answer(&message[..length], question) {
                    return Ok(Some(answer));
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
}
