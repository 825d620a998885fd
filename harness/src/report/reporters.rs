//! The live reporters of a run.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use super::fault::ReportError;
use super::json::json_line;
use super::terminal::LiveLines;
use crate::run::Told;

/// The live reporters of a run: each event goes to each of them.
#[derive(Default)]
pub struct Reporters {
    reporters: Vec<Reporter>,
}

struct Reporter {
    form: Form,
    sink: Sink,
    out: Result<Box<dyn Write + Send>, io::Error>,
}

enum Form {
    Live(LiveLines),
    Json,
}

enum Sink {
    Stream(&'static str),
    File(PathBuf),
}

impl Reporters {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds lines for people, on `out`, which is called `stream` in a fault.
    #[must_use]
    pub fn live(self, stream: &'static str, out: impl Write + Send + 'static, lines: LiveLines) -> Self {
        self.with(Form::Live(lines), Sink::Stream(stream), Ok(Box::new(out)))
    }

    /// Adds JSON lines for programs, on `out`, which is called `stream` in a fault.
    #[must_use]
    pub fn json(self, stream: &'static str, out: impl Write + Send + 'static) -> Self {
        self.with(Form::Json, Sink::Stream(stream), Ok(Box::new(out)))
    }

    /// Adds JSON lines, appended to `file` as they come. A file that cannot be opened is a fault like any other.
    #[must_use]
    pub fn log(self, file: PathBuf) -> Self {
        let opened = OpenOptions::new().create(true).append(true).open(&file);
        let out = opened.map(|file| Box::new(file) as Box<dyn Write + Send>);
        self.with(Form::Json, Sink::File(file), out)
    }

    fn with(mut self, form: Form, sink: Sink, out: Result<Box<dyn Write + Send>, io::Error>) -> Self {
        self.reporters.push(Reporter { form, sink, out });
        self
    }

    /// Tells each reporter.
    pub fn tell(&mut self, told: &Told) {
        for reporter in &mut self.reporters {
            reporter.tell(told);
        }
    }

    /// What could not be written.
    #[must_use]
    pub fn close(self) -> Vec<ReportError> {
        self.reporters.into_iter().filter_map(Reporter::fault).collect()
    }
}

impl Reporter {
    /// After its first fault a reporter is silent: a report that ends early is honest, one with a hole is not.
    fn tell(&mut self, told: &Told) {
        let Ok(out) = &mut self.out else { return };
        let written = match &mut self.form {
            Form::Live(lines) => lines.line(told).map_or(Ok(()), |line| put(out, &line)),
            Form::Json => json_line(told).map_err(io::Error::from).and_then(|line| put(out, &line)),
        };
        if let Err(error) = written {
            self.out = Err(error);
        }
    }

    fn fault(self) -> Option<ReportError> {
        let source = self.out.err()?;
        match self.sink {
            // Who closes the pipe early has read enough.
            Sink::Stream(_) if source.kind() == io::ErrorKind::BrokenPipe => None,
            Sink::Stream(stream) => Some(ReportError::Stream { stream, source }),
            Sink::File(file) => Some(ReportError::File { file, source }),
        }
    }
}

/// Writes the whole line at once and lets it out: whoever follows the report sees it now.
fn put(out: &mut impl Write, line: &str) -> io::Result<()> {
    out.write_all(line.as_bytes())?;
    out.flush()
}
