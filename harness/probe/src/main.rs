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
//! process at any time with 143 and 130, unless `hold` is told otherwise.
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
//! Verbs that *try* end no chain either. What they try may be impossible for a reason that is their answer,
//! which is said below; anything else, an absent path as well, is `"ok":false`.
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
//! - `mq-send --text T [--queue] [--count 1] [--priority 0] [--maxmsg 10] [--msgsize 1024] [--mode OCTAL]
//!   [--if-absent]` → `queue`, `sent`, `created`, `maxmsg`, `msgsize`, `curmsgs`. With a count above 1 the
//!   texts are `T-1`, `T-2` …; with `--if-absent` nothing is sent into a queue that was there already. A full
//!   queue is `EAGAIN`. Sizes and mode are for a queue that is created; the mode given is its mode exactly,
//!   else it is 644 less the mask of the process.
//! - `mq-receive [--queue]` (looks) → `queue`, `present`, `count`, `texts`, `priorities` (of the texts, in
//!   the same order)
//! - `mq-look [--queue]` (looks) → `queue`, `present`, `maxmsg`, `msgsize`, `curmsgs`
//! - `mq-unlink [--queue]` (looks) → `queue`, `present` (whether it was there)
//! - `mq-create [--queue] [--count 1] [--maxmsg 10] [--msgsize 1024] [--mode OCTAL]` (tries) → `queue`,
//!   `count`, `maxmsg`, `msgsize`, `created` (how many), and if an error stopped it `errno`. With a count
//!   above 1 the queues are `NAME-1`, `NAME-2` …. It is always `"ok":true`: number and errno are the answer.
//!   A queue that is there already is `EEXIST`.
//! - `mq-open --access r|w|rw [--queue]` (tries) → `queue`, `access`, `present`, `opened`, and if it was not
//!   opened `errno`. `ENOENT`, `EACCES` and `EPERM` are answers.
//! - `wait-queue [--queue]` → `queue`, `waited` (false if it was there at once); waits without limit. A
//!   queue that may not be opened is there.
//!
//! System V shared memory; `nattch` does not count the probe itself but in `shm-hold`; `key` is reported as 8
//! hexadecimal digits:
//!
//! - `shm-put --key HEX --text T [--if-absent]` → `key`, `created`, `bytes`, `nattch`, `size`
//! - `shm-hold --key HEX --text T [--private]` → `key`, `shmid`, `nattch` (with the probe), `size`; the probe
//!   stays attached until it ends. `--private` uses a segment that no key leads to and that ends with the
//!   process.
//! - `shm-look --key HEX` (looks) → `key`, `present`, `text`, `nattch`, `size`
//! - `shm-remove --key HEX` (looks) → `key`, `present` (whether it was there)
//!
//! System V semaphores, of mode 666:
//!
//! - `sem-create --key HEX [--value 0]` → `key`, `created`, `value`. One that is there keeps its value.
//! - `sem-wait --key HEX` → `key`, `state` `waiting`, and then a second report with `state` `woken` and
//!   `waited_ns`. Takes one away and waits for that without limit. One that is removed meanwhile is `EIDRM`.
//! - `sem-post --key HEX` → `key`
//! - `sem-look --key HEX` (looks) → `key`, `present`, `value`, `waiters`
//! - `sem-remove --key HEX` (looks) → `key`, `present` (whether it was there)
//!
//! System V message queues, of mode 666:
//!
//! - `msg-send --key HEX --text T` → `key`, `created`, `bytes`, `count` (how many wait now). A full queue is
//!   `EAGAIN`.
//! - `msg-receive --key HEX` (looks) → `key`, `present`, `count`, `texts`; all there is, without waiting
//! - `msg-look --key HEX` (looks) → `key`, `present`, `count`, `bytes`
//! - `msg-remove --key HEX` (looks) → `key`, `present` (whether it was there)
//!
//! POSIX shared memory and named semaphores, of mode 666; they are files in `/dev/shm`. A name is a slash and
//! then no other:
//!
//! - `pshm-put --name /N --text T` → `name`, `bytes`, `size`, `dev`, `ino`; created if need be, written
//!   through a shared mapping
//! - `pshm-look --name /N` (looks) → `name`, `present`, `text`, `size`, `dev`, `ino`
//! - `pshm-remove --name /N` (looks) → `name`, `present` (whether it was there)
//! - `psem-create --name /N [--value 0]` → `name`, `created`, `value`. One that is there keeps its value.
//! - `psem-wait --name /N` → `name`, `state` `waiting`, and then a second report with `state` `woken` and
//!   `waited_ns`. Whoever waits is not told of a removal.
//! - `psem-post --name /N` → `name`
//! - `psem-look --name /N` (looks) → `name`, `present`, `value`
//! - `psem-remove --name /N` (looks) → `name`, `present` (whether it was there)
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
//! - `chmod --path P --mode OCTAL` → `path`, `mode`
//! - `mkdir --path P [--mode OCTAL] [--if-absent]` → `path`, `created`, `mode` (as it is now). The mode given
//!   is its mode exactly; a folder that is there keeps its own.
//! - `rename --from A --to B` → `from`, `to`
//! - `tick --path P [--every-ms 1000] [--count N] [--truncate]` → `path`, `state`, `lines`: one report after
//!   the first line (`ticking`), one at the end (`ended`). The lines in the file are `SEQ REALTIME_NS`.
//!   `--truncate` keeps only the last.
//! - `rename-loop --path P [--count N] [--in-place]` → `path`, `count`, `state`: one report after the first
//!   exchange (`looping`), one at the end (`ended`). Each time a file of some KiB that knows its number and
//!   its checksum is written to `P.new` and renamed to the path; with `--in-place` the path is emptied and
//!   written a little at a time instead.
//! - `check-loop --path P --count N` (tries) → `path`, `reads`, `torn` (not whole), `absent`, `distinct` (how
//!   many different whole ones). Waits until the path exists, in a folder that must exist; then every read
//!   counts. An `"ok":false` report has the counts as well.
//! - `fifo-make --path P [--if-absent]` → `path`, `created`; of mode 666
//! - `fifo-write --path P --text T` → `path`, `bytes`. Waits for a reader without limit.
//! - `fifo-read --path P` → `path`, `text`, up to 64 KiB. Waits for a writer without limit, and until the last
//!   writer is gone.
//! - `lock --path P` → `path`, `state` `locked`. Creates the file, waits for the lock (`flock`, exclusive)
//!   without limit and keeps it until the process ends.
//! - `try-lock --path P` (looks) → `path`, `present`, `obtained`, and if it was not obtained `errno` `EAGAIN`;
//!   the lock is given back at once
//! - `count-start --path P` → `path`, `number`: adds a line with its number to the file and syncs it, so that
//!   the first start is 1, the next one 2 …
//!
//! Space:
//!
//! - `mount --path P` (looks) → `path`, `present`, `is_mount_point`, `mount_point`, `fstype`, `source`,
//!   `options` and `super_options` (lists: of the mount and of its filesystem), `dev` (`MAJOR:MINOR`),
//!   `total_bytes`, `free_bytes` (for anybody). Symbolic links in the path are followed.
//! - `fill --path P --bytes N [--block 65536]` (tries) → `path`, `bytes_written`, `complete`, and if a full
//!   disk stopped it (`ENOSPC`, `EDQUOT`: these are answers) `errno`. The file is emptied first and synced
//!   when complete. An `"ok":false` report has the two fields as well.
//! - `allocate --bytes N [--step-ms 0]` → `bytes`, `state` `allocated`: memory that is written to and kept
//!   until the process ends. `--step-ms` is the rest after each MiB.
//!
//! Who and where:
//!
//! - `identity` → `namespaces` (an object: `cgroup`, `ipc`, `mnt`, `net`, `pid`, `user`, `uts`, each like
//!   `ipc:[4026531839]` or null), `pid`, `ppid`, `uid`, `gid`, `hostname`, `pid1_start_ticks`,
//!   `self_start_ticks`, `ticks_per_second`, `boot_id`
//! - `nonce [--from P]` → `nonce` (32 hexadecimal digits); with `--from` also `from` and `created`
//! - `clocks` → nothing but `at`
//! - `environment --name N` (looks) → `name`, `present`, `value`
//!
//! Waiting and ending:
//!
//! - `wait-for --path P` → `path`, `waited` (false if it was there at once). The folder must exist.
//! - `exit-when --path P [--code 0]` → `path`, `code`, `waited`; removes the path and exits
//! - `pause --ms N` → `ms`
//! - `exit --code N` → `code`
//! - `exit-nth --path P --codes 3,0` → `path`, `number`, `code`: counts as `count-start` does (and adds to its
//!   count, if the path is the same) and exits with the code of that number; the last code is for all later
//!   starts. A dash in place of a code lets the chain go on, and the report has no `code`.
//! - `hold [--on-term CODE | --ignore-term]` → `state` `holding`; on TERM or INT a second report with `state`
//!   `ended`, `signal`, `code`. `--on-term` is for TERM only. With `--ignore-term` TERM is a report with
//!   `state` `ignored` and `signal`, and holding goes on; USR1 is always a report with `state` `signalled`
//!   and `signal`, and holding goes on. Before `hold` USR1 does what it does to any process.
//!
//! Other processes; a signal is one of `KILL`, `TERM`, `INT`, `HUP`, `USR1`, `USR2`, `STOP`, `CONT`:
//!
//! - `kill --cmdline T [--signal KILL]` → `cmdline`, `signal`, `pid`, `found` (the whole command line).
//!   Exactly one process besides the probe and its ancestors must match: none is `ESRCH`, several are a
//!   failure without `errno`.
//! - `kill-pid --pid N [--signal KILL]` → `pid`, `signal`. None is `ESRCH`.
//! - `processes` (tries) → `self` (the probe's number), `count`, `processes`: a list of objects with `pid`,
//!   `cmdline` and `uid` (null if it has just ended), at most 200. What has no command line is left out.
//! - `peek --cmdline T --path P` (looks) → `cmdline`, `path`, `pid`, `present`, `content`, `truncated`,
//!   `size`, `dev`, `ino`: the file as the one process that matches sees it, up to 64 KiB. No such process is
//!   `"ok":false` with `ESRCH` and without `pid`; a process that may not be looked into is `EACCES` or
//!   `EPERM`.
//!
//! The node, from a privileged pod with `hostPID`:
//!
//! - `on-node --script S`: the process becomes `/bin/sh -c S` with the node's files; its output and exit code are the
//!   script's, and there is no report. That it may not is a failure.
//!
//! Network:
//!
//! - `serve --port N [--bind ::] (--text T [--peer] | --root P [--cached])` → `bind`, `port`, `state`
//!   `listening`; never ends by itself. `::` stands for every address of both versions, and becomes `0.0.0.0` where
//!   there is no version 6. `--peer` answers with `T ADDRESS`, the address of whoever asks.
//!   `--cached` answers everything with `index.html` as it was at the start.
//! - `fetch --host ADDRESS|NAME --port N [--path /] [--timeout-ms 5000] [--retry-for SECONDS]` (looks) → `host`,
//!   `port`, `path`, `status`, `body`. A name is looked up in `/etc/hosts` alone: `addresses` has what stands
//!   there, in its order, and the first that can be reached is asked. An answer has a `status`, whatever it says.
//!   No answer is `"ok":false`: `ECONNREFUSED` if nobody listens, `ETIMEDOUT` if no connection came about in
//!   time, `EAGAIN` if one did and no answer came in time.
//!   With `--retry-for` it asks again until the status is 200; what came last is reported.
//! - `fetch … --count N`, above 1 → `host`, `port`, `path`, `count`, `bodies` (an object: body → how often,
//!   whatever the status), `failures`, and of the first failure `error` and `errno`. Each time over a new
//!   connection, one after another; always `"ok":true`.
//! - `addresses` (tries) → `count`, `addresses`: a list of objects with `interface` and `address`
//! - `resolve --name N [--type A|AAAA|CNAME] [--server IP] [--port 53] [--timeout-ms 5000]` (tries) → `name`,
//!   `type`, `server`, `question` (the full name asked last), `rcode`, `present` (whether there is any of that
//!   type), `addresses` (sorted), `cname` (or null), `truncated`. By UDP, with the first server and the search
//!   list of `/etc/resolv.conf`. `NXDOMAIN` and an empty `NOERROR` are answers; another `rcode` is
//!   `"ok":false` without `present`, and so are `ETIMEDOUT` and `ECONNREFUSED`. With `--retry-for SECONDS` it
//!   asks again until there is one.
//! - `sock-serve (--path P | --abstract NAME) [--unlink-first]` → `path` or `abstract`, `state` `listening`;
//!   gives back what each client sends until it stops sending; never ends by itself. A path that is there is
//!   `EADDRINUSE`.
//! - `sock-connect (--path P | --abstract NAME) --text T` (tries) → `path` or `abstract`, `connected`, and
//!   `echo` or `errno`. Every reason not to connect (`ECONNREFUSED`, `ENOENT`, `EACCES` …) is an answer.
//!
//! - `help`: plain text, a line for each verb.

mod addresses;
mod args;
mod article;
mod catalogue;
mod chain;
mod change;
mod dns;
mod ending;
mod errno;
mod exchange;
mod fetch;
mod fifo;
mod file;
mod folder;
mod hosts;
mod identity;
mod json;
mod kill;
mod limits;
mod lock;
mod message;
mod mount;
mod node;
mod nonce;
mod payload;
mod peek;
mod posix;
mod process;
mod queue;
mod report;
mod resolve;
mod resolver;
mod semaphore;
mod serve;
mod shm;
mod socket;
mod space;
mod start;
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
