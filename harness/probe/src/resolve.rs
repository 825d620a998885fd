//! A small client of the domain name system.
//!
//! A static program has no resolver that would honour the container's configuration, so this is one.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Options, Usage};
use crate::dns::{self, Answer, Kind};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::resolver::Configuration;
use crate::sys::random;
use crate::verb::Verb;

/// A question may be lost: within the time limit it is asked as often.
const TRIES: u32 = 3;

/// Before the same is asked again because nothing was there.
const PAUSE: Duration = Duration::from_millis(500);

/// The greatest message without extensions is much smaller.
const ROOM: usize = 4096;

/// `resolve`
#[derive(Debug)]
pub(crate) struct Resolve {
    name: String,
    kind: Kind,
    server: Option<IpAddr>,
    port: u16,
    limit: Duration,
    patience: Duration,
}

/// An answer and the full name it is about.
struct Found {
    question: String,
    answer: Answer,
}

impl Resolve {
    /// Reads `resolve`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        let name: String = options.parsed_required("name")?;
        let kind = options.parsed_or("type", String::from("A"))?;
        let Some(kind) = Kind::named(&kind) else {
            return Err(options.complaint(&format!("cannot take --type `{kind}` (known: A, AAAA, CNAME)")));
        };
        if dns::question(0, &name, kind).is_none() {
            return Err(options.complaint(&format!("cannot take --name `{name}`")));
        }
        let server = options.parsed("server")?;
        let port = options.parsed_or("port", 53)?;
        let limit: u32 = options.parsed_or("timeout-ms", 5000)?;
        if limit == 0 {
            return Err(options.complaint("cannot take --timeout-ms `0`"));
        }
        let patience = Duration::from_secs(options.parsed_or("retry-for", 0)?);
        let limit = Duration::from_millis(limit.into());
        Ok(Verb::Resolve(Self { name, kind, server, port, limit, patience }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let mut asked = Fields::new().text("name", &self.name).text("type", self.kind.name());
        let (server, names) = match self.plan() {
            Ok(plan) => plan,
            Err(error) => return log.attempt("resolve", asked, Err(error)),
        };
        asked = asked.text("server", server.to_string());
        match self.ask_patiently(SocketAddr::new(server, self.port), &names) {
            Ok(Found { question, answer }) => {
                let asked = asked.text("question", question).text("rcode", &answer.rcode);
                let result = match answer.rcode.as_str() {
                    "NOERROR" | "NXDOMAIN" => Ok(self.told(&answer)),
                    // A server that cannot tell does not say that there is nothing.
                    rcode => Err(io::Error::other(format!("the server answers {rcode}"))),
                };
                log.attempt("resolve", asked, result)
            }
            Err(error) => log.attempt("resolve", asked, Err(error)),
        }
    }

    /// The server and the full names to ask for.
    fn plan(&self) -> io::Result<(IpAddr, Vec<String>)> {
        let configuration = match (Configuration::load(), self.server) {
            (Err(_), Some(_)) => Configuration::empty(),
            (result, _) => result?,
        };
        // Without a server in the file it is the one on this machine.
        let server = self.server.or(configuration.server).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok((server, configuration.candidates(&self.name)))
    }

    /// Asks again while there is none of that type and patience lasts.
    fn ask_patiently(&self, server: SocketAddr, names: &[String]) -> io::Result<Found> {
        let begin = Instant::now();
        loop {
            let result = self.ask_all(server, names);
            let found = result.as_ref().is_ok_and(|found| self.is_there(&found.answer));
            if found || begin.elapsed() >= self.patience {
                return result;
            }
            thread::sleep(PAUSE);
        }
    }

    /// Asks for one name after another until one is there. If none is, a server that could not tell is what
    /// is told.
    fn ask_all(&self, server: SocketAddr, names: &[String]) -> io::Result<Found> {
        let mut unknown = None;
        let mut last = None;
        for name in names {
            let found = Found { question: name.clone(), answer: self.ask(server, name)? };
            if self.is_there(&found.answer) {
                return Ok(found);
            }
            if matches!(found.answer.rcode.as_str(), "NOERROR" | "NXDOMAIN") {
                last = Some(found);
            } else {
                unknown.get_or_insert(found);
            }
        }
        unknown.or(last).ok_or_else(|| io::Error::other("there is no name to ask for"))
    }

    fn ask(&self, server: SocketAddr, name: &str) -> io::Result<Answer> {
        let mut bytes = [0; 16];
        random::fill(&mut bytes)?;
        let question = dns::question(u16::from_ne_bytes([bytes[0], bytes[1]]), name, self.kind)
            .ok_or_else(|| io::Error::other(format!("no server can be asked for {name}")))?;
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        // Connected, so that nobody but the server is heard and a closed port is an error at once.
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        let begin = Instant::now();
        for attempt in 1..=TRIES {
            socket.send(&question)?;
            if let Some(answer) = hear(&socket, &question, begin + self.limit * attempt / TRIES)? {
                return Ok(answer);
            }
        }
        Err(io::Error::from_raw_os_error(libc::ETIMEDOUT))
    }

    fn is_there(&self, answer: &Answer) -> bool {
        match self.kind {
            Kind::A | Kind::Aaaa => !answer.addresses.is_empty(),
            Kind::Cname => answer.cname.is_some(),
        }
    }

    fn told(&self, answer: &Answer) -> Fields {
        let addresses: Vec<_> = answer.addresses.iter().map(IpAddr::to_string).collect();
        Fields::new()
            .flag("present", self.is_there(answer))
            .texts("addresses", &addresses)
            .text_or_null("cname", answer.cname.as_ref())
            .flag("truncated", answer.truncated)
    }
}

/// Waits for the answer until the time is over. Whatever else arrives is no answer.
fn hear(socket: &UdpSocket, question: &[u8], end: Instant) -> io::Result<Option<Answer>> {
    let mut message = [0; ROOM];
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
