//! The probe's log: JSON reports of the verbs, and the plain lines of the article's programs.
//!
//! Each line is written with its own `write(2)`, unbuffered: it must be in the pod's log even if the process is
//! killed immediately afterwards.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use crate::errno;
use crate::json::Fields;
use crate::sys::clock;

/// How the chain continues after a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Run the next verb.
    Continue,
    /// End the process with this exit code.
    Exit(u8),
}

/// Unbuffered standard output, and the sequence number of the last report.
#[derive(Debug)]
pub(crate) struct Log {
    out: File,
    seq: u64,
}

impl Log {
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

    /// Reports success.
    pub(crate) fn done(&mut self, verb: &str, fields: &Fields) -> io::Result<Next> {
        let line = self.head(verb, true).and(fields).to_json();
        self.line(line)?;
        Ok(Next::Continue)
    }

    /// Reports a verb that acts: a failure ends the chain with exit code 1.
    ///
    /// `params` (a path, a queue) are reported in either case.
    pub(crate) fn act(&mut self, verb: &str, params: Fields, result: io::Result<Fields>) -> io::Result<Next> {
        match result {
            Ok(seen) => self.done(verb, &params.and(&seen)),
            Err(error) => {
                self.failed(verb, &params, &error)?;
                Ok(Next::Exit(1))
            }
        }
    }

    /// Reports a verb that only looks: `ENOENT` is a result, and no failure ends the chain.
    pub(crate) fn look(
        &mut self,
        verb: &str,
        params: Fields,
        result: io::Result<Fields>,
    ) -> io::Result<Next> {
        match result {
            Ok(seen) => self.done(verb, &params.and(&seen)),
            Err(error) if errno::is_absent(&error) => {
                self.done(verb, &params.flag("present", false).text("errno", "ENOENT"))
            }
            Err(error) => {
                self.failed(verb, &params, &error)?;
                Ok(Next::Continue)
            }
        }
    }

    /// Reports a verb that tries something: a failure does not end the chain.
    ///
    /// Unlike for [`Log::look`], `ENOENT` is a failure. A verb for which some errors are results passes them as
    /// fields.
    pub(crate) fn attempt(
        &mut self,
        verb: &str,
        params: Fields,
        result: io::Result<Fields>,
    ) -> io::Result<Next> {
        match result {
            Ok(seen) => self.done(verb, &params.and(&seen)),
            Err(error) => {
                self.failed(verb, &params, &error)?;
                Ok(Next::Continue)
            }
        }
    }

    fn failed(&mut self, verb: &str, params: &Fields, error: &io::Error) -> io::Result<()> {
        let mut fields = self.head(verb, false).and(params).text("error", errno::message(error));
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
