//! All verbs, in the order in which `help` lists them.

mod files;
mod network;
mod objects;
mod processes;

use crate::verb::{Entry, Verb, entry};

const HELP: &[Entry] = &[entry("help", "list the verbs", &[], &[], |_| Ok(Verb::Help))];

pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    [objects::VERBS, files::VERBS, processes::VERBS, network::VERBS, HELP].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn verb_names_are_unique_and_differ_from_then() {
        let names: BTreeSet<_> = all().map(|entry| entry.name).collect();
        assert_eq!(names.len(), all().count());
        assert!(!names.contains("then"));
    }
}
