//! Verbs for identity, waiting, exiting and other processes.

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
    entry("nonce", "report 16 random bytes, or those saved in --from", &["from"], &[], Nonce::parse),
    entry(
        "identity",
        "report namespaces, PIDs, user, hostname, start ticks",
        &[],
        &[],
        IdentityVerb::identity,
    ),
    entry("clocks", "report the time", &[], &[], IdentityVerb::clocks),
    entry("environment", "report an environment variable", &["name"], &[], IdentityVerb::environment),
    entry("wait-for", "wait until a path exists", &["path"], &[], Wait::wait_for),
    entry("exit-when", "wait until a path exists, remove it, exit", &["path", "code"], &[], Wait::exit_when),
    entry("pause", "sleep for --ms", &["ms"], &[], Wait::pause),
    entry("exit", "exit with --code", &["code"], &[], Ending::exit),
    entry(
        "exit-nth",
        "count this start and exit with the code of its number",
        &["path", "codes"],
        &[],
        Start::exit,
    ),
    entry("hold", "wait for TERM or INT", &["on-term"], &["ignore-term"], Ending::hold),
    entry("processes", "list all visible processes", &[], &[], Peek::all),
    entry(
        "peek",
        "read a file in the root of the process with this command line",
        &["cmdline", "path"],
        &[],
        Peek::file,
    ),
    entry(
        "kill",
        "send a signal to the process with this command line",
        &["cmdline", "signal"],
        &[],
        Kill::by_cmdline,
    ),
    entry("on-node", "run a shell script on the node", &["script"], &[], OnNode::parse),
    entry("kill-pid", "send a signal to a process", &["pid", "signal"], &[], Kill::by_pid),
];
