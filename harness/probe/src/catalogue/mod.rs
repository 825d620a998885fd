//! The list of all verbs, in the order in which `help` shows them.

mod files;
mod network;
mod objects;
mod processes;

use crate::verb::{Entry, Verb, entry};

const HELP: &[Entry] = &[entry("help", "list the verbs", &[], &[], |_| Ok(Verb::Help))];

/// All entries.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    [objects::VERBS, files::VERBS, processes::VERBS, network::VERBS, HELP].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_there_once_and_none_is_the_separator() {
        let names: BTreeSet<_> = all().map(|entry| entry.name).collect();
        assert_eq!(names.len(), all().count());
        assert!(!names.contains("then"));
    }
}
