//! The table of rights as rules of a `ClusterRole`.

use podproof_core::plan::Right;
use serde_json::{Value, json};

/// The rules that grant these rights: one for each resource, in the order of the rights.
#[must_use]
pub fn rules(rights: impl IntoIterator<Item = Right>) -> Vec<Value> {
    let mut rules: Vec<(Right, Vec<&str>)> = Vec::new();
    for right in rights {
        let is_same = |first: &Right| Right { verb: first.verb, ..right } == *first;
        match rules.iter_mut().find(|(first, _)| is_same(first)) {
            Some((_, verbs)) => verbs.push(right.verb),
            None => rules.push((right, vec![right.verb])),
        }
    }
    rules.into_iter().map(|(right, verbs)| rule(right, &verbs)).collect()
}

fn rule(right: Right, verbs: &[&str]) -> Value {
    let Right { group, resource, subresource, .. } = right;
    if right.is_on_path() {
        return json!({ "nonResourceURLs": [resource], "verbs": verbs });
    }
    let slash = if subresource.is_empty() { "" } else { "/" };
    json!({ "apiGroups": [group], "resources": [format!("{resource}{slash}{subresource}")], "verbs": verbs })
}
