//! Message queues: send, receive, look, unlink, steal.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Options, Usage};
use crate::errno;
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::mq::{self, Access, Attributes, Capacity, Queue};
use crate::sys::name::Name;
use crate::verb::Verb;

/// The queue of the article's program.
const ARTICLE_QUEUE: &str = "/ch6_ipc";

/// How often an absent queue is looked for.
///
/// There is nothing to sleep on: a queue is no file in a folder. `/dev/mqueue` shows queues as files, but a
/// container need not have it mounted, and what is mounted there may belong to another IPC namespace, where a
/// watch would sleep for ever.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A verb about a queue.
#[derive(Debug)]
pub(crate) struct QueueVerb {
    queue: Name,
    what: What,
}

#[derive(Debug)]
enum What {
    Steal { count: u64, patience: Option<Duration> },
    Send(Sending),
    Receive,
    Look,
    Unlink,
    WaitFor,
}

/// What `mq-send` sends, and into what.
#[derive(Debug)]
struct Sending {
    text: Vec<u8>,
    count: u64,
    priority: u32,
    capacity: Capacity,
    mode: Option<u32>,
    if_absent: bool,
}

impl QueueVerb {
    /// Reads `steal`.
    pub(crate) fn steal(options: &mut Options) -> Result<Verb, Usage> {
        let count = options.parsed_or("count", 1)?;
        let patience = options.parsed("retry-for")?.map(Duration::from_secs);
        Self::about(options, What::Steal { count, patience })
    }

    /// Reads `mq-send`.
    pub(crate) fn send(options: &mut Options) -> Result<Verb, Usage> {
        let text = options.required_bytes("text")?;
        let sending = Sending {
            text,
            count: options.parsed_or("count", 1)?,
            priority: options.parsed_or("priority", 0)?,
            capacity: capacity(options)?,
            mode: options.mode("mode")?,
            if_absent: options.flag("if-absent"),
        };
        Self::about(options, What::Send(sending))
    }

    /// Reads `mq-receive`.
    pub(crate) fn receive(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Receive)
    }

    /// Reads `mq-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Look)
    }

    /// Reads `mq-unlink`.
    pub(crate) fn unlink(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Unlink)
    }

    /// Reads `wait-queue`.
    pub(crate) fn wait_for(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::WaitFor)
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Queue(Self { queue: name(options)?, what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let queue = &self.queue;
        let asked = Fields::new().text("queue", queue.as_bytes());
        match self.what {
            What::Steal { count, patience } => steal(log, queue, count, patience),
            What::Send(sending) => {
                let mut sent = 0;
                let result = send(queue, &sending, &mut sent);
                log.act("mq-send", asked.number("sent", sent), result)
            }
            What::Receive => log.look("mq-receive", asked, receive_all(queue)),
            What::Look => log.look("mq-look", asked, look(queue)),
            What::WaitFor => log.act("wait-queue", asked, wait_for(queue)),
            What::Unlink => {
                log.look("mq-unlink", asked, mq::unlink(queue).map(|()| Fields::new().flag("present", true)))
            }
        }
    }
}

/// The name of the queue in `--queue`.
pub(crate) fn name(options: &mut Options) -> Result<Name, Usage> {
    let given = options.optional("queue").unwrap_or_else(|| ARTICLE_QUEUE.into());
    let complaint = format!("cannot take --queue `{}`: a name is one slash and no other", given.display());
    Name::new(given.into_encoded_bytes()).ok_or_else(|| options.complaint(&complaint))
}

/// What a new queue shall hold, in `--maxmsg` and `--msgsize`.
pub(crate) fn capacity(options: &mut Options) -> Result<Capacity, Usage> {
    Ok(Capacity {
        messages: options.parsed_or("maxmsg", 10)?,
        bytes_each: options.parsed_or("msgsize", 1024)?,
    })
}

/// Opens a queue, and while there is none looks again until patience is over; without a limit there is no end
/// to it.
pub(crate) fn open_when_there(name: &Name, access: Access, patience: Option<Duration>) -> io::Result<Queue> {
    let begin = Instant::now();
    loop {
        match Queue::open(name, access) {
            Err(error)
                if errno::is_absent(&error) && patience.is_none_or(|limit| begin.elapsed() < limit) =>
            {
                thread::sleep(LOOK_AGAIN);
            }
            result => return result,
        }
    }
}

/// Waits until there is a queue, whoever may open it.
fn wait_for(name: &Name) -> io::Result<Fields> {
    let is_there = |patience| match open_when_there(name, Access::ReceiveAtOnce, patience) {
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

/// The bytes before the first NUL: what a C program would print of a message.
pub(crate) fn as_c_string(message: &[u8]) -> &[u8] {
    message.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn steal(log: &mut Log, name: &Name, count: u64, patience: Option<Duration>) -> io::Result<Next> {
    let asked = || Fields::new().text("queue", name.as_bytes());
    let opened =
        open_when_there(name, Access::Receive, patience).and_then(|queue| Ok((buffer_for(&queue)?, queue)));
    let (mut buffer, queue) = match opened {
        Ok(opened) => opened,
        Err(error) => return log.act("steal", asked(), Err(error)),
    };
    for index in 1..=count {
        let stolen =
            queue.receive(&mut buffer).map(|(message, _)| Fields::new().text("text", as_c_string(message)));
        let next = log.act("steal", asked().number("index", index), stolen)?;
        if next != Next::GoOn {
            return Ok(next);
        }
    }
    Ok(Next::GoOn)
}

fn send(name: &Name, sending: &Sending, sent: &mut u64) -> io::Result<Fields> {
    let (queue, created) = open_or_create(name, sending.capacity, sending.mode)?;
    if created || !sending.if_absent {
        for index in 1..=sending.count {
            if sending.count == 1 {
                queue.send(&sending.text, sending.priority)?;
            } else {
                let text = [&sending.text, format!("-{index}").as_bytes()].concat();
                queue.send(&text, sending.priority)?;
            }
            *sent += 1;
        }
    }
    Ok(Fields::new().flag("created", created).and(&attributes(queue.attributes()?)))
}

/// Creates the queue or takes the one that is there, and says which.
fn open_or_create(name: &Name, capacity: Capacity, mode: Option<u32>) -> io::Result<(Queue, bool)> {
    loop {
        match Queue::create_new(name, capacity, mode) {
            Ok(queue) => return Ok((queue, true)),
            Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {}
            Err(error) => return Err(error),
        }
        match Queue::open(name, Access::SendAtOnce) {
            Ok(queue) => return Ok((queue, false)),
            // Unlinked by somebody between the two calls: begin again.
            Err(error) if errno::is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn receive_all(name: &Name) -> io::Result<Fields> {
    let queue = Queue::open(name, Access::ReceiveAtOnce)?;
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
    let seen = Queue::open(name, Access::ReceiveAtOnce)?.attributes()?;
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
