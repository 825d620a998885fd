//! Words of the command line: the options of one verb, and what is wrong with them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::str::FromStr;

use crate::sys::name::Name;

/// A command line that makes no sense. Nothing has run when it is reported.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage(String);

impl Usage {
    /// A complaint in words.
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The options one verb knows. Only declared options are accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    /// Options that take a value: `--key value` or `--key=value`.
    pub(crate) values: &'static [&'static str],
    /// Options that stand alone: `--flag`.
    pub(crate) flags: &'static [&'static str],
}

/// The options that were given to one verb.
#[derive(Debug)]
pub(crate) struct Options {
    verb: &'static str,
    values: Vec<(&'static str, OsString)>,
    flags: Vec<&'static str>,
}

impl Options {
    /// Takes words until the word `then` or the end.
    pub(crate) fn take(
        verb: &'static str,
        declared: Declared,
        words: &mut impl Iterator<Item = OsString>,
    ) -> Result<Self, Usage> {
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

    /// The value of an option that must be given.
    pub(crate) fn required(&mut self, key: &str) -> Result<OsString, Usage> {
        self.optional(key).ok_or_else(|| self.complaint(&format!("needs --{key}")))
    }

    /// The value of an option that may be given.
    pub(crate) fn optional(&mut self, key: &str) -> Option<OsString> {
        let index = self.values.iter().position(|(known, _)| *known == key)?;
        Some(self.values.swap_remove(index).1)
    }

    /// The bytes of an option that must be given.
    pub(crate) fn required_bytes(&mut self, key: &str) -> Result<Vec<u8>, Usage> {
        self.required(key).map(OsString::into_vec)
    }

    /// The number or address in an option that must be given.
    pub(crate) fn parsed_required<T: FromStr>(&mut self, key: &str) -> Result<T, Usage> {
        self.parsed(key)?.ok_or_else(|| self.complaint(&format!("needs --{key}")))
    }

    /// The number or address in an option, or its default.
    pub(crate) fn parsed_or<T: FromStr>(&mut self, key: &str, default: T) -> Result<T, Usage> {
        Ok(self.parsed(key)?.unwrap_or(default))
    }

    /// The number or address in an option that may be given.
    pub(crate) fn parsed<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, Usage> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        match value.to_str().and_then(|text| text.parse().ok()) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(self.complaint(&format!("cannot take --{key} `{}`", value.display()))),
        }
    }

    /// The mode in an option, in octal digits.
    pub(crate) fn mode(&mut self, key: &str) -> Result<Option<u32>, Usage> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        let mode = value.to_str().and_then(|text| u32::from_str_radix(text, 8).ok());
        match mode.filter(|mode| *mode <= 0o7777) {
            Some(mode) => Ok(Some(mode)),
            None => Err(self.complaint(&format!(
                "cannot take --{key} `{}`: a mode is up to 4 octal digits",
                value.display()
            ))),
        }
    }

    /// The key of a System V object, in hexadecimal digits.
    pub(crate) fn ipc_key(&mut self) -> Result<u32, Usage> {
        let given = self.required("key")?;
        let digits = given.to_str().map(|text| text.strip_prefix("0x").unwrap_or(text));
        let key = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        key.ok_or_else(|| {
            self.complaint(&format!(
                "cannot take --key `{}`: a key is up to 8 hexadecimal digits",
                given.display()
            ))
        })
    }

    /// The name of a POSIX object.
    pub(crate) fn object_name(&mut self) -> Result<Name, Usage> {
        let given = self.required("name")?;
        let complaint = format!("cannot take --name `{}`: a name is one slash and no other", given.display());
        Name::new(given.into_encoded_bytes()).ok_or_else(|| self.complaint(&complaint))
    }

    /// Whether a flag was given.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.flags.contains(&key)
    }

    /// A complaint that names the verb.
    pub(crate) fn complaint(&self, words: &str) -> Usage {
        Usage::new(format!("`{}` {words}", self.verb))
    }

    fn take_one(
        &mut self,
        declared: Declared,
        word: &OsStr,
        words: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), Usage> {
        let Some(option) = word.as_bytes().strip_prefix(b"--") else {
            return Err(self.complaint(&format!("does not expect `{}`", word.display())));
        };
        let (key, inline) = match option.iter().position(|byte| *byte == b'=') {
            Some(at) => (&option[..at], Some(OsString::from_vec(option[at + 1..].to_vec()))),
            None => (option, None),
        };
        if let Some(key) = declared.flags.iter().find(|flag| flag.as_bytes() == key) {
            if inline.is_some() {
                return Err(self.complaint(&format!("takes no value for --{key}")));
            }
            if self.flags.contains(key) {
                return Err(self.complaint(&format!("has --{key} twice")));
            }
            self.flags.push(key);
            return Ok(());
        }
        let Some(key) = declared.values.iter().find(|value| value.as_bytes() == key) else {
            return Err(self.complaint(&format!("has no option `{}`", word.display())));
        };
        if self.values.iter().any(|(known, _)| known == key) {
            return Err(self.complaint(&format!("has --{key} twice")));
        }
        let Some(value) = inline.or_else(|| words.next()) else {
            return Err(self.complaint(&format!("needs a value for --{key}")));
        };
        self.values.push((key, value));
        Ok(())
    }

    fn expect_more(&self, words: &impl Iterator<Item = OsString>) -> Result<(), Usage> {
        // The iterator over the command line knows its exact length.
        if words.size_hint().1 == Some(0) {
            return Err(self.complaint("is followed by `then` without a verb"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: Declared = Declared { values: &["path", "count"], flags: &["sync"] };

    fn take(words: &[&str]) -> Result<(Options, Vec<OsString>), Usage> {
        let mut words: std::vec::IntoIter<OsString> =
            words.iter().map(OsString::from).collect::<Vec<_>>().into_iter();
        let options = Options::take("write", DECLARED, &mut words)?;
        Ok((options, words.collect()))
    }

    fn complaint(words: &[&str]) -> String {
        take(words).expect_err("must be refused").to_string()
    }

    #[test]
    fn values_flags_and_the_rest_after_then() {
        let (mut options, rest) =
            take(&["--path", "/a", "--sync", "--count=3", "then", "hold"]).expect("fine");
        assert_eq!(options.required("path").expect("given"), "/a");
        assert!(options.flag("sync"));
        assert_eq!(options.parsed_or("count", 1_u32), Ok(3));
        assert_eq!(rest, ["hold"]);
    }

    #[test]
    fn a_value_may_look_like_anything() {
        let (mut options, rest) = take(&["--path", "then", "--count", "--sync"]).expect("fine");
        assert_eq!(options.required("path").expect("given"), "then");
        assert_eq!(options.parsed::<u32>("count"), Err(Usage::new("`write` cannot take --count `--sync`")));
        assert!(rest.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(complaint(&["--colour"]), "`write` has no option `--colour`");
        assert_eq!(complaint(&["/a"]), "`write` does not expect `/a`");
        assert_eq!(complaint(&["--path"]), "`write` needs a value for --path");
        assert_eq!(complaint(&["--sync=1"]), "`write` takes no value for --sync");
        assert_eq!(complaint(&["--sync", "--sync"]), "`write` has --sync twice");
        assert_eq!(complaint(&["--path", "a", "--path", "b"]), "`write` has --path twice");
        assert_eq!(complaint(&["then"]), "`write` is followed by `then` without a verb");
    }

    #[test]
    fn a_missing_option_is_named() {
        let (mut options, _) = take(&[]).expect("fine");
        assert_eq!(options.required("path"), Err(Usage::new("`write` needs --path")));
    }
}
