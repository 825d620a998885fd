//! The article's two programs: a producer and a consumer that share one message queue.
//!
//! They behave as the program `ch6_ipc` does, down to what it gets wrong: the producer logs a message before
//! it is sent and never logs the exit message, the consumer does not wait for the queue. Two things are
//! better by decision: lines are written at once, and a producer that cannot send says so unless
//! `--unchecked` asks for the original's silence.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process;
use std::thread;
use std::time::Duration;

use crate::args::{Options, Usage};
use crate::errno;
use crate::payload::{self, Dice};
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

/// The command line of the article's program in the words of this one; any other command line stays as it is.
///
/// As in the original, whatever is not `-producer` means the consumer.
pub(crate) fn translate(called: &OsStr, words: Vec<OsString>) -> Vec<OsString> {
    if Path::new(called).file_name() != Some(OsStr::new(PROGRAM)) {
        return words;
    }
    let produces = words.first().is_some_and(|word| word == "-producer");
    vec![OsString::from(if produces { "produce" } else { "consume" })]
}

/// The producer.
#[derive(Debug)]
pub(crate) struct Producer {
    queue: Name,
    count: u64,
    style: Style,
    silent: bool,
    duplicate: Option<u64>,
    drop: Option<u64>,
    delay_open: Duration,
}

/// The consumer.
#[derive(Debug)]
pub(crate) struct Consumer {
    queue: Name,
    style: Style,
    patience: Duration,
}

/// What a message and its log line look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// A random byte, as in the article.
    Article,
    /// Number, checksum and content; the time in the log.
    Checked,
}

impl Style {
    fn read(options: &Options) -> Self {
        if options.flag("checked") { Self::Checked } else { Self::Article }
    }

    fn payload(self, seq: u64, dice: &mut Dice) -> String {
        match self {
            // The high bits of this generator are its best ones.
            Self::Article => format!("{:x}", dice.roll() >> 56),
            Self::Checked => payload::text(seq, dice.roll()),
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
    /// Reads `produce`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Produce(Self {
            queue: queue::name(options)?,
            count: options.parsed_or("count", 500)?,
            style: Style::read(options),
            silent: options.flag("unchecked"),
            duplicate: options.parsed("duplicate")?,
            drop: options.parsed("drop")?,
            delay_open: Duration::from_millis(options.parsed_or("delay-open", 0)?),
        }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        if !self.delay_open.is_zero() {
            thread::sleep(self.delay_open);
        }
        let queue = match Queue::open_or_create(&self.queue, CAPACITY) {
            Ok(queue) => Some(queue),
            Err(_) if self.silent => None,
            Err(error) => return Ok(complain("cannot open the queue", &error)),
        };
        let mut dice = Dice::new(clock::realtime_ns() ^ (u64::from(process::id()) << 32));
        for seq in 1..=self.count {
            let payload = self.style.payload(seq, &mut dice);
            self.style.log(log, "Produced", payload.as_bytes())?;
            let times = u8::from(self.drop != Some(seq)) + u8::from(self.duplicate == Some(seq));
            for _ in 0..times {
                if let Err(error) = self.send(queue.as_ref(), payload.as_bytes()) {
                    return Ok(complain("cannot send", &error));
                }
            }
        }
        if let Err(error) = self.send(queue.as_ref(), EXIT_MESSAGE) {
            return Ok(complain("cannot send the exit message", &error));
        }
        drop(queue);
        match mq::unlink(&self.queue) {
            Err(error) if !self.silent => Ok(complain("cannot unlink the queue", &error)),
            _ => Ok(Next::GoOn),
        }
    }

    /// Sends a whole buffer with zeroes behind the text, as the original does.
    fn send(&self, queue: Option<&Queue>, text: &[u8]) -> io::Result<()> {
        let mut message = [0; MESSAGE_SIZE];
        message[..text.len()].copy_from_slice(text);
        match queue.map(|queue| queue.send(&message, 0)) {
            Some(Err(error)) if !self.silent => Err(error),
            _ => Ok(()),
        }
    }
}

impl Consumer {
    /// Reads `consume`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Consume(Self {
            queue: queue::name(options)?,
            style: Style::read(options),
            patience: Duration::from_secs(options.parsed_or("retry-for", 0)?),
        }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let queue = match queue::open_when_there(&self.queue, Access::Receive, Some(self.patience)) {
            Ok(queue) => queue,
            Err(error) => {
                let cause = errno::name(&error).unwrap_or_else(|| errno::words(&error).into());
                log.line(format!(
                    "Either the producer has not been started or it has finished already: {cause}"
                ))?;
                return Ok(Next::End(1));
            }
        };
        // As large as the original's: a queue with greater messages must fail here as it did there.
        let mut buffer = [0; MESSAGE_SIZE];
        loop {
            let message = match queue.receive(&mut buffer) {
                Ok((message, _priority)) => queue::as_c_string(message),
                Err(error) => return Ok(complain("cannot receive", &error)),
            };
            self.style.log(log, "Consumed", message)?;
            if message.starts_with(EXIT_MESSAGE) {
                return Ok(Next::GoOn);
            }
        }
    }
}

fn complain(what: &str, error: &io::Error) -> Next {
    let name = errno::name(error).unwrap_or_default();
    eprintln!("probe: {what}: {} ({name})", errno::words(error));
    Next::End(1)
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
    fn called_as_the_articles_program_it_is_that_program() {
        assert_eq!(translated("./ipc -producer"), "produce");
        assert_eq!(translated("./ipc -consumer"), "consume");
        assert_eq!(translated("/ipc"), "consume");
    }

    #[test]
    fn called_as_the_probe_it_takes_verbs() {
        assert_eq!(translated("/probe mq-look then clocks"), "mq-look then clocks");
    }
}
