//! The log of the probe: JSON lines that say what each verb did, and plain lines for the article's programs.
//!
//! Every line leaves with one `write(2)` of its own and nothing is kept back: whoever reads the pod's log
//! must see a line even if the process is killed right after it.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use crate::errno;
use crate::json::Fields;
use crate::sys::clock;

/// What the chain does after a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next verb runs.
    GoOn,
    /// The process ends with this exit code.
    End(u8),
}

/// Standard output without a buffer, and the number of the next report.
#[derive(Debug)]
pub(crate) struct Log {
    out: File,
    seq: u64,
}

impl Log {
    /// Takes standard output.
    pub(crate) fn open() -> io::Result<Self> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Self { out, seq: 0 })
    }

    /// Writes one plain line.
    pub(crate) fn line(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        let mut line = text.as_ref().to_vec();
        line.push(b'\n');
        self.out.write_all(&line)
    }

    /// Reports a verb that worked.
    pub(crate) fn done(&mut self, verb: &str, fields: &Fields) -> io::Result<Next> {
        let line = self.head(verb, true).and(fields).to_json();
        self.line(line)?;
        Ok(Next::GoOn)
    }

    /// Reports a verb that may end the chain: a failure ends it with exit code 1.
    ///
    /// `asked` is what was to be done (a path, a queue) and is reported either way.
    pub(crate) fn act(&mut self, verb: &str, asked: Fields, result: io::Result<Fields>) -> io::Result<Next> {
        match result {
            Ok(seen) => self.done(verb, &asked.and(&seen)),
            Err(error) => {
                self.failed(verb, &asked, &error)?;
                Ok(Next::End(1))
            }
        }
    }

    /// Reports a verb that only looks: a failure is an answer too, and the chain goes on.
    pub(crate) fn look(&mut self, verb: &str, asked: Fields, result: io::Result<Fields>) -> io::Result<Next> {
        match result {
            Ok(seen) => self.done(verb, &asked.and(&seen)),
            Err(error) if errno::is_absent(&error) => {
                self.done(verb, &asked.flag("present", false).text("errno", "ENOENT"))
            }
            Err(error) => {
                self.failed(verb, &asked, &error)?;
                Ok(Next::GoOn)
            }
        }
    }

    /// Reports a verb that tries something: a failure is reported as one, and the chain goes on.
    ///
    /// Unlike [`Log::look`] it knows no absent thing: what is tried is something to be done, and the verb has
    /// put into its fields whatever is an answer.
    pub(crate) fn attempt(
        &mut self,
        verb: &str,
        asked: Fields,
        result: io::Result<Fields>,
    ) -> io::Result<Next> {
        match result {
            Ok(seen) => self.done(verb, &asked.and(&seen)),
            Err(error) => {
                self.failed(verb, &asked, &error)?;
                Ok(Next::GoOn)
            }
        }
    }

    fn failed(&mut self, verb: &str, asked: &Fields, error: &io::Error) -> io::Result<()> {
        let mut fields = self.head(verb, false).and(asked).text("error", errno::words(error));
        if let Some(name) = errno::name(error) {
            fields = fields.text("errno", name.as_bytes());
        }
        self.line(fields.to_json())
    }

    fn head(&mut self, verb: &str, ok: bool) -> Fields {
        self.seq += 1;
        let at = Fields::new()
            .number("realtime_ns", clock::realtime_ns())
            .number("monotonic_ns", clock::monotonic_ns())
            .number("boottime_ns", clock::boottime_ns());
        Fields::new()
            .number("probe", 1)
            .number("seq", self.seq)
            .text("verb", verb)
            .flag("ok", ok)
            .object("at", &at)
    }
}
