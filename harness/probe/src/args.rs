//! Parses the options of one verb.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::str::FromStr;

use crate::sys::name::Name;

/// An invalid command line. It is reported before any verb runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UsageError(String);

impl UsageError {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The options that a verb accepts. Any other option is an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    /// Options that take a value: `--key value` or `--key=value`.
    pub(crate) values: &'static [&'static str],
    /// Options without a value: `--flag`.
    pub(crate) flags: &'static [&'static str],
}

/// The options given to one verb on the command line.
#[derive(Debug)]
pub(crate) struct Options {
    verb: &'static str,
    values: Vec<(&'static str, OsString)>,
    flags: Vec<&'static str>,
}

impl Options {
    /// Consumes words up to and including `then`, or to the end.
    pub(crate) fn take(
        verb: &'static str,
        declared: Declared,
        words: &mut impl Iterator<Item = OsString>,
    ) -> Result<Self, UsageError> {
        let mut options = Self { verb, values: Vec::new(), flags: Vec::new() };
        while let Some(word) = words.next() {
            if word == "then" {
                options.expect_more(words)?;
                break;
            }
            options.take_one(declared, &word, words)?;
        }
        Ok(options)
    }

    /// The value of a required option.
    pub(crate) fn required(&mut self, key: &str) -> Result<OsString, UsageError> {
        self.optional(key).ok_or_else(|| self.usage_error(&format!("needs --{key}")))
    }

    /// The value of an option, if it was given.
    pub(crate) fn optional(&mut self, key: &str) -> Option<OsString> {
        let index = self.values.iter().position(|(known, _)| *known == key)?;
        Some(self.values.swap_remove(index).1)
    }

    /// The bytes of a required option.
    pub(crate) fn required_bytes(&mut self, key: &str) -> Result<Vec<u8>, UsageError> {
        self.required(key).map(OsString::into_vec)
    }

    /// The parsed value of a required option.
    pub(crate) fn parsed_required<T: FromStr>(&mut self, key: &str) -> Result<T, UsageError> {
        self.parsed(key)?.ok_or_else(|| self.usage_error(&format!("needs --{key}")))
    }

    /// The parsed value of an option, or its default.
    pub(crate) fn parsed_or<T: FromStr>(&mut self, key: &str, default: T) -> Result<T, UsageError> {
        Ok(self.parsed(key)?.unwrap_or(default))
    }

