//! The command line of a program, with its limits.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use crate::redact::redacted;

/// A program with its arguments and its limits.
#[derive(Debug)]
pub struct Program {
    pub(super) argv: Vec<OsString>,
    pub(super) variables: Vec<(OsString, OsString)>,
    pub(super) folder: Option<PathBuf>,
    pub(super) input: Input,
    pub(super) output: Option<PathBuf>,
    pub(super) deadline: Duration,
    pub(super) when_orphaned: OsString,
}

/// What a program gets on standard input.
#[derive(Debug)]
pub(super) enum Input {
    Nothing,
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Program {
    /// `program` is searched in `PATH` unless it has a slash. Without more it gets one minute.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            argv: vec![program.as_ref().to_owned()],
            variables: Vec::new(),
            folder: None,
            input: Input::Nothing,
            output: None,
            deadline: Duration::from_secs(60),
            when_orphaned: OsString::new(),
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.argv.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.argv.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets one environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs in this folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Gives these bytes on standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Gives this file on standard input.
    #[must_use]
    pub fn input_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.input = Input::File(file.into());
        self
    }

    /// Writes standard output to this file.
    #[must_use]
    pub fn output_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.output = Some(file.into());
        self
    }

    /// Kills the program after this time.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Has this shell script run when we end before the program, however we end: what the program has started elsewhere does
    /// not end with it.
    #[must_use]
    pub fn when_orphaned(mut self, script: impl AsRef<OsStr>) -> Self {
        script.as_ref().clone_into(&mut self.when_orphaned);
        self
    }

    /// The arguments, the program first.
    #[must_use]
    pub fn argv(&self) -> &[OsString] {
        &self.argv
    }

    /// The command as a reader would type it, cut where it is very long.
    #[must_use]
    pub fn shown(&self) -> String {
        let words: Vec<_> = self.argv.iter().map(|word| word.to_string_lossy()).collect();
        let line = redacted(&words.join(" ")).into_owned();
        match line.char_indices().nth(200) {
            Some((cut, _)) => format!("{} …", &line[..cut]),
            None => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_cut_when_shown() {
        assert!(Program::new("echo").arg("ä".repeat(500)).shown().ends_with(" …"));
    }
}
