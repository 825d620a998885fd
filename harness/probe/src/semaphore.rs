//! System V semaphores: create, wait, post, look, remove.

use std::io;
use std::time::Instant;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::sem::Semaphore;
use crate::verb::Verb;

/// A verb that acts on a System V semaphore.
#[derive(Debug)]
pub(crate) struct SemaphoreVerb {
    key: u32,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Create { value: u16 },
    Wait,
    Post,
    Look,
    Remove,
}

impl SemaphoreVerb {
    /// Parses the options of `sem-create`.
    pub(crate) fn create(options: &mut Options) -> Result<Verb, UsageError> {
        let value = options.parsed_or("value", 0)?;
        Self::parse(options, Action::Create { value })
    }

    /// Parses the options of `sem-wait`.
    pub(crate) fn wait(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Wait)
    }

    /// Parses the options of `sem-post`.
    pub(crate) fn post(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Post)
    }

    /// Parses the options of `sem-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Look)
    }

    /// Parses the options of `sem-remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Remove)
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Semaphore(Self { key: options.ipc_key()?, action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let key = self.key;
        let params = Fields::new().text("key", format!("{key:08x}"));
        match self.action {
            Action::Create { value } => log.act("sem-create", params, create(key, value)),
            Action::Wait => {
                let semaphore = Semaphore::find(key);
                wait(log, "sem-wait", &params, semaphore, |semaphore| semaphore.wait())
            }
            Action::Post => log.act("sem-post", params, post(key)),
            Action::Look => log.look("sem-look", params, look(key)),
            Action::Remove => log.look("sem-remove", params, remove(key)),
        }
    }
}

/// Waits for a semaphore, with one report before and one after the wait.
pub(crate) fn wait<S>(
    log: &mut Log,
    verb: &str,
    params: &Fields,
    found: io::Result<S>,
    sleep: impl FnOnce(&S) -> io::Result<()>,
) -> io::Result<Next> {
    let semaphore = match found {
        Ok(semaphore) => semaphore,
        Err(error) => return log.act(verb, params.clone(), Err(error)),
    };
    log.done(verb, &params.clone().text("state", "waiting"))?;
    let begin = Instant::now();
    let woken = sleep(&semaphore).map(|()| {
        let waited = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Fields::new().text("state", "woken").number("waited_ns", waited)
    });
    log.act(verb, params.clone(), woken)
}

/// Creates a semaphore with this value. An existing semaphore keeps its value.
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
