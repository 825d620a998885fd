//! System V shared memory: put, hold, look, remove.

use std::io;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::shm::Segment;
use crate::verb::Verb;

/// A verb that acts on a System V segment.
#[derive(Debug)]
pub(crate) struct ShmVerb {
    key: u32,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Put { text: Vec<u8>, if_absent: bool },
    Hold { text: Vec<u8>, private: bool },
    Look,
    Remove,
}

impl ShmVerb {
    /// Parses the options of `shm-put`.
    pub(crate) fn put(options: &mut Options) -> Result<Verb, UsageError> {
        let text = options.required_bytes("text")?;
        let if_absent = options.flag("if-absent");
        Self::parse(options, Action::Put { text, if_absent })
    }

    /// Parses the options of `shm-hold`.
    pub(crate) fn hold(options: &mut Options) -> Result<Verb, UsageError> {
        let text = options.required_bytes("text")?;
        let private = options.flag("private");
        Self::parse(options, Action::Hold { text, private })
    }

    /// Parses the options of `shm-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Look)
    }

    /// Parses the options of `shm-remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, UsageError> {
        Self::parse(options, Action::Remove)
    }

    fn parse(options: &mut Options, action: Action) -> Result<Verb, UsageError> {
        Ok(Verb::Shm(Self { key: options.ipc_key()?, action }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let key = self.key;
        let params = Fields::new().text("key", format!("{key:08x}"));
        match self.action {
            Action::Put { text, if_absent } => log.act("shm-put", params, put(key, &text, if_absent)),
            Action::Hold { text, private } => log.act("shm-hold", params, hold(key, &text, private)),
            Action::Look => log.look("shm-look", params, look(key)),
            Action::Remove => log.look("shm-remove", params, remove(key)),
        }
    }
}

fn put(key: u32, text: &[u8], if_absent: bool) -> io::Result<Fields> {
    let (segment, created) = match Segment::create_new(key) {
        Ok(segment) => (segment, true),
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => (Segment::find_or_create(key)?, false),
        Err(error) => return Err(error),
    };
    let writes = created || !if_absent;
    if writes {
        segment.write(text)?;
    }
    let seen = segment.facts()?;
    let bytes = if writes { text.len() } else { 0 };
    Ok(Fields::new()
        .flag("created", created)
        .count("bytes", bytes)
        .number("nattch", seen.attached)
        .count("size", seen.size))
}

/// Writes the text and stays attached until the process ends.
fn hold(key: u32, text: &[u8], private: bool) -> io::Result<Fields> {
    let segment = if private { Segment::create_private()? } else { Segment::find_or_create(key)? };
    // Attach before writing: `write` detaches again, and with kernel.shm_rmid_forced=1 the kernel then destroys an
    // unattached segment.
    segment.keep_attached()?;
    segment.write(text)?;
    if private {
        // The kernel destroys it when the last process detaches. Without a key nothing could remove it later.
        segment.remove()?;
    }
    let seen = segment.facts()?;
    Ok(Fields::new().number("shmid", segment.id()).number("nattch", seen.attached).count("size", seen.size))
}

fn look(key: u32) -> io::Result<Fields> {
    let segment = Segment::find(key)?;
    // Before `read` attaches, so that `nattch` does not count the probe.
    let seen = segment.facts()?;
    let text = segment.read()?;
    Ok(Fields::new()
        .flag("present", true)
        .text("text", text)
        .number("nattch", seen.attached)
        .count("size", seen.size))
}

fn remove(key: u32) -> io::Result<Fields> {
    Segment::find(key)?.remove()?;
    Ok(Fields::new().flag("present", true))
}
