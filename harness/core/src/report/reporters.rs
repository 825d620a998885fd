//! Live reporters.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use super::error::ReportError;
use super::json::json_line;
use super::terminal::LiveLines;
use crate::record::TimedEvent;

/// The live reporters of a run. Every event goes to all of them.
#[derive(Default)]
pub struct Reporters {
    reporters: Vec<Reporter>,
}

struct Reporter {
    format: Format,
    sink: ReportSink,
    /// The writer, or the first error, after which the reporter is silent.
    out: Result<Box<dyn Write + Send>, io::Error>,
}

enum Format {
    Live(LiveLines),
    Json,
}

enum ReportSink {
    Stream(&'static str),
    File(PathBuf),
}

impl Reporters {
    /// Creates an empty set of reporters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds lines for a terminal, written to `out`. Errors name it `stream`.
    #[must_use]
    pub fn live(self, stream: &'static str, out: impl Write + Send + 'static, lines: LiveLines) -> Self {
        self.with(Format::Live(lines), ReportSink::Stream(stream), Ok(Box::new(out)))
    }

    /// Adds JSON lines, written to `out`. Errors name it `stream`.
    #[must_use]
    pub fn json(self, stream: &'static str, out: impl Write + Send + 'static) -> Self {
        self.with(Format::Json, ReportSink::Stream(stream), Ok(Box::new(out)))
    }

    /// Adds JSON lines, appended to `file`. If the file cannot be opened, [`close`](Self::close) returns the error.
    #[must_use]
    pub fn log(self, file: PathBuf) -> Self {
        let opened = OpenOptions::new().create(true).append(true).open(&file);
        let out = opened.map(|file| Box::new(file) as Box<dyn Write + Send>);
        self.with(Format::Json, ReportSink::File(file), out)
    }

    fn with(
        mut self,
        format: Format,
        sink: ReportSink,
        out: Result<Box<dyn Write + Send>, io::Error>,
    ) -> Self {
        self.reporters.push(Reporter { format, sink, out });
        self
    }

    /// Writes an event to every reporter. Errors are kept for [`close`](Self::close).
    pub fn write_event(&mut self, event: &TimedEvent) {
        for reporter in &mut self.reporters {
            reporter.write_event(event);
        }
    }

    /// Closes the reporters and returns their errors.
    #[must_use]
    pub fn close(self) -> Vec<ReportError> {
        self.reporters.into_iter().filter_map(Reporter::error).collect()
    }
}

impl Reporter {
    /// After its first error a reporter writes nothing more: a report that ends early is obvious, a gap is not.
    fn write_event(&mut self, event: &TimedEvent) {
        let Ok(out) = &mut self.out else { return };
        let written = match &mut self.format {
            Format::Live(lines) => lines.line(event).map_or(Ok(()), |line| write_line(out, &line)),
            Format::Json => json_line(event).map_err(io::Error::from).and_then(|line| write_line(out, &line)),
        };
        if let Err(error) = written {
            self.out = Err(error);
        }
    }

    fn error(self) -> Option<ReportError> {
        let source = self.out.err()?;
        match self.sink {
            // A reader like `head` that closes the pipe early has read enough.
            ReportSink::Stream(_) if source.kind() == io::ErrorKind::BrokenPipe => None,
            ReportSink::Stream(stream) => Some(ReportError::Stream { stream, source }),
            ReportSink::File(file) => Some(ReportError::File { file, source }),
        }
    }
}

/// Writes a line and flushes it, so that readers see it at once.
fn write_line(out: &mut impl Write, line: &str) -> io::Result<()> {
    out.write_all(line.as_bytes())?;
    out.flush()
}
