//! Events and records as JSON lines.

use std::fmt::Write as _;

use serde::Serialize;

use super::text::is_deceptive;

/// Renders an event or a record as one line of JSON, with its line end.
///
/// Characters that a terminal might interpret or that reorder text are written as `\u` escapes. This keeps the meaning
/// and makes the line safe to show anywhere.
pub fn json_line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let plain = serde_json::to_string(value)?;
    let mut line = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        if is_deceptive(c) {
            // In JSON they occur only in strings. An escape is a UTF-16 code unit, so a character may need two.
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(line, "\\u{unit:04x}");
            }
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    Ok(line)
}
