//! What an image is made from, as one digest: the same inputs are never built twice.

use sha2::{Digest as _, Sha256};

use super::{base, compile, node, workload};
use crate::hex::hex;

/// Raised when something changes that the texts below do not show.
const RECIPE: &str = "2";

/// How much of a digest goes into tags.
const SHORT: usize = 12;

/// The digest of several inputs, short enough for a tag.
pub(super) fn digest(inputs: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for input in inputs {
        hasher.update(input.len().to_le_bytes());
        hasher.update(input);
    }
    let mut text = hex(&hasher.finalize());
    text.truncate(SHORT);
    text
}

/// What the workload images are made from.
pub(super) fn workload_digest() -> String {
    digest(&[RECIPE, base::SETUP, workload::NGINX, workload::NGINX_RUNS].map(str::as_bytes))
}

/// What a node image is made from: our part, and what was found on this host.
pub(super) fn node_digest(found: &[&[u8]]) -> String {
    let ours =
        [RECIPE, base::SETUP, node::ROOT, node::KUBERNETES, node::PACKAGES, compile::TAGS].map(str::as_bytes);
    digest(&[&ours, found].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_kept_apart() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_eq!(digest(&[b"ab", b"c"]), digest(&[b"ab", b"c"]));
        assert_eq!(digest(&[]).len(), SHORT);
    }
}
