//! POSIX shared memory and named semaphores: what `/dev/shm` holds.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::semaphore;
use crate::sys::name::Name;
use crate::sys::psem::{self, Semaphore};
use crate::sys::pshm;
use crate::verb::Verb;

/// A verb about an object.
#[derive(Debug)]
pub(crate) struct PosixVerb {
    name: Name,
    what: What,
}

#[derive(Debug)]
enum What {
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
    /// Reads `pshm-put`.
    pub(crate) fn put_memory(options: &mut Options) -> Result<Verb, Usage> {
        let text = options.required_bytes("text")?;
        Self::about(options, What::PutMemory { text })
    }

    /// Reads `pshm-look`.
    pub(crate) fn look_at_memory(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::LookAtMemory)
    }

    /// Reads `pshm-remove`.
    pub(crate) fn remove_memory(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::RemoveMemory)
    }

    /// Reads `psem-create`.
    pub(crate) fn create_semaphore(options: &mut Options) -> Result<Verb, Usage> {
        let value = options.parsed_or("value", 0)?;
        Self::about(options, What::CreateSemaphore { value })
    }

    /// Reads `psem-wait`.
    pub(crate) fn wait_for_semaphore(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::WaitForSemaphore)
    }

    /// Reads `psem-post`.
    pub(crate) fn post_semaphore(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::PostSemaphore)
    }

    /// Reads `psem-look`.
    pub(crate) fn look_at_semaphore(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::LookAtSemaphore)
    }

    /// Reads `psem-remove`.
    pub(crate) fn remove_semaphore(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::RemoveSemaphore)
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Posix(Self { name: options.object_name()?, what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let name = &self.name;
        let asked = Fields::new().text("name", name.as_bytes());
        let gone = |()| Fields::new().flag("present", true);
        match self.what {
            What::PutMemory { text } => log.act("pshm-put", asked, put_memory(name, &text)),
            What::LookAtMemory => log.look("pshm-look", asked, look_at_memory(name)),
            What::RemoveMemory => log.look("pshm-remove", asked, pshm::unlink(name).map(gone)),
            What::CreateSemaphore { value } => log.act("psem-create", asked, create_semaphore(name, value)),
            What::WaitForSemaphore => {
                semaphore::wait(log, "psem-wait", &asked, Semaphore::find(name), Semaphore::wait)
            }
            What::PostSemaphore => {
                let result = Semaphore::find(name).and_then(|semaphore| semaphore.post());
                log.act("psem-post", asked, result.map(|()| Fields::new()))
            }
            What::LookAtSemaphore => log.look("psem-look", asked, look_at_semaphore(name)),
            What::RemoveSemaphore => log.look("psem-remove", asked, psem::unlink(name).map(gone)),
        }
    }
}

fn put_memory(name: &Name, text: &[u8]) -> io::Result<Fields> {
    let object = pshm::find_or_create(name)?;
    pshm::write(&object, text)?;
    Ok(Fields::new().count("bytes", text.len()).and(&told(&object)?))
}

fn look_at_memory(name: &Name) -> io::Result<Fields> {
    let object = pshm::find(name)?;
    let text = pshm::read(&object)?;
    Ok(Fields::new().flag("present", true).text("text", text).and(&told(&object)?))
}

fn told(object: &File) -> io::Result<Fields> {
    let seen = object.metadata()?;
    Ok(Fields::new().number("size", seen.len()).number("dev", seen.dev()).number("ino", seen.ino()))
}

/// Creates it with this value; one that is there already keeps its own.
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
