//! `probe`: the only program in podproof's test pods.
//!
//! The probe acts (sends, writes, waits, exits) and reports what it sees. It never judges whether a result is right. It
//! is a static binary that needs no other file in its image, and runs as any user without capabilities.
//!
//! ```text
//! probe VERB [--key value | --flag]... [then VERB ...]...
//! ```
//!
//! The verbs run in order in one process. The whole command line is parsed first: if it is invalid, no verb runs and
//! the exit code is 64. After the last verb the exit code is 0. TERM and INT end the process at any time with 143 and
//! 130, except in `hold` with `--on-term` or `--ignore-term`.
//!
//! If the program is called as `ipc`, it acts as the article's program: `ipc -producer` is `produce`, any other
//! argument is `consume`.
//!
//! # Reports
//!
//! Each verb writes one JSON object on one line of standard output, except the article's two programs, `help`, and
//! where noted below. All reports have these fields:
//!
//! ```text
//! {"probe":1,"seq":1,"verb":"write","ok":true,
//!  "at":{"realtime_ns":1,"monotonic_ns":1,"boottime_ns":1},"path":"/x","bytes":3}
//! ```
//!
//! `seq` counts from 1 in each process. The parameters (path, queue, key …) are always reported. A failure has
//! `"ok":false`, `"error"` with a lowercase message and, for a system error, `"errno"` with a name like `EACCES`. It
//! ends the chain with exit code 1.
//!
//! Verbs that *look* never end the chain. For them a missing object is a result, not a failure:
//! `"ok":true,"present":false,"errno":"ENOENT"`. Other errors are `"ok":false` without `present`, and the chain
//! continues.
//!
//! Verbs that *try* never end the chain either. Each verb below names the errors that are results. Any other error,
//! including a missing path, is `"ok":false`.
//!
//! # Verbs
//!
//! Options in brackets are optional; `--queue` defaults to `/ch6_ipc`. The arrow introduces the fields of the report.
//!
//! The article's programs, which write plain lines and no JSON:
//!
//! - `produce [--queue] [--count 500] [--checked] [--unchecked] [--duplicate N] [--drop N] [--delay-open
//!   MS]`: lines `Produced: f4`. `--checked`: lines `Produced: SEQ CHECKSUM CONTENT at REALTIME_NS` (see
//!   [`payload`]). If open or send fails, it writes the error to standard error and exits with 1; `--unchecked`
//!   ignores the error, as the original does. `--duplicate` sends message N twice and `--drop` does not send it; its
//!   line is written once in either case.
//! - `consume [--queue] [--retry-for SECONDS] [--checked]`: lines `Consumed: f4`, the last one `Consumed:
//!   done`; with `--checked` each ends in ` at REALTIME_NS`. Without a queue: one line, exit code 1.
//!
//! POSIX message queues:
//!
//! - `steal [--queue] [--count 1] [--retry-for SECONDS]` → `queue`, `index`, `text`; one report for each
//!   message. Waits for each message without limit, and for the queue without limit unless `--retry-for` is given.
//! - `mq-send --text T [--queue] [--count 1] [--priority 0] [--maxmsg 10] [--msgsize 1024] [--mode OCTAL]
//!   [--if-absent]` → `queue`, `sent`, `created`, `maxmsg`, `msgsize`, `curmsgs`. With a count above 1 the
//!   texts are `T-1`, `T-2` …; with `--if-absent` nothing is sent to an existing queue. A full queue is `EAGAIN`.
//!   Sizes and mode apply to a queue that is created; the mode is set exactly, and defaults to 644 reduced by the
//!   umask.
//! - `mq-receive [--queue]` (looks) → `queue`, `present`, `count`, `texts`, `priorities` (of the texts, in
//!   the same order)
//! - `mq-look [--queue]` (looks) → `queue`, `present`, `maxmsg`, `msgsize`, `curmsgs`
//! - `mq-unlink [--queue]` (looks) → `queue`, `present` (before the verb ran)
//! - `mq-create [--queue] [--count 1] [--maxmsg 10] [--msgsize 1024] [--mode OCTAL]` (tries) → `queue`,
//!   `count`, `maxmsg`, `msgsize`, `created` (the number created), and `errno` if an error stopped it. With a count
//!   above 1 the queues are `NAME-1`, `NAME-2` …. The report is always `"ok":true`: all errors are results. An
//!   existing queue is `EEXIST`.
//! - `mq-open --access r|w|rw [--queue]` (tries) → `queue`, `access`, `present`, `opened`, and `errno` if it was not
//!   opened. `ENOENT`, `EACCES` and `EPERM` are results.
//! - `wait-queue [--queue]` → `queue`, `waited` (false if the queue existed already). Waits without limit. A queue that
//!   the process may not open counts as existing.
//!
//! System V shared memory. Except in `shm-hold`, `nattch` does not count the probe itself. `key` is reported as 8
//! hexadecimal digits:
//!
//! - `shm-put --key HEX --text T [--if-absent]` → `key`, `created`, `bytes`, `nattch`, `size`
//! - `shm-hold --key HEX --text T [--private]` → `key`, `shmid`, `nattch` (including the probe), `size`; the probe
//!   stays attached until it ends. `--private` uses a segment without a key, which is destroyed with the process.
//! - `shm-look --key HEX` (looks) → `key`, `present`, `text`, `nattch`, `size`
//! - `shm-remove --key HEX` (looks) → `key`, `present` (before the verb ran)
//!
//! System V semaphores, of mode 666:
//!
//! - `sem-create --key HEX [--value 0]` → `key`, `created`, `value`. An existing semaphore keeps its value.
//! - `sem-wait --key HEX` → `key`, `state` `waiting`, and then a second report with `state` `woken` and
//!   `waited_ns`. Decrements the semaphore and waits for that without limit. If the semaphore is removed while waiting,
//!   the second report has `EIDRM`.
//! - `sem-post --key HEX` → `key`
//! - `sem-look --key HEX` (looks) → `key`, `present`, `value`, `waiters`
//! - `sem-remove --key HEX` (looks) → `key`, `present` (before the verb ran)
//!
//! System V message queues, of mode 666:
//!
//! - `msg-send --key HEX --text T` → `key`, `created`, `bytes`, `count` (messages in the queue now). A full queue is
//!   `EAGAIN`.
//! - `msg-receive --key HEX` (looks) → `key`, `present`, `count`, `texts`; receives all messages without blocking
//! - `msg-look --key HEX` (looks) → `key`, `present`, `count`, `bytes`
//! - `msg-remove --key HEX` (looks) → `key`, `present` (before the verb ran)
//!
//! POSIX shared memory and named semaphores, of mode 666. They are files in `/dev/shm`. A name starts with a slash and
//! has no other slash:
//!
//! - `pshm-put --name /N --text T` → `name`, `bytes`, `size`, `dev`, `ino`; creates the object if it does not exist,
//!   and writes through a shared mapping
//! - `pshm-look --name /N` (looks) → `name`, `present`, `text`, `size`, `dev`, `ino`
//! - `pshm-remove --name /N` (looks) → `name`, `present` (before the verb ran)
//! - `psem-create --name /N [--value 0]` → `name`, `created`, `value`. An existing semaphore keeps its value.
//! - `psem-wait --name /N` → `name`, `state` `waiting`, and then a second report with `state` `woken` and
//!   `waited_ns`. A removal does not wake it.
//! - `psem-post --name /N` → `name`
//! - `psem-look --name /N` (looks) → `name`, `present`, `value`
//! - `psem-remove --name /N` (looks) → `name`, `present` (before the verb ran)
//!
//! Files and folders:
//!
//! - `write --path P --text T [--append] [--sync] [--buffered] [--if-absent]` → `path`, `bytes`, `dev`,
//!   `ino`; with `--if-absent` also `created`, and an existing file is not changed. `--buffered` leaves the text in an
//!   unflushed buffer of the process.
//! - `write-part --path P --synced T --unsynced T` → `path`, `synced_bytes`, `buffered_bytes`, `dev`, `ino`
//! - `read --path P [--limit 65536]` (looks) → `path`, `present`, `content`, `truncated`, `size`, `dev`,
//!   `ino`
//! - `stat --path P` (looks) → `path`, `present`, `kind` (`file`, `folder`, `socket`, `fifo`, `device`),
//!   `mode` (octal text, for example `1777`), `uid`, `gid`, `size`, `dev`, `ino`
//! - `list --path P` (looks) → `path`, `present`, `count`, `names` (sorted)
//! - `remove --path P [--contents]` → `path`, `present` (before the verb ran), `removed` (number of entries)
//! - `chmod --path P --mode OCTAL` → `path`, `mode`
//! - `mkdir --path P [--mode OCTAL] [--if-absent]` → `path`, `created`, `mode` (the current mode). The mode is set
//!   exactly; an existing folder keeps its mode.
//! - `rename --from A --to B` → `from`, `to`
//! - `tick --path P [--every-ms 1000] [--count N] [--truncate]` → `path`, `state`, `lines`: one report after
//!   the first line (`ticking`), one at the end (`ended`). The lines in the file are `SEQ REALTIME_NS`.
//!   `--truncate` keeps only the last line.
//! - `rename-loop --path P [--count N] [--in-place]` → `path`, `count`, `state`: one report after the first
//!   replacement (`looping`), one at the end (`ended`). Each time it writes a file of some KiB, with a sequence number
//!   and a checksum, to `P.new` and renames it to the path. With `--in-place` it truncates the path and writes it in
//!   small chunks instead.
//! - `check-loop --path P --count N` (tries) → `path`, `reads`, `torn` (incomplete), `absent`, `distinct` (number of
//!   different complete files). Waits until the path exists, in a folder that must exist, and then counts every read.
//!   An `"ok":false` report has the counts too.
//! - `fifo-make --path P [--if-absent]` → `path`, `created`; of mode 666
//! - `fifo-write --path P --text T` → `path`, `bytes`. Waits for a reader without limit.
//! - `fifo-read --path P` → `path`, `text`, up to 64 KiB. Waits for a writer without limit, and until the last
//!   writer closes the pipe.
//! - `lock --path P` → `path`, `state` `locked`. Creates the file, waits for the lock (`flock`, exclusive)
//!   without limit and keeps it until the process ends.
//! - `try-lock --path P` (looks) → `path`, `present`, `obtained`, and `errno` `EAGAIN` if it was not obtained;
//!   releases the lock immediately
//! - `count-start --path P` → `path`, `number`: appends a line with its number to the file and syncs it; the first
//!   start is number 1
//!
//! Space:
//!
//! - `mount --path P` (looks) → `path`, `present`, `is_mount_point`, `mount_point`, `fstype`, `source`,
//!   `options` and `super_options` (lists: of the mount and of its filesystem), `dev` (`MAJOR:MINOR`),
//!   `total_bytes`, `free_bytes` (for unprivileged users). Follows symbolic links in the path.
//! - `fill --path P --bytes N [--block 65536]` (tries) → `path`, `bytes_written`, `complete`, and `errno` if a full
//!   disk stopped it (`ENOSPC` and `EDQUOT` are results). The file is truncated first, and synced when complete. An
//!   `"ok":false` report has the two fields too.
//! - `allocate --bytes N [--step-ms 0]` → `bytes`, `state` `allocated`: memory that is written to and kept
//!   until the process ends. `--step-ms` is the pause after each MiB.
//!
//! Identity:
//!
//! - `identity` → `namespaces` (an object: `cgroup`, `ipc`, `mnt`, `net`, `pid`, `user`, `uts`, each like
//!   `ipc:[4026531839]` or null), `pid`, `ppid`, `uid`, `gid`, `hostname`, `pid1_start_ticks`,
//!   `self_start_ticks`, `ticks_per_second`, `boot_id`
//! - `nonce [--from P]` → `nonce` (32 hexadecimal digits); with `--from` also `from` and `created`
//! - `clocks` → only `at`
//! - `environment --name N` (looks) → `name`, `present`, `value`
//!
//! Waiting and exiting:
//!
//! - `wait-for --path P` → `path`, `waited` (false if the path existed already). The folder must exist.
//! - `exit-when --path P [--code 0]` → `path`, `code`, `waited`; removes the path and exits
//! - `pause --ms N` → `ms`
//! - `exit --code N` → `code`
//! - `exit-nth --path P --codes 3,0` → `path`, `number`, `code`: counts like `count-start` (in the same count, if
//!   the path is the same) and exits with the code for that number. The last code applies to all later starts. For a
//!   dash instead of a code the chain continues, and the report has no `code`.
//! - `hold [--on-term CODE | --ignore-term]` → `state` `holding`; on TERM or INT a second report with `state`
//!   `ended`, `signal`, `code`. `--on-term` applies to TERM only. With `--ignore-term`, TERM is reported with `state`
//!   `ignored` and `signal`, and `hold` continues. USR1 is always reported with `state` `signalled` and `signal`, and
//!   `hold` continues. Before `hold`, USR1 has its default effect.
//!
//! Other processes. A signal is one of `KILL`, `TERM`, `INT`, `HUP`, `USR1`, `USR2`, `STOP`, `CONT`:
//!
//! - `kill --cmdline T [--signal KILL]` → `cmdline`, `signal`, `pid`, `found` (the whole command line).
//!   Exactly one process besides the probe and its ancestors must match: no match is `ESRCH`, several are a failure
//!   without `errno`.
//! - `kill-pid --pid N [--signal KILL]` → `pid`, `signal`. A missing process is `ESRCH`.
//! - `processes` (tries) → `self` (the probe's PID), `count`, `processes`: a list of at most 200 objects with `pid`,
//!   `cmdline` and `uid` (null if the process has just ended). Processes without a command line are omitted.
//! - `peek --cmdline T --path P` (looks) → `cmdline`, `path`, `pid`, `present`, `content`, `truncated`,
//!   `size`, `dev`, `ino`: the file in the root of the only process that matches, up to 64 KiB. A missing process is
//!   `"ok":false` with `ESRCH` and without `pid`; a process that may not be inspected is `EACCES` or `EPERM`.
//!
//! The node, from a privileged pod with `hostPID`:
//!
//! - `on-node --script S`: replaces the process with `/bin/sh -c S` in the node's mount namespace. Output and exit code
//!   are those of the script, and there is no report. If this is not allowed, the verb fails with a report.
//!
//! Network:
//!
//! - `serve --port N [--bind ::] (--text T [--peer] | --root P [--cached])` → `bind`, `port`, `state`
//!   `listening`; never ends by itself. `::` means all IPv4 and IPv6 addresses, and becomes `0.0.0.0` without IPv6.
//!   `--peer` responds with `T ADDRESS`, the address of the client. `--cached` responds to every request with
//!   `index.html` as it was at the start.
//! - `fetch --host ADDRESS|NAME --port N [--path /] [--timeout-ms 5000] [--retry-for SECONDS]` (looks) → `host`,
//!   `port`, `path`, `status`, `body`. A name is resolved with `/etc/hosts` only: `addresses` lists its entries in file
//!   order, and the request goes to the first reachable one. Any HTTP response is a result with a `status`. Without a
//!   response the report is `"ok":false`: `ECONNREFUSED` if the connection was refused, `ETIMEDOUT` if it was not
//!   established in time, `EAGAIN` if it was established and no response came in time.
//!   `--retry-for` repeats the request until the status is 200; the last result is reported.
//! - `fetch … --count N`, above 1 → `host`, `port`, `path`, `count`, `bodies` (an object: body → number of responses,
//!   of any status), `failures`, and `error` and `errno` of the first failure. Each request uses a new connection, one
//!   after another; always `"ok":true`.
//! - `addresses` (tries) → `count`, `addresses`: a list of objects with `interface` and `address`
//! - `resolve --name N [--type A|AAAA|CNAME] [--server IP] [--port 53] [--timeout-ms 5000]` (tries) → `name`,
//!   `type`, `server`, `question` (the full name of the last query), `rcode`, `present` (true if there is a record of
//!   that type), `addresses` (sorted), `cname` (or null), `truncated`. Uses UDP, the first nameserver and the search
//!   list of `/etc/resolv.conf`. `NXDOMAIN` and an empty `NOERROR` are results; another `rcode`, `ETIMEDOUT` and
//!   `ECONNREFUSED` are `"ok":false` without `present`. `--retry-for SECONDS` repeats the query until there is a
//!   record.
//! - `sock-serve (--path P | --abstract NAME) [--unlink-first]` → `path` or `abstract`, `state` `listening`;
//!   echoes what each client sends until the client stops sending; never ends by itself. An existing path is
//!   `EADDRINUSE`.
//! - `sock-connect (--path P | --abstract NAME) --text T` (tries) → `path` or `abstract`, `connected`, and
//!   `echo` or `errno`. Every connection error (`ECONNREFUSED`, `ENOENT`, `EACCES` …) is a result.
//!
//! - `help`: plain text, one line per verb.

mod addresses;
mod args;
mod article;
mod catalogue;
mod chain;
mod change;
mod dns;
mod ending;
mod errno;
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
mod replace_loop;
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

/// The exit code for an invalid command line: `EX_USAGE` of sysexits.h.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let mut words = env::args_os();
    let called = words.next().unwrap_or_default();
    let words = article::translate(&called, words.collect());
    let verbs = match chain::parse(words.into_iter()) {
        Ok(verbs) => verbs,
        Err(usage) => {
            eprintln!("probe: {usage} (`probe help` lists the verbs)");
            return ExitCode::from(USAGE);
        }
    };
    match run(verbs) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("probe: cannot write the log: {}", errno::message(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(verbs: Vec<Verb>) -> io::Result<u8> {
    signal::end_on_term_and_int()?;
    let mut log = Log::open()?;
    chain::run(verbs, &mut log)
}
