//! A minimal JSON writer for reports.
//!
//! Input bytes (file contents, message bodies, command lines) are untrusted: invalid UTF-8 is replaced, and all
//! characters that JSON forbids in a string are escaped.

use std::fmt::Write as _;

/// The fields of one JSON object, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    body: String,
}

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a string; bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn text(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.key(key);
        push_string(&mut self.body, value.as_ref());
        self
    }

    /// Adds a string, or null for `None`.
    pub(crate) fn text_or_null(mut self, key: &str, value: Option<impl AsRef<[u8]>>) -> Self {
        self.key(key);
        match value {
            Some(value) => push_string(&mut self.body, value.as_ref()),
            None => self.body.push_str("null"),
        }
        self
    }

    /// Adds an integer.
    pub(crate) fn number(mut self, key: &str, value: impl Into<i128>) -> Self {
        self.key(key);
        let _infallible = write!(self.body, "{}", value.into());
        self
    }

    /// Adds an integer, or null for `None`.
    pub(crate) fn number_or_null(mut self, key: &str, value: Option<u64>) -> Self {
        if let Some(value) = value {
            return self.number(key, value);
        }
        self.key(key);
        self.body.push_str("null");
        self
    }

    /// Adds a count.
    pub(crate) fn count(mut self, key: &str, value: usize) -> Self {
        self.key(key);
        let _infallible = write!(self.body, "{value}");
        self
    }

    /// Adds true or false.
    pub(crate) fn flag(mut self, key: &str, value: bool) -> Self {
        self.key(key);
        self.body.push_str(if value { "true" } else { "false" });
        self
    }

    /// Adds a list of strings.
    pub(crate) fn texts<T: AsRef<[u8]>>(mut self, key: &str, values: &[T]) -> Self {
        self.key(key);
        self.body.push('[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.body.push(',');
            }
            push_string(&mut self.body, value.as_ref());
        }
        self.body.push(']');
        self
    }

    /// Adds a list of integers.
    pub(crate) fn numbers<N: Copy + Into<i128>>(mut self, key: &str, values: &[N]) -> Self {
        self.key(key);
        let values: Vec<_> = values.iter().map(|value| (*value).into().to_string()).collect();
        let _infallible = write!(self.body, "[{}]", values.join(","));
        self
    }

    /// Adds a list of objects.
    pub(crate) fn objects(mut self, key: &str, values: &[Self]) -> Self {
        self.key(key);
        let values: Vec<_> = values.iter().map(Self::to_json).collect();
        let _infallible = write!(self.body, "[{}]", values.join(","));
        self
    }

    /// Adds a nested object.
    pub(crate) fn object(mut self, key: &str, value: &Self) -> Self {
        self.key(key);
        self.body.push_str(&value.to_json());
        self
    }

    /// Adds all fields of another object after the fields of this one.
    pub(crate) fn and(mut self, more: &Self) -> Self {
        if !self.body.is_empty() && !more.body.is_empty() {
            self.body.push(',');
        }
        self.body.push_str(&more.body);
        self
    }

    /// The object as JSON text.
    pub(crate) fn to_json(&self) -> String {
        format!("{{{}}}", self.body)
    }

    fn key(&mut self, key: &str) {
        if !self.body.is_empty() {
            self.body.push(',');
        }
        push_string(&mut self.body, key.as_bytes());
        self.body.push(':');
    }
}

fn push_string(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // U+2028 and U+2029 are valid JSON, but some readers treat them as line breaks, and a report is one
            // line. DEL and the C1 controls could control a terminal that shows the log.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _infallible = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> String {
        let mut out = String::new();
        push_string(&mut out, bytes);
        out
    }

    #[test]
    fn quotes_backslashes_and_controls_are_escaped() {
        assert_eq!(string(b"a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(string(b"\n\r\t\0\x1b[31m\x7f"), r#""\n\r\t\u0000\u001b[31m\u007f""#);
        assert_eq!(string("\u{2028}".as_bytes()), r#""\u2028""#);
    }

    #[test]
    fn non_ascii_text_is_kept_and_invalid_bytes_are_replaced() {
        assert_eq!(string("zażółć 🦀".as_bytes()), "\"zażółć 🦀\"");
        assert_eq!(string(b"a\xff\xfeb"), "\"a\u{fffd}\u{fffd}b\"");
    }

    #[test]
    fn fields_keep_their_order() {
        let inner = Fields::new().number("n", u64::MAX);
        let json = Fields::new()
            .text("t", "x")
            .flag("f", true)
            .texts("l", &["a", "b"])
            .text_or_null("z", None::<&str>)
            .object("o", &inner)
            .numbers("i", &[1, -2])
            .objects("a", &[inner, Fields::new()])
            .and(&Fields::new())
            .and(&Fields::new().flag("last", false))
            .to_json();
        assert_eq!(
            json,
            r#"{"t":"x","f":true,"l":["a","b"],"z":null,"o":{"n":18446744073709551615},"i":[1,-2],"a":[{"n":18446744073709551615},{}],"last":false}"#
        );
    }

    #[test]
    fn an_object_without_fields_is_valid() {
        assert_eq!(Fields::new().and(&Fields::new()).to_json(), "{}");
    }
}
