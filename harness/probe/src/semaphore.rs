//! System V semaphores: create, wait, post, look, remove.

use std::io;
use std::time::Instant;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::sem::Semaphore;
use crate::verb::Verb;

/// A verb about a semaphore.
#[derive(Debug)]
pub(crate) struct SemaphoreVerb {
    key: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Create { value: u16 },
    Wait,
    Post,
    Look,
    Remove,
}

impl SemaphoreVerb {
    /// Reads `sem-create`.
    pub(crate) fn create(options: &mut Options) -> Result<Verb, Usage> {
        let value = options.parsed_or("value", 0)?;
        Self::about(options, What::Create { value })
    }

    /// Reads `sem-wait`.
    pub(crate) fn wait(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Wait)
    }

    /// Reads `sem-post`.
    pub(crate) fn post(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Post)
    }

    /// Reads `sem-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Look)
    }

    /// Reads `sem-remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Remove)
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Semaphore(Self { key: options.ipc_key()?, what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let key = self.key;
        let asked = Fields::new().text("key", format!("{key:08x}"));
        match self.what {
            What::Create { value } => log.act("sem-create", asked, create(key, value)),
            What::Wait => {
                let semaphore = Semaphore::find(key);
                wait(log, "sem-wait", &asked, semaphore, |semaphore| semaphore.wait())
            }
            What::Post => log.act("sem-post", asked, post(key)),
            What::Look => log.look("sem-look", asked, look(key)),
            What::Remove => log.look("sem-remove", asked, remove(key)),
        }
    }
}

/// Waits for what was found, with a report before and one after.
pub(crate) fn wait<S>(
    log: &mut Log,
    verb: &str,
    asked: &Fields,
    found: io::Result<S>,
    sleep: impl FnOnce(&S) -> io::Result<()>,
) -> io::Result<Next> {
    let semaphore = match found {
        Ok(semaphore) => semaphore,
        Err(error) => return log.act(verb, asked.clone(), Err(error)),
    };
    log.done(verb, &asked.clone().text("state", "waiting"))?;
    let begin = Instant::now();
    let woken = sleep(&semaphore).map(|()| {
        let waited = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Fields::new().text("state", "woken").number("waited_ns", waited)
    });
    log.act(verb, asked.clone(), woken)
}

/// Creates it with this value; one that is there already keeps its own.
fn create(key: u32, value: u16) -> io::Result<Fields> {
    let (semaphore, created) = match Semaphore::create_new(key) {
        Ok(semaphore) => {
            semaphore.set(value)?;
            (semaphore, true)
        }
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => (Semaphore::find(key)?, false),
        Err(error) => return Err(error),
    };
    Ok(Fields::new().flag("created", created).number("value", semaphore.value()?))
}

fn post(key: u32) -> io::Result<Fields> {
    Semaphore::find(key)?.post().map(|()| Fields::new())
}

fn look(key: u32) -> io::Result<Fields> {
    let semaphore = Semaphore::find(key)?;
    Ok(Fields::new()
        .flag("present", true)
        .number("value", semaphore.value()?)
        .number("waiters", semaphore.waiters()?))
}

fn remove(key: u32) -> io::Result<Fields> {
    Semaphore::find(key)?.remove()?;
    Ok(Fields::new().flag("present", true))
}
