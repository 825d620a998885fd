//! POSIX shared memory and named semaphores, which are files in `/dev/shm`.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::semaphore;
use crate::sys::name::Name;
use crate::sys::psem::{self, Semaphore};
use crate::sys::pshm;
use crate::verb::Verb;

/// A verb that acts on a POSIX object.
#[derive(Debug)]
pub(crate) struct PosixVerb {
    name: Name,
    action: Action,
}

#[derive(Debug)]
enum Action {
    PutMemory { text: Vec<u8> },
    LookAtMemory,
    RemoveMemory,
    CreateSemaphore { value: u32 },
    WaitForSemaphore,
    PostSemaphore,
    LookAtSemaphore,
    RemoveSemaphore,
}

impl PosixVerb {
    /// Parses the options of `pshm-put`.
    pub(crate) fn put_memory(options: &mut Options) -> Result<Verb, UsageError> {
        let text = options.required_bytes("text")?;
        Self::parse(options, Action::PutMemory { text })
    }

    /// Parses the options of `pshm-look`.
    pub(crate) fn look_at_memory(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::LookAtMemory)
    }

    /// Parses the options of `pshm-remove`.
    pub(crate) fn remove_memory(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::RemoveMemory)
    }

    /// Parses the options of `psem-create`.
    pub(crate) fn create_semaphore(options: &mut Options) -> Result<Verb, UsageError> {
        let value = options.parsed_or("value", 0)?;
        Self::parse(options, Action::CreateSemaphore { value })
    }

    /// Parses the options of `psem-wait`.
    pub(crate) fn wait_for_semaphore(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::WaitForSemaphore)
    }

    /// Parses the options of `psem-post`.
    pub(crate) fn post_semaphore(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::PostSemaphore)
    }

    /// Parses the options of `psem-look`.
    pub(crate) fn look_at_semaphore(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::LookAtSemaphore)
    }

    /// Parses the options of `psem-remove`.
    pub(crate) fn remove_semaphore(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::RemoveSemaphore)
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Posix(Self { name: options.object_name()?, action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let name = &self.name;
        let params = Fields::new().text("name", name.as_bytes());
        let gone = |()| Fields::new().flag("present", true);
        match self.action {
            Action::PutMemory { text } => log.act("pshm-put", params, put_memory(name, &text)),
            Action::LookAtMemory => log.look("pshm-look", params, look_at_memory(name)),
            Action::RemoveMemory => log.look("pshm-remove", params, pshm::unlink(name).map(gone)),
            Action::CreateSemaphore { value } => {
                log.act("psem-create", params, create_semaphore(name, value))
            }
            Action::WaitForSemaphore => {
                semaphore::wait(log, "psem-wait", &params, Semaphore::find(name), Semaphore::wait)
            }
            Action::PostSemaphore => {
                let result = Semaphore::find(name).and_then(|semaphore| semaphore.post());
                log.act("psem-post", params, result.map(|()| Fields::new()))
            }
            Action::LookAtSemaphore => log.look("psem-look", params, look_at_semaphore(name)),
            Action::RemoveSemaphore => log.look("psem-remove", params, psem::unlink(name).map(gone)),
        }
    }
}

fn put_memory(name: &Name, text: &[u8]) -> io::Result<Fields> {
    let object = pshm::find_or_create(name)?;
    pshm::write(&object, text)?;
    Ok(Fields::new().count("bytes", text.len()).and(&file_fields(&object)?))
}

fn look_at_memory(name: &Name) -> io::Result<Fields> {
    let object = pshm::find(name)?;
    let text = pshm::read(&object)?;
    Ok(Fields::new().flag("present", true).text("text", text).and(&file_fields(&object)?))
}

fn file_fields(object: &File) -> io::Result<Fields> {
    let seen = object.metadata()?;
    Ok(Fields::new().number("size", seen.len()).number("dev", seen.dev()).number("ino", seen.ino()))
}

/// Creates a semaphore with this value. An existing semaphore keeps its value.
fn create_semaphore(name: &Name, value: u32) -> io::Result<Fields> {
    let (semaphore, created) = match Semaphore::create_new(name, value) {
        Ok(semaphore) => (semaphore, true),
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => (Semaphore::find(name)?, false),
        Err(error) => return Err(error),
    };
    Ok(Fields::new().flag("created", created).number("value", semaphore.value()?))
}

fn look_at_semaphore(name: &Name) -> io::Result<Fields> {
    let value = Semaphore::find(name)?.value()?;
    Ok(Fields::new().flag("present", true).number("value", value))
}