    /// The parsed value of an option, if it was given.
    pub(crate) fn parsed<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, UsageError> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        match value.to_str().and_then(|text| text.parse().ok()) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(self.usage_error(&format!("cannot take --{key} `{}`", value.display()))),
        }
    }

    /// A file mode in octal digits, at most 7777.
    pub(crate) fn mode(&mut self, key: &str) -> Result<Option<u32>, UsageError> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        let mode = value.to_str().and_then(|text| u32::from_str_radix(text, 8).ok());
        match mode.filter(|mode| *mode <= 0o7777) {
            Some(mode) => Ok(Some(mode)),
            None => Err(self.usage_error(&format!(
                "cannot take --{key} `{}`: a mode is up to 4 octal digits",
                value.display()
            ))),
        }
    }

    /// The System V key in `--key`: hexadecimal digits, optionally after `0x`.
    pub(crate) fn ipc_key(&mut self) -> Result<u32, UsageError> {
        let given = self.required("key")?;
        let digits = given.to_str().map(|text| text.strip_prefix("0x").unwrap_or(text));
        let key = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        key.ok_or_else(|| {
            self.usage_error(&format!(
                "cannot take --key `{}`: a key is up to 8 hexadecimal digits",
                given.display()
            ))
        })
    }

    /// The name of a POSIX object in `--name`.
    pub(crate) fn object_name(&mut self) -> Result<Name, UsageError> {
        let given = self.required("name")?;
        let message = format!(
            "cannot take --name `{}`: a name starts with a slash and has no other slash",
            given.display()
        );
        Name::new(given.into_encoded_bytes()).ok_or_else(|| self.usage_error(&message))
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.flags.contains(&key)
    }

    /// An error message that starts with the verb.
    pub(crate) fn usage_error(&self, words: &str) -> UsageError {
        UsageError::new(format!("`{}` {words}", self.verb))
    }

    fn take_one(
        &mut self,
        declared: Declared,
        word: &OsStr,
        words: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), UsageError> {
        let Some(option) = word.as_bytes().strip_prefix(b"--") else {
            return Err(self.usage_error(&format!("does not expect `{}`", word.display())));
        };
        let (key, inline) = match option.iter().position(|byte| *byte == b'=') {
            Some(at) => (&option[..at], Some(OsString::from_vec(option[at + 1..].to_vec()))),
            None => (option, None),
        };
        if let Some(key) = declared.flags.iter().find(|flag| flag.as_bytes() == key) {
            if inline.is_some() {
                return Err(self.usage_error(&format!("takes no value for --{key}")));
            }
            if self.flags.contains(key) {
                return Err(self.usage_error(&format!("has --{key} twice")));
            }
            self.flags.push(key);
            return Ok(());
        }
        let Some(key) = declared.values.iter().find(|value| value.as_bytes() == key) else {
            return Err(self.usage_error(&format!("has no option `{}`", word.display())));
        };
        if self.values.iter().any(|(known, _)| known == key) {
            return Err(self.usage_error(&format!("has --{key} twice")));
        }
        let Some(value) = inline.or_else(|| words.next()) else {
            return Err(self.usage_error(&format!("needs a value for --{key}")));
        };
        self.values.push((key, value));
        Ok(())
    }

    fn expect_more(&self, words: &impl Iterator<Item = OsString>) -> Result<(), UsageError> {
        // The iterator over the command line knows its exact length.
        if words.size_hint().1 == Some(0) {
            return Err(self.usage_error("is followed by `then` without a verb"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: Declared = Declared { values: &["path", "count"], flags: &["sync"] };

    fn take(words: &[&str]) -> Result<(Options, Vec<OsString>), UsageError> {
        let mut words: std::vec::IntoIter<OsString> =
            words.iter().map(OsString::from).collect::<Vec<_>>().into_iter();
        let options = Options::take("write", DECLARED, &mut words)?;
        Ok((options, words.collect()))
    }

    fn usage_error(words: &[&str]) -> String {
        take(words).expect_err("must be refused").to_string()
    }

    #[test]
    fn values_and_flags_are_parsed_up_to_then() {
        let (mut options, rest) =
            take(&["--path", "/a", "--sync", "--count=3", "then", "hold"]).expect("fine");
        assert_eq!(options.required("path").expect("given"), "/a");
        assert!(options.flag("sync"));
        assert_eq!(options.parsed_or("count", 1_u32), Ok(3));
        assert_eq!(rest, ["hold"]);
    }

    #[test]
    fn a_value_may_look_like_a_keyword_or_an_option() {
        let (mut options, rest) = take(&["--path", "then", "--count", "--sync"]).expect("fine");
        assert_eq!(options.required("path").expect("given"), "then");
        assert_eq!(
            options.parsed::<u32>("count"),
            Err(UsageError::new("`write` cannot take --count `--sync`"))
        );
        assert!(rest.is_empty());
    }

    #[test]
    fn errors_name_the_verb_and_the_option() {
        assert_eq!(usage_error(&["--colour"]), "`write` has no option `--colour`");
        assert_eq!(usage_error(&["/a"]), "`write` does not expect `/a`");
        assert_eq!(usage_error(&["--path"]), "`write` needs a value for --path");
        assert_eq!(usage_error(&["--sync=1"]), "`write` takes no value for --sync");
        assert_eq!(usage_error(&["--sync", "--sync"]), "`write` has --sync twice");
        assert_eq!(usage_error(&["--path", "a", "--path", "b"]), "`write` has --path twice");
        assert_eq!(usage_error(&["then"]), "`write` is followed by `then` without a verb");
    }

    #[test]
    fn a_missing_required_option_is_named() {
        let (mut options, _) = take(&[]).expect("fine");
        assert_eq!(options.required("path"), Err(UsageError::new("`write` needs --path")));
    }
}
