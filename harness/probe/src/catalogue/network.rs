//! Network verbs.

use crate::addresses::Addresses;
use crate::fetch::Fetch;
use crate::resolve::Resolve;
use crate::serve::Serve;
use crate::socket::Socket;
use crate::verb::{Entry, entry};

pub(super) const VERBS: &[Entry] = &[
    entry(
        "serve",
        "serve --text or the files in --root over HTTP",
        &["port", "bind", "text", "root"],
        &["cached", "peer"],
        Serve::parse,
    ),
    entry(
        "fetch",
        "send --count HTTP GET requests",
        &["host", "port", "path", "timeout-ms", "count", "retry-for"],
        &[],
        Fetch::parse,
    ),
    entry("addresses", "list the addresses of all interfaces", &[], &[], Addresses::parse),
    entry(
        "resolve",
        "query a DNS server for a name",
        &["name", "type", "server", "port", "timeout-ms", "retry-for"],
        &[],
        Resolve::parse,
    ),
    entry(
        "sock-serve",
        "echo what arrives on a Unix socket",
        &["path", "abstract"],
        &["unlink-first"],
        Socket::serve,
    ),
    entry(
        "sock-connect",
        "send over a Unix socket and read the echo",
        &["path", "abstract", "text"],
        &[],
        Socket::connect,
    ),
];
