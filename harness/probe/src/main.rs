//! `probe`: the one program inside podproof's test pods.
//!
//! It acts (sends, writes, waits, ends) and it looks; it never decides whether what it saw is right. An image
//! with nothing but this static file is enough to run it, as any user, without capabilities.
//!
//! ```text
//! probe VERB [--key value | --flag]... [then VERB ...]...
//! ```
//!
//! Verbs run one after another in one process. The whole line is read first: if any of it makes no sense,
//! nothing runs and the exit code is 64. When the last verb is done the exit code is 0. TERM and INT end the
//! process at any time with 143 and 130.
//!
//! Called by the name `ipc` the program is the article's one: `ipc -producer` is `produce`, anything else is `consume`.
//!
//! # Reports
//!
//! Each verb writes one JSON object on one line of standard output, except the article's two programs,
//! `help`, and where said below. All reports begin alike:
//!
//! ```text
//! {"probe":1,"seq":1,"verb":"write","ok":true,
//!  "at":{"realtime_ns":1,"monotonic_ns":1,"boottime_ns":1},"path":"/x","bytes":3}
//! ```
//!
//! `seq` counts from 1 in each process. What was asked for (path, queue, key …) is reported in any case. A
//! failure has `"ok":false`, `"error"` in lowercase words and, if the system gave one, `"errno"` as a name
//! like `EACCES`; it ends the chain with exit code 1.
//!
//! Verbs that only *look* end no chain. What is not there is an answer and no failure:
//! `"ok":true,"present":false,"errno":"ENOENT"`. Other errors are `"ok":false` without `present`, and the
//! chain goes on all the same.
//!
//! # Verbs
//!
//! Options in brackets may be left out; `--queue` is `/ch6_ipc` unless given. After the arrow: the fields of
//! the report.
//!
//! The article's programs, which write plain lines and no JSON:
//!
//! - `produce [--queue] [--count 500] [--checked] [--unchecked] [--duplicate N] [--drop N] [--delay-open
//!   MS]`: lines `Produced: f4`. `--checked`: lines `Produced: SEQ CHECKSUM CONTENT at REALTIME_NS` (see
//!   [`payload`]). A failing open or send is told on standard error and ends with 1; `--unchecked` ignores it
//!   as the original does. `--duplicate` sends message N twice and `--drop` not at all; its line is written
//!   once either way.
//! - `consume [--queue] [--retry-for SECONDS] [--checked]`: lines `Consumed: f4`, the last one `Consumed:
//!   done`; with `--checked` each ends in ` at REALTIME_NS`. Without a queue: one line, exit code 1.
//!
//! Message queues:
//!
//! - `steal [--queue] [--count 1] [--retry-for SECONDS]` → `queue`, `index`, `text`; one report for each
//!   message. Waits for the queue without limit unless told otherwise, and for each message without limit.
//! - `mq-send --text T [--queue] [--count 1] [--maxmsg 10] [--msgsize 1024] [--if-absent]` → `queue`, `sent`,
//!   `created`, `maxmsg`, `msgsize`, `curmsgs`. With a count above 1 the texts are `T-1`, `T-2` …; with
//!   `--if-absent` nothing is sent into a queue that was there already. A full queue is `EAGAIN`.
//! - `mq-receive [--queue]` (looks) → `queue`, `present`, `count`, `texts`
//! - `mq-look [--queue]` (looks) → `queue`, `present`, `maxmsg`, `msgsize`, `curmsgs`
//! - `mq-unlink [--queue]` (looks) → `queue`, `present` (whether it was there)
//!
//! System V shared memory; `nattch` does not count the probe itself, `key` is reported as 8 hexadecimal
//! digits:
//!
//! - `shm-put --key HEX --text T [--if-absent]` → `key`, `created`, `bytes`, `nattch`, `size`
//! - `shm-look --key HEX` (looks) → `key`, `present`, `text`, `nattch`, `size`
//! - `shm-remove --key HEX` (looks) → `key`, `present` (whether it was there)
//!
//! Files and folders:
//!
//! - `write --path P --text T [--append] [--sync] [--buffered] [--if-absent]` → `path`, `bytes`, `dev`,
//!   `ino`; with `--if-absent` also `created`, and a file that was there is left alone. `--buffered` keeps
//!   the text in the process.
//! - `write-part --path P --synced T --unsynced T` → `path`, `synced_bytes`, `buffered_bytes`, `dev`, `ino`
//! - `read --path P [--limit 65536]` (looks) → `path`, `present`, `content`, `truncated`, `size`, `dev`,
//!   `ino`
//! - `stat --path P` (looks) → `path`, `present`, `kind` (`file`, `folder`, `socket`, `fifo`, `device`),
//!   `mode` (octal text such as `1777`), `uid`, `gid`, `size`, `dev`, `ino`
//! - `list --path P` (looks) → `path`, `present`, `count`, `names` (sorted)
//! - `remove --path P [--contents]` → `path`, `present` (whether it was there), `removed` (how many entries)
//! - `tick --path P [--every-ms 1000] [--count N] [--truncate]` → `path`, `state`, `lines`: one report after
//!   the first line (`ticking`), one at the end (`ended`). The lines in the file are `SEQ REALTIME_NS`.
//!   `--truncate` keeps only the last.
//!
//! Who and where:
//!
//! - `identity` → `namespaces` (an object: `cgroup`, `ipc`, `mnt`, `net`, `pid`, `user`, `uts`, each like
//!   `ipc:[4026531839]` or null), `pid`, `ppid`, `uid`, `gid`, `hostname`, `pid1_start_ticks`,
//!   `self_start_ticks`, `ticks_per_second`, `boot_id`
//! - `nonce [--from P]` → `nonce` (32 hexadecimal digits); with `--from` also `from` and `created`
//! - `clocks` → nothing but `at`
//!
//! Waiting and ending:
//!
//! - `wait-for --path P` → `path`, `waited` (false if it was there at once). The folder must exist.
//! - `exit-when --path P [--code 0]` → `path`, `code`, `waited`; removes the path and exits
//! - `pause --ms N` → `ms`
//! - `exit --code N` → `code`
//! - `hold [--on-term CODE]` → `state` `holding`; on a signal a second report with `state` `ended`, `signal`,
//!   `code`. `--on-term` is for TERM only.
//! - `kill --cmdline T [--signal KILL]` → `cmdline`, `signal`, `pid`, `found` (the whole command line).
//!   Exactly one process besides the probe and its ancestors must match: none is `ESRCH`, several are a
//!   failure without `errno`.
//!
//! Network:
//!
//! - `serve --port N [--bind 0.0.0.0] (--text T | --root P [--cached])` → `bind`, `port`, `state`
//!   `listening`; never ends by itself. `--cached` answers everything with `index.html` as it was at the
//!   start.
//! - `fetch --host ADDRESS --port N [--path /] [--timeout-ms 5000]` (looks) → `host`, `port`, `path`,
//!   `status`, `body`. The host is an IP address or `localhost`.
//!
//! - `help`: plain text, a line for each verb.

mod args;
mod article;
mod chain;
mod ending;
mod errno;
mod fetch;
mod file;
mod folder;
mod identity;
mod json;
mod nonce;
mod payload;
mod process;
mod queue;
mod report;
mod serve;
mod shm;
mod sys;
mod tick;
mod verb;
mod wait;

use std::env;
use std::io;
use std::process::ExitCode;

use report::Log;
use sys::signal;
use verb::Verb;

/// The command line makes no sense (the number is `EX_USAGE` of sysexits.h).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let mut words = env::args_os();
    let called = words.next().unwrap_or_default();
    let words = article::translate(&called, words.collect());
    let verbs = match chain::read(words.into_iter()) {
        Ok(verbs) => verbs,
        Err(usage) => {
            eprintln!("probe: {usage} (`probe help` lists the verbs)");
            return ExitCode::from(USAGE);
        }
    };
    match run(verbs) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("probe: cannot write the log: {}", errno::words(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(verbs: Vec<Verb>) -> io::Result<u8> {
    signal::end_on_term_and_int()?;
    let mut log = Log::open()?;
    chain::run(verbs, &mut log)
}
