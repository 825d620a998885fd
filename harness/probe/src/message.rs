//! System V message queues: send, receive, look, remove.

use std::io;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::msg::Queue;
use crate::verb::Verb;

/// A verb about a queue.
#[derive(Debug)]
pub(crate) struct MessageVerb {
    key: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Send { text: Vec<u8> },
    Receive,
    Look,
    Remove,
}

impl MessageVerb {
    /// Reads `msg-send`.
    pub(crate) fn send(options: &mut Options) -> Result<Verb, Usage> {
        let text = options.required_bytes("text")?;
        Self::about(options, What::Send { text })
    }

    /// Reads `msg-receive`.
    pub(crate) fn receive(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Receive)
    }

    /// Reads `msg-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Look)
    }

    /// Reads `msg-remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Remove)
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Message(Self { key: options.ipc_key()?, what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let key = self.key;
        let asked = Fields::new().text("key", format!("{key:08x}"));
        match self.what {
            What::Send { text } => log.act("msg-send", asked, send(key, &text)),
            What::Receive => log.look("msg-receive", asked, receive(key)),
            What::Look => log.look("msg-look", asked, look(key)),
            What::Remove => log.look("msg-remove", asked, remove(key)),
        }
    }
}

fn send(key: u32, text: &[u8]) -> io::Result<Fields> {
    let (queue, created) = match Queue::create_new(key) {
        Ok(queue) => (queue, true),
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => (Queue::find(key)?, false),
        Err(error) => return Err(error),
    };
    queue.send(text)?;
    Ok(Fields::new()
        .flag("created", created)
        .count("bytes", text.len())
        .number("count", queue.facts()?.count))
}

fn receive(key: u32) -> io::Result<Fields> {
    let queue = Queue::find(key)?;
    let mut texts = Vec::new();
    while let Some(text) = queue.receive()? {
        texts.push(text);
    }
    Ok(Fields::new().flag("present", true).count("count", texts.len()).texts("texts", &texts))
}

fn look(key: u32) -> io::Result<Fields> {
    let seen = Queue::find(key)?.facts()?;
    Ok(Fields::new().flag("present", true).number("count", seen.count).number("bytes", seen.bytes))
}

fn remove(key: u32) -> io::Result<Fields> {
    Queue::find(key)?.remove()?;
    Ok(Fields::new().flag("present", true))
}
