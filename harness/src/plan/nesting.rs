//! How deep YAML may be nested: the parser takes the square of it in time.

/// In how many brackets and braces a value may stand.
const DEEPEST: usize = 500;

/// What is wrong with `text` before it is parsed at all, where something is. Brackets in quoted text count too: nobody
/// leaves so many of them open.
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
    (deepest > DEEPEST).then(|| format!("more than {DEEPEST} brackets and braces stand within each other"))
}
