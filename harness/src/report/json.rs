//! Events as JSON lines, for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::text::is_deceptive;

/// An event or a record as one line of JSON, with its line end.
///
/// Characters that a terminal might obey or that reorder text are written as `\u` escapes: the line means the same
/// and may be shown anywhere.
pub fn json_line(told: &impl Serialize) -> Result<String, serde_json::Error> {
    let plain = serde_json::to_string(told)?;
    let mut line = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        if is_deceptive(c) {
            // JSON text has these only inside of strings, as one or two units of UTF-16.
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
