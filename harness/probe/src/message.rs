//! System V message queues: send, receive, look, remove.

use std::io;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::msg::Queue;
use crate::verb::Verb;

/// A verb that acts on a System V message queue.
#[derive(Debug)]
pub(crate) struct MessageVerb {
    key: u32,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Send { text: Vec<u8> },
    Receive,
    Look,
    Remove,
}

impl MessageVerb {
    /// Parses the options of `msg-send`.
    pub(crate) fn send(options: &mut Options) -> Result<Verb, UsageError> {
        let text = options.required_bytes("text")?;
        Self::parse(options, Action::Send { text })
    }

    /// Parses the options of `msg-receive`.
    pub(crate) fn receive(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Receive)
    }

    /// Parses the options of `msg-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Look)
    }

    /// Parses the options of `msg-remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Remove)
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Message(Self { key: options.ipc_key()?, action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let key = self.key;
        let params = Fields::new().text("key", format!("{key:08x}"));
        match self.action {
            Action::Send { text } => log.act("msg-send", params, send(key, &text)),
            Action::Receive => log.look("msg-receive", params, receive(key)),
            Action::Look => log.look("msg-look", params, look(key)),
            Action::Remove => log.look("msg-remove", params, remove(key)),
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
