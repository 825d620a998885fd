//! Links to files of the run.

/// Percent-encodes `path` for a URL, so that no character in it can end the path or start a query.
pub(super) fn encoded(path: &str) -> String {
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte);
    path.bytes()
        .map(|byte| if unreserved(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
