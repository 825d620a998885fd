//! The article's two programs: a producer and a consumer that share one message queue.
//!
//! They behave like the article's `ch6_ipc`, including its bugs: the producer logs a message before sending it
//! and never logs the exit message, and the consumer does not wait for the queue. Two differences are
//! deliberate: each line is written unbuffered, and a producer that cannot send reports the error unless
//! `--unchecked` is given.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;

use crate::args::{Options, UsageError};
use crate::errno;
use crate::payload::{self, RandomNumbers};
use crate::queue;
use crate::report::{Log, Next};
use crate::sys::clock;
use crate::sys::mq::{self, Access, Capacity, Queue};
use crate::sys::name::Name;
use crate::verb::Verb;

const MESSAGE_SIZE: usize = 1024;
const CAPACITY: Capacity = Capacity { messages: 10, bytes_each: 1024 };
const EXIT_MESSAGE: &[u8] = b"done";

/// The name of the article's program in its image.
const PROGRAM: &str = "ipc";

/// Translates the command line of the article's program to verbs. Any other command line is returned unchanged.
///
/// As in the original, any first argument other than `-producer` selects the consumer.
pub(crate) fn translate(called: &OsStr, words: Vec<OsString>) -> Vec<OsString> {
    if Path::new(called).file_name() != Some(OsStr::new(PROGRAM)) {
        return words;
    }
    let produces = words.first().is_some_and(|word| word == "-producer");
    vec![OsString::from(if produces { "produce" } else { "consume" })]
}

/// `produce`
#[derive(Debug)]
pub(crate) struct Producer {
    queue: Name,
    count: u64,
    style: Style,
    unchecked: bool,
    duplicate: Option<u64>,
    drop: Option<u64>,
    delay_open: Duration,
}

/// `consume`
#[derive(Debug)]
pub(crate) struct Consumer {
    queue: Name,
    style: Style,
    retry_for: Duration,
}

/// The format of a message and of its log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// A random byte in hexadecimal, as in the article.
    Article,
    /// Sequence number, checksum and content; the log line also has the time.
    Checked,
}

impl Style {
    fn parse(options: &Options) -> Self {
        if options.flag("checked") { Self::Checked } else { Self::Article }
    }

    fn payload(self, seq: u64, random: &mut RandomNumbers) -> String {
        match self {
            // The high bits of this generator are the most random.
            Self::Article => format!("{:x}", random.next_u64() >> 56),
            Self::Checked => payload::text(seq, random.next_u64()),
        }
    }

    fn log(self, log: &mut Log, done: &str, payload: &[u8]) -> io::Result<()> {
        let mut line = format!("{done}: ").into_bytes();
        line.extend_from_slice(payload);
        if self == Self::Checked {
            line.extend_from_slice(format!(" at {}", clock::realtime_ns()).as_bytes());
        }
        log.line(line)
    }
}

impl Producer {
    /// Parses the options of `produce`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Produce(Self {
            queue: queue::name(options)?,
            count: options.parsed_or("count", 500)?,
            style: Style::parse(options),
            unchecked: options.flag("unchecked"),
            duplicate: options.parsed("duplicate")?,
            drop: options.parsed("drop")?,
            delay_open: Duration::from_millis(options.parsed_or("delay-open", 0)?),
        }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        if !self.delay_open.is_zero() {
            thread::sleep(self.delay_open);
        }
        let queue = match Queue::open_or_create(&self.queue, CAPACITY) {
            Ok(queue) => Some(queue),
            Err(_) if self.unchecked => None,
            Err(error) => return Ok(fail("cannot open the queue", &error)),
        };
        let mut random = RandomNumbers::new(clock::realtime_ns() ^ (u64::from(process::id()) << 32));
        for seq in 1..=self.count {
            let payload = self.style.payload(seq, &mut random);
            self.style.log(log, "Produced", payload.as_bytes())?;
            let times = u8::from(self.drop != Some(seq)) + u8::from(self.duplicate == Some(seq));
            for _ in 0..times {
                if let Err(error) = self.send(queue.as_ref(), payload.as_bytes()) {
                    return Ok(fail("cannot send", &error));
                }
            }
        }
        if let Err(error) = self.send(queue.as_ref(), EXIT_MESSAGE) {
            return Ok(fail("cannot send the exit message", &error));
        }
        drop(queue);
        match mq::unlink(&self.queue) {
            Err(error) if !self.unchecked => Ok(fail("cannot unlink the queue", &error)),
            _ => Ok(Next::Continue),
        }
    }

    /// Sends a full buffer, padded with zeros, as the original does.
    fn send(&self, queue: Option<&Queue>, text: &[u8]) -> io::Result<()> {
        let mut message = [0; MESSAGE_SIZE];
        message[..text.len()].copy_from_slice(text);
        match queue.map(|queue| queue.send(&message, 0)) {
            Some(Err(error)) if !self.unchecked => Err(error),
            _ => Ok(()),
        }
    }
}

impl Consumer {
    /// Parses the options of `consume`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Consume(Self {
            queue: queue::name(options)?,
            style: Style::parse(options),
            retry_for: Duration::from_secs(options.parsed_or("retry-for", 0)?),
        }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let queue = match queue::open_with_retry(&self.queue, Access::Receive, Some(self.retry_for)) {
            Ok(queue) => queue,
            Err(error) => {
                let cause = errno::name(&error).unwrap_or_else(|| errno::message(&error).into());
                log.line(format!(
                    "Either the producer has not been started or it has finished already: {cause}"
                ))?;
                return Ok(Next::Exit(1));
            }
        };
        // The original's buffer size: a queue with a larger msgsize must fail with EMSGSIZE here too.
        let mut buffer = [0; MESSAGE_SIZE];
        loop {
            let message = match queue.receive(&mut buffer) {
                Ok((message, _priority)) => queue::as_c_string(message),
                Err(error) => return Ok(fail("cannot receive", &error)),
            };
            self.style.log(log, "Consumed", message)?;
            if message.starts_with(EXIT_MESSAGE) {
                return Ok(Next::Continue);
            }
        }
    }
}

fn fail(action: &str, error: &io::Error) -> Next {
    let name = errno::name(error).unwrap_or_default();
    eprintln!("probe: {action}: {} ({name})", errno::message(error));
    Next::Exit(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(line: &str) -> String {
        let mut words = line.split_whitespace().map(OsString::from);
        let called = words.next().unwrap_or_default();
        let words = translate(&called, words.collect());
        words.join(OsStr::new(" ")).to_string_lossy().into_owned()
    }

    #[test]
    fn the_name_ipc_selects_the_articles_producer_or_consumer() {
        assert_eq!(translated("./ipc -producer"), "produce");
        assert_eq!(translated("./ipc -consumer"), "consume");
        assert_eq!(translated("/ipc"), "consume");
    }

    #[test]
    fn any_other_name_leaves_the_verbs_unchanged() {
        assert_eq!(translated("/probe mq-look then clocks"), "mq-look then clocks");
    }
}
