//! POSIX message queues: send, receive, look, unlink, steal.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Options, UsageError};
use crate::errno;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::mq::{self, Access, Attributes, Capacity, Queue};
use crate::sys::name::Name;
use crate::verb::Verb;

/// The queue of the article's program.
const ARTICLE_QUEUE: &str = "/ch6_ipc";

/// How often to look for a queue that does not exist yet.
///
/// A queue cannot be watched with inotify: `/dev/mqueue` may not be mounted in the container, or may show the
/// queues of another IPC namespace.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A verb that acts on a POSIX message queue.
#[derive(Debug)]
pub(crate) struct QueueVerb {
    queue: Name,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Steal { count: u64, retry_for: Option<Duration> },
    Send(SendOptions),
    Receive,
    Look,
    Unlink,
    WaitFor,
}

/// The options of `mq-send`.
#[derive(Debug)]
struct SendOptions {
    text: Vec<u8>,
    count: u64,
    priority: u32,
    capacity: Capacity,
    mode: Option<u32>,
    if_absent: bool,
}

impl QueueVerb {
    /// Parses the options of `steal`.
    pub(crate) fn steal(options: &mut Options) -> Result<Verb, UsageError> {
        let count = options.parsed_or("count", 1)?;
        let retry_for = options.parsed("retry-for")?.map(Duration::from_secs);
        Self::parse(options, Action::Steal { count, retry_for })
    }

    /// Parses the options of `mq-send`.
    pub(crate) fn send(options: &mut Options) -> Result<Verb, UsageError> {
        let text = options.required_bytes("text")?;
        let send = SendOptions {
            text,
            count: options.parsed_or("count", 1)?,
            priority: options.parsed_or("priority", 0)?,
            capacity: capacity(options)?,
            mode: options.mode("mode")?,
            if_absent: options.flag("if-absent"),
        };
        Self::parse(options, Action::Send(send))
    }

    /// Parses the options of `mq-receive`.
    pub(crate) fn receive(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Receive)
    }

    /// Parses the options of `mq-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Look)
    }

    /// Parses the options of `mq-unlink`.
    pub(crate) fn unlink(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Unlink)
    }

    /// Parses the options of `wait-queue`.
    pub(crate) fn wait_for(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::WaitFor)
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Queue(Self { queue: name(options)?, action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let queue = &self.queue;
        let params = Fields::new().text("queue", queue.as_bytes());
        match self.action {
            Action::Steal { count, retry_for } => steal(log, queue, count, retry_for),
            Action::Send(options) => {
                let mut sent = 0;
                let result = send(queue, &options, &mut sent);
                log.act("mq-send", params.number("sent", sent), result)
            }
            Action::Receive => log.look("mq-receive", params, receive_all(queue)),
            Action::Look => log.look("mq-look", params, look(queue)),
            Action::WaitFor => log.act("wait-queue", params, wait_for(queue)),
            Action::Unlink => {
                log.look("mq-unlink", params, mq::unlink(queue).map(|()| Fields::new().flag("present", true)))
            }
        }
    }
}

/// Parses `--queue`. The default is the article's queue.
pub(crate) fn name(options: &mut Options) -> Result<Name, UsageError> {
    let given = options.optional("queue").unwrap_or_else(|| ARTICLE_QUEUE.into());
    let message = format!(
        "cannot take --queue `{}`: a name starts with a slash and has no other slash",
        given.display()
    );
    Name::new(given.into_encoded_bytes()).ok_or_else(|| options.usage_error(&message))
}

/// Parses `--maxmsg` and `--msgsize`, the capacity of a queue that is created.
pub(crate) fn capacity(options: &mut Options) -> Result<Capacity, UsageError> {
    Ok(Capacity {
        messages: options.parsed_or("maxmsg", 10)?,
        bytes_each: options.parsed_or("msgsize", 1024)?,
    })
}

/// Opens a queue. Retries for `retry_for` while the queue does not exist; `None` retries without limit.
pub(crate) fn open_with_retry(name: &Name, access: Access, retry_for: Option<Duration>) -> io::Result<Queue> {
    let begin = Instant::now();
    loop {
        match Queue::open(name, access) {
            Err(error)
                if errno::is_absent(&error) && retry_for.is_none_or(|limit| begin.elapsed() < limit) =>
            {
                thread::sleep(POLL_INTERVAL);
            }
            result => return result,
        }
    }
}

