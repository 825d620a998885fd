//! Who and where the probe is, waiting, ending, other processes.

use crate::ending::Ending;
use crate::identity::IdentityVerb;
use crate::kill::Kill;
use crate::node::OnNode;
use crate::nonce::Nonce;
use crate::peek::Peek;
use crate::start::Start;
use crate::verb::{Entry, entry};
use crate::wait::Wait;

pub(super) const VERBS: &[Entry] = &[
    entry("nonce", "tell 16 random bytes, or those kept in --from", &["from"], &[], Nonce::read),
    entry(
        "identity",
        "tell namespaces, process numbers, user, host name, start ticks",
        &[],
        &[],
        IdentityVerb::identity,
    ),
    entry("clocks", "tell the time", &[], &[], IdentityVerb::clocks),
    entry("environment", "tell a variable of the environment", &["name"], &[], IdentityVerb::environment),
    entry("wait-for", "wait until a path exists", &["path"], &[], Wait::wait_for),
    entry("exit-when", "wait until a path exists, remove it, exit", &["path", "code"], &[], Wait::exit_when),
    entry("pause", "wait for a while", &["ms"], &[], Wait::pause),
    entry("exit", "exit with --code", &["code"], &[], Ending::exit),
    entry("exit-nth", "count this start and exit with its code", &["path", "codes"], &[], Start::exit),
    entry("hold", "wait for TERM or INT", &["on-term"], &["ignore-term"], Ending::hold),
    entry("processes", "list the processes that can be seen", &[], &[], Peek::all),
    entry(
        "peek",
        "read a file from the root of the one process with this command line",
        &["cmdline", "path"],
        &[],
        Peek::file,
    ),
    entry(
        "kill",
        "send a signal to the one process with this command line",
        &["cmdline", "signal"],
        &[],
        Kill::by_cmdline,
    ),
    entry("on-node", "become a shell of the node", &["script"], &[], OnNode::read),
    entry("kill-pid", "send a signal to a process", &["pid", "signal"], &[], Kill::by_pid),
];
