//! System V shared memory: put, hold, look, remove.

use std::io;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::shm::Segment;
use crate::verb::Verb;

/// A verb about a segment.
#[derive(Debug)]
pub(crate) struct ShmVerb {
    key: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    Put { text: Vec<u8>, if_absent: bool },
    Hold { text: Vec<u8>, private: bool },
    Look,
    Remove,
}

impl ShmVerb {
    /// Reads `shm-put`.
    pub(crate) fn put(options: &mut Options) -> Result<Verb, Usage> {
        let text = options.required_bytes("text")?;
        let if_absent = options.flag("if-absent");
        Self::about(options, What::Put { text, if_absent })
    }

    /// Reads `shm-hold`.
    pub(crate) fn hold(options: &mut Options) -> Result<Verb, Usage> {
        let text = options.required_bytes("text")?;
        let private = options.flag("private");
        Self::about(options, What::Hold { text, private })
    }

    /// Reads `shm-look`.
    pub(crate) fn look(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Look)
    }

    /// Reads `shm-remove`.
    pub(crate) fn remove(options: &mut Options) -> Result<Verb, Usage> {
        Self::about(options, What::Remove)
    }

    fn about(options: &mut Options, what: What) -> Result<Verb, Usage> {
        Ok(Verb::Shm(Self { key: options.ipc_key()?, what }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let key = self.key;
        let asked = Fields::new().text("key", format!("{key:08x}"));
        match self.what {
            What::Put { text, if_absent } => log.act("shm-put", asked, put(key, &text, if_absent)),
            What::Hold { text, private } => log.act("shm-hold", asked, hold(key, &text, private)),
            What::Look => log.look("shm-look", asked, look(key)),
            What::Remove => log.look("shm-remove", asked, remove(key)),
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

/// Attaches for the rest of the process.
fn hold(key: u32, text: &[u8], private: bool) -> io::Result<Fields> {
    let segment = if private { Segment::create_private()? } else { Segment::find_or_create(key)? };
    // Before writing, which attaches for a moment: the kernel may be told to end a segment with its last user.
    segment.keep_attached()?;
    segment.write(text)?;
    if private {
        // Nobody else can find it to remove it; from now on it ends with its last user.
        segment.remove()?;
    }
    let seen = segment.facts()?;
    Ok(Fields::new().number("shmid", segment.id()).number("nattch", seen.attached).count("size", seen.size))
}

fn look(key: u32) -> io::Result<Fields> {
    let segment = Segment::find(key)?;
    // Before our own attachment counts.
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
