//! What a namespace allows of message queues: how many there may be, and who may open one.

use std::io;

use crate::args::{Options, Usage};
use crate::errno;
use crate::json::Fields;
use crate::queue;
use crate::report::{Log, Next};
use crate::sys::mq::{Access, Capacity, Queue};
use crate::sys::name::Name;
use crate::verb::Verb;

/// `mq-create` or `mq-open`
#[derive(Debug)]
pub(crate) struct Limits {
    queue: Name,
    what: What,
}

#[derive(Debug)]
enum What {
    Create { count: u64, capacity: Capacity, mode: Option<u32> },
    Open(&'static str, Access),
}

const ACCESSES: [(&str, Access); 3] =
    [("r", Access::ReceiveAtOnce), ("w", Access::SendAtOnce), ("rw", Access::BothAtOnce)];

impl Limits {
    /// Reads `mq-create`.
    pub(crate) fn create(options: &mut Options) -> Result<Verb, Usage> {
        let count = options.parsed_or("count", 1)?;
        let capacity = queue::capacity(options)?;
        let mode = options.mode("mode")?;
        Self::about(options, What::Create { count, capacity, mode })
    }

    /// Reads `mq-open`.
    pub(crate) fn open(options: &mut Options) -> Result<Verb, Usage> {
        let given = options.required("access")?;
        let Some((word, access)) = ACCESSES.into_iter().find(|(word, _)| given == *word) else {
            let known = ACCESSES.map(|(word, _)| word).join(", ");
            return Err(
                options.complaint(&format!("cannot take --access `{}` (known: {known})", given.display()))
            );
        };
        Self::about(options, What::Open(word, access))
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Limits(Self { queue: queue::name(options)?, what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let asked = Fields::new().text("queue", self.queue.as_bytes());
        match self.what {
            What::Create { count, capacity, mode } => {
                let asked = asked
                    .number("count", count)
                    .number("maxmsg", capacity.messages)
                    .number("msgsize", capacity.bytes_each);
                let mut created = 0;
                let result = create(&self.queue, count, capacity, mode, &mut created);
                let asked = asked.number("created", created);
                log.done("mq-create", &asked.and(&stopped_by(&result)))
            }
            What::Open(word, access) => {
                let asked = asked.text("access", word);
                log.attempt("mq-open", asked, open(&self.queue, access))
            }
        }
    }
}

/// An error is part of the answer: it says what the limit was.
fn stopped_by(result: &io::Result<()>) -> Fields {
    match result {
        Ok(()) => Fields::new(),
        Err(error) => {
            Fields::new().text("errno", errno::name(error).unwrap_or_else(|| "none".into()).as_bytes())
        }
    }
}

fn create(
    name: &Name,
    count: u64,
    capacity: Capacity,
    mode: Option<u32>,
    created: &mut u64,
) -> io::Result<()> {
    if count == 1 {
        Queue::create_new(name, capacity, mode)?;
        *created = 1;
        return Ok(());
    }
    for number in 1..=count {
        let name = name.numbered(number).ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        Queue::create_new(&name, capacity, mode)?;
        *created += 1;
    }
    Ok(())
}

fn open(name: &Name, access: Access) -> io::Result<Fields> {
    let answer = |present: bool, opened: bool| Fields::new().flag("present", present).flag("opened", opened);
    match Queue::open(name, access) {
        Ok(_closed_again) => Ok(answer(true, true)),
        Err(error) if errno::is_absent(&error) => Ok(answer(false, false).text("errno", "ENOENT")),
        Err(error) => match error.raw_os_error() {
            Some(libc::EACCES) => Ok(answer(true, false).text("errno", "EACCES")),
            Some(libc::EPERM) => Ok(answer(true, false).text("errno", "EPERM")),
            _ => Err(error),
        },
    }
}
