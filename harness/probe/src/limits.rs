//! Limits and permissions of message queues: how many can be created, and whether one can be opened.

use std::io;

use crate::args::{Options, UsageError};
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
    action: Action,
}

#[derive(Debug)]
enum Action {
    Create { count: u64, capacity: Capacity, mode: Option<u32> },
    Open(&'static str, Access),
}

const ACCESSES: [(&str, Access); 3] =
    [("r", Access::ReceiveNonBlocking), ("w", Access::SendNonBlocking), ("rw", Access::BothNonBlocking)];

impl Limits {
    /// Parses the options of `mq-create`.
    pub(crate) fn create(options: &mut Options) -> Result<Verb, UsageError> {
        let count = options.parsed_or("count", 1)?;
        let capacity = queue::capacity(options)?;
        let mode = options.mode("mode")?;
        Self::parse(options, Action::Create { count, capacity, mode })
    }

    /// Parses the options of `mq-open`.
    pub(crate) fn open(options: &mut Options) -> Result<Verb, UsageError> {
        let given = options.required("access")?;
        let Some((word, access)) = ACCESSES.into_iter().find(|(word, _)| given == *word) else {
            let known = ACCESSES.map(|(word, _)| word).join(", ");
            return Err(
                options.usage_error(&format!("cannot take --access `{}` (known: {known})", given.display()))
            );
        };
        Self::parse(options, Action::Open(word, access))
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Limits(Self { queue: queue::name(options)?, action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = Fields::new().text("queue", self.queue.as_bytes());
        match self.action {
            Action::Create { count, capacity, mode } => {
                let params = params
                    .number("count", count)
                    .number("maxmsg", capacity.messages)
                    .number("msgsize", capacity.bytes_each);
                let mut created = 0;
                let result = create(&self.queue, count, capacity, mode, &mut created);
                let params = params.number("created", created);
                log.done("mq-create", &params.and(&stopped_by(&result)))
            }
            Action::Open(word, access) => {
                let params = params.text("access", word);
                log.attempt("mq-open", params, open(&self.queue, access))
            }
        }
    }
}

/// The errno that stopped the creation. An error is a result here: it shows which limit was hit.
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
