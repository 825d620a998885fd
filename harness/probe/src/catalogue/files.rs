//! Files, folders, mounts, space.

use crate::change::Change;
use crate::exchange::Exchange;
use crate::fifo::FifoVerb;
use crate::file::FileVerb;
use crate::folder::FolderVerb;
use crate::lock::Lock;
use crate::mount::MountVerb;
use crate::space::Space;
use crate::start::Start;
use crate::tick::Tick;
use crate::verb::{Entry, entry};

pub(super) const VERBS: &[Entry] = &[
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
    entry("chmod", "change a mode", &["path", "mode"], &[], Change::mode),
    entry("mkdir", "make a folder", &["path", "mode"], &["if-absent"], Change::folder),
    entry("rename", "give a path another name", &["from", "to"], &[], Change::name),
    entry(
        "tick",
        "add a line to a file every --every-ms",
        &["path", "every-ms", "count"],
        &["truncate"],
        Tick::read,
    ),
    entry(
        "rename-loop",
        "exchange a file for a new one again and again",
        &["path", "count"],
        &["in-place"],
        Exchange::write,
    ),
    entry(
        "check-loop",
        "read a file --count times and look for halves",
        &["path", "count"],
        &[],
        Exchange::check,
    ),
    entry("fifo-make", "make a named pipe", &["path"], &["if-absent"], FifoVerb::make),
    entry("fifo-write", "wait for a reader and write", &["path", "text"], &[], FifoVerb::write),
    entry("fifo-read", "wait for a writer and read to its end", &["path"], &[], FifoVerb::read),
    entry("lock", "wait for the lock on a file and keep it", &["path"], &[], Lock::keep),
    entry("try-lock", "tell whether a file can be locked", &["path"], &[], Lock::attempt),
    entry("count-start", "count this start in a file", &["path"], &[], Start::count),
    entry("mount", "tell which mount holds a path", &["path"], &[], MountVerb::read),
    entry("fill", "write zeros until --bytes or an error", &["path", "bytes", "block"], &[], Space::fill),
    entry("allocate", "take memory and keep it", &["bytes", "step-ms"], &[], Space::allocate),
];