/// Waits until the queue exists, even if this process may not open it.
fn wait_for(name: &Name) -> io::Result<Fields> {
    let is_there = |retry_for| match open_with_retry(name, Access::ReceiveNonBlocking, retry_for) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => Ok(true),
        Err(error) if errno::is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    };
    let waited = !is_there(Some(Duration::ZERO))?;
    if waited {
        is_there(None)?;
    }
    Ok(Fields::new().flag("waited", waited))
}

/// The bytes before the first NUL, as a C program would print the message.
pub(crate) fn as_c_string(message: &[u8]) -> &[u8] {
    message.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn steal(log: &mut Log, name: &Name, count: u64, retry_for: Option<Duration>) -> io::Result<Next> {
    let params = || Fields::new().text("queue", name.as_bytes());
    let opened =
        open_with_retry(name, Access::Receive, retry_for).and_then(|queue| Ok((buffer_for(&queue)?, queue)));
    let (mut buffer, queue) = match opened {
        Ok(opened) => opened,
        Err(error) => return log.act("steal", params(), Err(error)),
    };
    for index in 1..=count {
        let stolen =
            queue.receive(&mut buffer).map(|(message, _)| Fields::new().text("text", as_c_string(message)));
        let next = log.act("steal", params().number("index", index), stolen)?;
        if next != Next::Continue {
            return Ok(next);
        }
    }
    Ok(Next::Continue)
}

fn send(name: &Name, options: &SendOptions, sent: &mut u64) -> io::Result<Fields> {
    let (queue, created) = open_or_create(name, options.capacity, options.mode)?;
    if created || !options.if_absent {
        for index in 1..=options.count {
            if options.count == 1 {
                queue.send(&options.text, options.priority)?;
            } else {
                let text = [&options.text, format!("-{index}").as_bytes()].concat();
                queue.send(&text, options.priority)?;
            }
            *sent += 1;
        }
    }
    Ok(Fields::new().flag("created", created).and(&attributes(queue.attributes()?)))
}

/// Creates or opens the queue. The bool is true if the queue was created.
fn open_or_create(name: &Name, capacity: Capacity, mode: Option<u32>) -> io::Result<(Queue, bool)> {
    loop {
        match Queue::create_new(name, capacity, mode) {
            Ok(queue) => return Ok((queue, true)),
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
            Err(error) => return Err(error),
        }
        match Queue::open(name, Access::SendNonBlocking) {
            Ok(queue) => return Ok((queue, false)),
            // Unlinked by another process between the two calls: try again.
            Err(error) if errno::is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn receive_all(name: &Name) -> io::Result<Fields> {
    let queue = Queue::open(name, Access::ReceiveNonBlocking)?;
    let mut buffer = buffer_for(&queue)?;
    let mut texts = Vec::new();
    let mut priorities = Vec::new();
    loop {
        match queue.receive(&mut buffer) {
            Ok((message, priority)) => {
                texts.push(as_c_string(message).to_vec());
                priorities.push(priority);
            }
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Fields::new()
        .flag("present", true)
        .count("count", texts.len())
        .texts("texts", &texts)
        .numbers("priorities", &priorities))
}

fn look(name: &Name) -> io::Result<Fields> {
    let seen = Queue::open(name, Access::ReceiveNonBlocking)?.attributes()?;
    Ok(Fields::new().flag("present", true).and(&attributes(seen)))
}

fn attributes(seen: Attributes) -> Fields {
    Fields::new()
        .number("maxmsg", seen.maxmsg)
        .number("msgsize", seen.msgsize)
        .number("curmsgs", seen.curmsgs)
}

fn buffer_for(queue: &Queue) -> io::Result<Vec<u8>> {
    let size = usize::try_from(queue.attributes()?.msgsize).map_err(io::Error::other)?;
    Ok(vec![0; size])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_at_its_first_nul() {
        assert_eq!(as_c_string(b"f4\0\0\0"), b"f4");
        assert_eq!(as_c_string(b"f4"), b"f4");
        assert_eq!(as_c_string(b""), b"");
    }
}
