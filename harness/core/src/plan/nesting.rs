//! A limit for the nesting of YAML, because the parser needs quadratic time for it.

/// The maximum depth of nested brackets and braces.
const MAX_DEPTH: usize = 500;

/// Returns the problem if `text` is nested too deeply to be parsed. Brackets in quoted text count too, which is
/// harmless: real texts do not leave that many open.
pub(crate) fn too_deep(text: &str) -> Option<String> {
    let mut depth = 0_usize;
    let deepest = text.bytes().fold(0, |deepest, byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest.max(depth)
    });
    (deepest > MAX_DEPTH).then(|| format!("brackets and braces are nested more than {MAX_DEPTH} deep"))
}
