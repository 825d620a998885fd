//! The network.

use crate::addresses::Addresses;
use crate::fetch::Fetch;
use crate::resolve::Resolve;
use crate::serve::Serve;
use crate::socket::Socket;
use crate::verb::{Entry, entry};

pub(super) const VERBS: &[Entry] = &[
    entry(
        "serve",
        "answer HTTP with --text or with the files in --root",
        &["port", "bind", "text", "root"],
        &["cached", "peer"],
        Serve::read,
    ),
    entry(
        "fetch",
        "ask for a page by HTTP, --count times",
        &["host", "port", "path", "timeout-ms", "count", "retry-for"],
        &[],
        Fetch::read,
    ),
    entry("addresses", "list the addresses of all interfaces", &[], &[], Addresses::read),
    entry(
        "resolve",
        "ask a name server for a name",
        &["name", "type", "server", "port", "timeout-ms", "retry-for"],
        &[],
        Resolve::read,
    ),
    entry(
        "sock-serve",
        "give back what comes over a Unix socket",
        &["path", "abstract"],
        &["unlink-first"],
        Socket::serve,
    ),
    entry(
        "sock-connect",
        "send over a Unix socket and read what comes back",
        &["path", "abstract", "text"],
        &[],
        Socket::connect,
    ),
];
