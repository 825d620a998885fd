//! The verbs: names, options, and the functions that parse and run them.

use std::ffi::OsStr;
use std::io;

use crate::addresses::Addresses;
use crate::args::{Declared, Options, UsageError};
use crate::article::{Consumer, Producer};
use crate::catalogue;
use crate::change::Change;
use crate::ending::Ending;
use crate::fetch::Fetch;
use crate::fifo::FifoVerb;
use crate::file::FileVerb;
use crate::folder::FolderVerb;
use crate::identity::IdentityVerb;
use crate::kill::Kill;
use crate::limits::Limits;
use crate::lock::Lock;
use crate::message::MessageVerb;
use crate::mount::MountVerb;
use crate::node::OnNode;
use crate::nonce::Nonce;
use crate::peek::Peek;
use crate::posix::PosixVerb;
use crate::queue::QueueVerb;
use crate::replace_loop::ReplaceLoop;
use crate::report::{Log, Next};
use crate::resolve::Resolve;
use crate::semaphore::SemaphoreVerb;
use crate::serve::Serve;
use crate::shm::ShmVerb;
use crate::socket::Socket;
use crate::space::Space;
use crate::start::Start;
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
    /// `steal`, `wait-queue` and the verbs that begin with `mq-`, except `mq-create` and `mq-open`
    Queue(QueueVerb),
    /// `mq-create`, `mq-open`
    Limits(Limits),
    /// The verbs that begin with `shm-`
    Shm(ShmVerb),
    /// The verbs that begin with `sem-`
    Semaphore(SemaphoreVerb),
    /// The verbs that begin with `msg-`
    Message(MessageVerb),
    /// The verbs that begin with `pshm-` and `psem-`
    Posix(PosixVerb),
    /// `write`, `write-part`, `read`, `stat`
    File(FileVerb),
    /// `list`, `remove`
    Folder(FolderVerb),
    /// `chmod`, `mkdir`, `rename`
    Change(Change),
    /// `mount`
    Mount(MountVerb),
    /// `fill`, `allocate`
    Space(Space),
    /// `count-start`, `exit-nth`
    Start(Start),
    /// `tick`
    Tick(Tick),
    /// `rename-loop`, `check-loop`
    ReplaceLoop(ReplaceLoop),
    /// The verbs that begin with `fifo-`
    Fifo(FifoVerb),
    /// `lock`, `try-lock`
    Lock(Lock),
    /// `nonce`
    Nonce(Nonce),
    /// `identity`, `clocks`, `environment`
    Identity(IdentityVerb),
    /// `wait-for`, `exit-when`, `pause`
    Wait(Wait),
    /// `exit`, `hold`
    Ending(Ending),
    /// `kill`, `kill-pid`
    Kill(Kill),
    /// `processes`, `peek`
    Peek(Peek),
    /// `on-node`
    OnNode(OnNode),
    /// `serve`
    Serve(Serve),
    /// `fetch`
    Fetch(Fetch),
    /// `addresses`
    Addresses(Addresses),
    /// `resolve`
    Resolve(Resolve),
    /// `sock-serve`, `sock-connect`
    Socket(Socket),
}

impl Verb {
    /// Runs the verb and reports its result. An error means that the log cannot be written.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Help => help(log),
            Self::Produce(producer) => producer.run(log),
            Self::Consume(consumer) => consumer.run(log),
            Self::Queue(verb) => verb.run(log),
            Self::Limits(limits) => limits.run(log),
            Self::Shm(verb) => verb.run(log),
            Self::Semaphore(verb) => verb.run(log),
            Self::Message(verb) => verb.run(log),
            Self::Posix(verb) => verb.run(log),
            Self::File(verb) => verb.run(log),
            Self::Folder(verb) => verb.run(log),
            Self::Change(change) => change.run(log),
            Self::Mount(verb) => verb.run(log),
            Self::Space(space) => space.run(log),
            Self::Start(start) => start.run(log),
            Self::Tick(tick) => tick.run(log),
            Self::ReplaceLoop(verb) => verb.run(log),
            Self::Fifo(verb) => verb.run(log),
            Self::Lock(lock) => lock.run(log),
            Self::Nonce(nonce) => nonce.run(log),
            Self::Identity(verb) => verb.run(log),
            Self::Wait(wait) => wait.run(log),
            Self::Ending(ending) => ending.run(log),
            Self::Kill(kill) => kill.run(log),
            Self::Peek(peek) => peek.run(log),
            Self::OnNode(verb) => verb.run(log),
            Self::Serve(serve) => serve.run(log),
            Self::Fetch(fetch) => fetch.run(log),
            Self::Addresses(addresses) => addresses.run(log),
            Self::Resolve(resolve) => resolve.run(log),
            Self::Socket(socket) => socket.run(log),
        }
    }
}

/// An entry of the verb catalogue.
pub(crate) struct Entry {
    /// The word on the command line.
    pub(crate) name: &'static str,
    /// A one-line description for `help`.
    summary: &'static str,
    pub(crate) declared: Declared,
    /// Parses the options.
    pub(crate) parse: fn(&mut Options) -> Result<Verb, UsageError>,
}

pub(crate) fn find(word: &OsStr) -> Option<&'static Entry> {
    catalogue::all().find(|entry| word == entry.name)
}

pub(crate) const fn entry(
    name: &'static str,
    summary: &'static str,
    values: &'static [&'static str],
    flags: &'static [&'static str],
    parse: fn(&mut Options) -> Result<Verb, UsageError>,
) -> Entry {
    Entry { name, summary, declared: Declared { values, flags }, parse }
}

fn help(log: &mut Log) -> io::Result<Next> {
    log.line("probe VERB [--key value | --flag]... [then VERB ...]...")?;
    for entry in catalogue::all() {
        let values = entry.declared.values.iter().map(|value| format!(" --{value} X"));
        let flags = entry.declared.flags.iter().map(|flag| format!(" --{flag}"));
        let options: String = values.chain(flags).collect();
        log.line(format!("  {:<12} {:<67}{options}", entry.name, entry.summary).trim_end())?;
    }
    Ok(Next::Continue)
}
