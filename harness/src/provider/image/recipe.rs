//! Digests of the inputs of images: the same inputs are never built twice.

use sha2::{Digest as _, Sha256};

use super::{base, inputs};
use podproof_core::hex::hex;

/// Increase it when a change of the build is not visible in the texts below.
pub(in crate::provider) const RECIPE: &str = "2";

/// The length of digests in tags, in characters.
const SHORT: usize = 12;

/// Returns the shortened digest of several inputs.
pub(in crate::provider) fn digest(inputs: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for input in inputs {
        hasher.update(input.len().to_le_bytes());
        hasher.update(input);
    }
    let mut text = hex(&hasher.finalize());
    text.truncate(SHORT);
    text
}

/// The digest of the workload images' inputs.
pub(super) fn workload_digest() -> String {
    digest(&[RECIPE, base::SETUP, inputs::NGINX, inputs::NGINX_RUNS].map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_bytes_between_inputs_changes_the_digest() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_eq!(digest(&[b"ab", b"c"]), digest(&[b"ab", b"c"]));
        assert_eq!(digest(&[]).len(), SHORT);
    }
}
