//! The verbs: their names, their options, and what reads and runs them.

use std::ffi::OsStr;
use std::io;

use crate::args::{Declared, Options, Usage};
use crate::article::{Consumer, Producer};
use crate::ending::Ending;
use crate::fetch::Fetch;
use crate::file::FileVerb;
use crate::folder::FolderVerb;
use crate::identity::IdentityVerb;
use crate::nonce::Nonce;
use crate::process::Kill;
use crate::queue::QueueVerb;
use crate::report::{Log, Next};
use crate::serve::Serve;
use crate::shm::ShmVerb;
use crate::tick::Tick;
use crate::wait::Wait;

/// A verb with its options, ready to run.
#[derive(Debug)]
pub(crate) enum Verb {
    /// `help`
    Help,
    /// `produce`
    Produce(Producer),
    /// `consume`
    Consume(Consumer),
    /// `steal` and the verbs that begin with `mq-`
    Queue(QueueVerb),
    /// The verbs that begin with `shm-`
    Shm(ShmVerb),
    /// `write`, `write-part`, `read`, `stat`
    File(FileVerb),
    /// `list`, `remove`
    Folder(FolderVerb),
    /// `tick`
    Tick(Tick),
    /// `nonce`
    Nonce(Nonce),
    /// `identity`, `clocks`
    Identity(IdentityVerb),
    /// `wait-for`, `exit-when`, `pause`
    Wait(Wait),
    /// `exit`, `hold`
    Ending(Ending),
    /// `kill`
    Kill(Kill),
    /// `serve`
    Serve(Serve),
    /// `fetch`
    Fetch(Fetch),
}

impl Verb {
    /// Does it. An error means that the log cannot be written; all else is in the log.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Help => help(log),
            Self::Produce(producer) => producer.run(log),
            Self::Consume(consumer) => consumer.run(log),
            Self::Queue(verb) => verb.run(log),
            Self::Shm(verb) => verb.run(log),
            Self::File(verb) => verb.run(log),
            Self::Folder(verb) => verb.run(log),
            Self::Tick(tick) => tick.run(log),
            Self::Nonce(nonce) => nonce.run(log),
            Self::Identity(verb) => verb.run(log),
            Self::Wait(wait) => wait.run(log),
            Self::Ending(ending) => ending.run(log),
            Self::Kill(kill) => kill.run(log),
            Self::Serve(serve) => serve.run(log),
            Self::Fetch(fetch) => fetch.run(log),
        }
    }
}

/// One line of the list of verbs.
pub(crate) struct Entry {
    /// The word on the command line.
    pub(crate) name: &'static str,
    /// What it does, in a line.
    says: &'static str,
    /// The options it knows.
    pub(crate) declared: Declared,
    /// Makes the verb out of the options.
    pub(crate) read: fn(&mut Options) -> Result<Verb, Usage>,
}

/// The entry of a verb.
pub(crate) fn find(word: &OsStr) -> Option<&'static Entry> {
    VERBS.iter().find(|entry| word == entry.name)
}

const fn entry(
    name: &'static str,
    says: &'static str,
    values: &'static [&'static str],
    flags: &'static [&'static str],
    read: fn(&mut Options) -> Result<Verb, Usage>,
) -> Entry {
    Entry { name, says, declared: Declared { values, flags }, read }
}

const VERBS: &[Entry] = &[
    entry(
        "produce",
        "be the article's producer: 500 messages, then `done`, then unlink",
        &["queue", "count", "duplicate", "drop", "delay-open"],
        &["checked", "unchecked"],
        Producer::read,
    ),
    entry(
        "consume",
        "be the article's consumer: receive until `done`",
        &["queue", "retry-for"],
        &["checked"],
        Consumer::read,
    ),
    entry(
        "steal",
        "wait for the queue and receive --count messages",
        &["queue", "count", "retry-for"],
        &[],
        QueueVerb::steal,
    ),
    entry(
        "mq-send",
        "create the queue and send without waiting",
        &["queue", "text", "count", "maxmsg", "msgsize"],
        &["if-absent"],
        QueueVerb::send,
    ),
    entry("mq-receive", "receive all there is, without waiting", &["queue"], &[], QueueVerb::receive),
    entry("mq-look", "tell the attributes of the queue", &["queue"], &[], QueueVerb::look),
    entry("mq-unlink", "take the queue's name away", &["queue"], &[], QueueVerb::unlink),
    entry(
        "shm-put",
        "write into a System V segment, created if need be",
        &["key", "text"],
        &["if-absent"],
        ShmVerb::put,
    ),
    entry("shm-look", "read a System V segment", &["key"], &[], ShmVerb::look),
    entry("shm-remove", "remove a System V segment", &["key"], &[], ShmVerb::remove),
    entry(
        "write",
        "write a file",
        &["path", "text"],
        &["append", "buffered", "if-absent", "sync"],
        FileVerb::write,
    ),
    entry(
        "write-part",
        "write a file of which the second part stays in a buffer",
        &["path", "synced", "unsynced"],
        &[],
        FileVerb::write_part,
    ),
    entry("read", "read a file", &["path", "limit"], &[], FileVerb::read),
    entry("stat", "tell what a path is", &["path"], &[], FileVerb::stat),
    entry("list", "list a folder", &["path"], &[], FolderVerb::list),
    entry(
        "remove",
        "remove a file or a tree, or what is in it",
        &["path"],
        &["contents"],
        FolderVerb::remove,
    ),
    entry(
        "tick",
        "add a line to a file every --every-ms",
        &["path", "every-ms", "count"],
        &["truncate"],
        Tick::read,
    ),
    entry("nonce", "tell 16 random bytes, or those kept in --from", &["from"], &[], Nonce::read),
    entry(
        "identity",
        "tell namespaces, process numbers, user, host name, start ticks",
        &[],
        &[],
        IdentityVerb::identity,
    ),
    entry("clocks", "tell the time", &[], &[], IdentityVerb::clocks),
    entry("wait-for", "wait until a path exists", &["path"], &[], Wait::wait_for),
    entry("exit-when", "wait until a path exists, remove it, exit", &["path", "code"], &[], Wait::exit_when),
    entry("pause", "wait for a while", &["ms"], &[], Wait::pause),
    entry("exit", "exit with --code", &["code"], &[], Ending::exit),
    entry("hold", "wait for TERM or INT", &["on-term"], &[], Ending::hold),
    entry(
        "kill",
        "send a signal to the one process with this command line",
        &["cmdline", "signal"],
        &[],
        Kill::read,
    ),
    entry(
        "serve",
        "answer HTTP with --text or with the files in --root",
        &["port", "bind", "text", "root"],
        &["cached"],
        Serve::read,
    ),
    entry("fetch", "ask for a page by HTTP", &["host", "port", "path", "timeout-ms"], &[], Fetch::read),
    entry("help", "list the verbs", &[], &[], |_| Ok(Verb::Help)),
];

fn help(log: &mut Log) -> io::Result<Next> {
    log.line("probe VERB [--key value | --flag]... [then VERB ...]...")?;
    for entry in VERBS {
        let values = entry.declared.values.iter().map(|value| format!(" --{value} X"));
        let flags = entry.declared.flags.iter().map(|flag| format!(" --{flag}"));
        let options: String = values.chain(flags).collect();
        log.line(format!("  {:<11} {:<67}{options}", entry.name, entry.says).trim_end())?;
    }
    Ok(Next::GoOn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_there_once_and_none_is_the_separator() {
        let names: BTreeSet<_> = VERBS.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), VERBS.len());
        assert!(!names.contains("then"));
    }
}
