//! The builder for running a program.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use podproof_core::redact::redacted;

/// A program to run, with its arguments and settings.
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

/// The standard input of a program.
#[derive(Debug)]
pub(super) enum Input {
    Nothing,
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Program {
    /// `program` is looked up in `PATH` unless it contains a slash. The default time limit is one minute.
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

    /// Sets an environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Passes these bytes on standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Passes this file on standard input.
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

    /// Sets the time limit after which the program is killed.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets a shell script that runs if podproof ends before the program, even if it is killed. It can stop what the
    /// program started elsewhere, for example containers.
    #[must_use]
    pub fn when_orphaned(mut self, script: impl AsRef<OsStr>) -> Self {
        script.as_ref().clone_into(&mut self.when_orphaned);
        self
    }

    /// The program and its arguments.
    #[must_use]
    pub fn argv(&self) -> &[OsString] {
        &self.argv
    }

    /// The command line for messages, redacted and at most 200 characters long.
    #[must_use]
    pub fn command_line(&self) -> String {
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
    fn a_long_command_line_is_truncated() {
        assert!(Program::new("echo").arg("ä".repeat(500)).command_line().ends_with(" …"));
    }
}
