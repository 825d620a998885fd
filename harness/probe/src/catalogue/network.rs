//! The network.

use crate::fetch::Fetch;
use crate::serve::Serve;
use crate::verb::{Entry, entry};

pub(super) const VERBS: &[Entry] = &[
    entry(
        "serve",
        "answer HTTP with --text or with the files in --root",
        &["port", "bind", "text", "root"],
        &["cached"],
        Serve::read,
    ),
    entry("fetch", "ask for a page by HTTP", &["host", "port", "path", "timeout-ms"], &[], Fetch::read),
];
