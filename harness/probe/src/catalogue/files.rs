//! Verbs for files, folders, mounts and space.

use crate::change::Change;
use crate::fifo::FifoVerb;
use crate::file::FileVerb;
use crate::folder::FolderVerb;
use crate::lock::Lock;
use crate::mount::MountVerb;
use crate::replace_loop::ReplaceLoop;
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
        "write and sync one part, leave another in an unflushed buffer",
        &["path", "synced", "unsynced"],
        &[],
        FileVerb::write_part,
    ),
    entry("read", "read a file", &["path", "limit"], &[], FileVerb::read),
    entry("stat", "report type, mode, owner and size of a path", &["path"], &[], FileVerb::stat),
    entry("list", "list a folder", &["path"], &[], FolderVerb::list),
    entry(
        "remove",
        "remove a file or tree, or the contents of a folder",
        &["path"],
        &["contents"],
        FolderVerb::remove,
    ),
    entry("chmod", "set the mode of a path", &["path", "mode"], &[], Change::mode),
    entry("mkdir", "create a folder", &["path", "mode"], &["if-absent"], Change::folder),
    entry("rename", "rename a path", &["from", "to"], &[], Change::name),
    entry(
        "tick",
        "append a line to a file every --every-ms",
        &["path", "every-ms", "count"],
        &["truncate"],
        Tick::parse,
    ),
    entry(
        "rename-loop",
        "replace a file repeatedly by rename",
        &["path", "count"],
        &["in-place"],
        ReplaceLoop::write,
    ),
    entry(
        "check-loop",
        "read a file --count times and count torn reads",
        &["path", "count"],
        &[],
        ReplaceLoop::check,
    ),
    entry("fifo-make", "create a named pipe", &["path"], &["if-absent"], FifoVerb::make),
    entry("fifo-write", "wait for a reader and write", &["path", "text"], &[], FifoVerb::write),
    entry("fifo-read", "wait for a writer and read to the end", &["path"], &[], FifoVerb::read),
    entry("lock", "wait for the lock on a file and keep it", &["path"], &[], Lock::keep),
    entry("try-lock", "check whether a file can be locked", &["path"], &[], Lock::attempt),
    entry("count-start", "count this start in a file", &["path"], &[], Start::count),
    entry("mount", "report the mount that contains a path", &["path"], &[], MountVerb::parse),
    entry("fill", "write zeros until --bytes or an error", &["path", "bytes", "block"], &[], Space::fill),
    entry("allocate", "allocate memory and keep it", &["bytes", "step-ms"], &[], Space::allocate),
];
