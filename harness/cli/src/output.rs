//! Where words go: data to stdout, talk to stderr, colour where it is wanted.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use podproof::experiment::ExperimentRecord;
use podproof::report::{
    LiveLines, Reporters, Styles, article_text, experiment_table, json_line, sentence_line, table, visible,
};
use podproof::run::{Account, RunId, RunRecord};
use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::FormatEvent;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::registry::LookupSpan;

use crate::args::{Color, Format, Talk};
use crate::exit::Failure;

/// Decides about colour once, and sends the library's talk to stderr.
pub fn set_up(talk: &Talk) {
    match talk.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let filter =
        EnvFilter::try_from_env("PODPROOF_LOG").unwrap_or_else(|_| EnvFilter::new("off,podproof::talk=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .event_format(TalkLine { start: Instant::now() })
        .init();
}

/// Says on stderr what failed, its causes, and what would mend it.
pub fn tell_failure(failure: &Failure) {
    const LONGEST: usize = 1 << 14;
    let mut err = anstream::stderr().lock();
    let bold = anstyle::Style::new().bold();
    // What failed may quote a cluster or a file.
    let clean = |text: &str| visible(&podproof::redacted(text), LONGEST);
    // When stderr is gone, there is nobody to tell.
    let mut told = failure.to_string();
    let _ = writeln!(err, "{bold}error:{bold:#} {}", clean(&told));
    let mut cause = failure.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some libraries repeat the cause in their own words.
        if !told.ends_with(&text) {
            let _ = writeln!(err, "  caused by: {}", clean(&text));
        }
        told = text;
        cause = error.source();
    }
    if let Some(hint) = failure.hint() {
        let _ = writeln!(err, "\n{bold}hint:{bold:#} {}", clean(&hint));
    }
}

/// Writes data to stdout.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Who closes the pipe early has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Failure::Stdout),
    }
}

/// A line of talk: the seconds since the start, and the message.
struct TalkLine {
    start: Instant,
}

impl<S, N> FormatEvent<S, N> for TalkLine
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> tracing_subscriber::fmt::FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> fmt::Result {
        write!(writer, "{:>7.1}s ", self.start.elapsed().as_secs_f64())?;
        let mut line = Line { writer: &mut writer, outcome: Ok(()) };
        event.record(&mut line);
        line.outcome?;
        writeln!(writer)
    }
}

struct Line<'w, 'b> {
    writer: &'w mut Writer<'b>,
    outcome: fmt::Result,
}

impl Visit for Line<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        // What a library logs may quote anything.
        let text = podproof::redacted(&text);
        let written = if field.name() == "message" {
            write!(self.writer, "{text}")
        } else {
            write!(self.writer, " {}={text}", field.name())
        };
        self.outcome = self.outcome.and(written);
    }
}

/// The live reporters for this way of talking: lines for people on stderr, or events for programs on stdout.
pub fn reporters(talk: &Talk) -> Reporters {
    match talk.message_format {
        Format::Human => {
            Reporters::new().live("stderr", anstream::stderr(), LiveLines::new(Styles::coloured()))
        }
        Format::Json => Reporters::new().json("stdout", io::stdout()),
    }
}

/// Prints the table of a record for people; to programs the events have told everything.
pub fn print_record(record: &RunRecord, folder: &Path, talk: &Talk) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&table(record, folder, &Styles::coloured())),
        Format::Json => Ok(()),
    }
}

/// Makes the folder of a run.
pub fn make_folder(out: &Path, run: &RunId) -> Result<PathBuf, Failure> {
    let folder = out.join(run.as_str());
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(source) => Err(Failure::Folder { folder, source }),
    }
}

/// Prints what there is for people, or its value in one line for programs.
#[cfg(feature = "history")]
pub fn print_either(
    human: impl FnOnce() -> String,
    value: &impl serde::Serialize,
    talk: &Talk,
) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&human()),
        Format::Json => print(&json_line(value).map_err(|error| Failure::Stdout(error.into()))?),
    }
}

/// Prints the table of an experiment for people, or its record in one line for programs.
pub fn print_experiment(record: &ExperimentRecord, folder: &Path, talk: &Talk) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&experiment_table(record, folder, &Styles::coloured())),
        Format::Json => print(&json_line(record).map_err(|error| Failure::Stdout(error.into()))?),
    }
}

/// Prints the article for people, or a line for each sentence for programs.
pub fn print_article(
    accounts: &[Account<'_>],
    record: Option<&RunRecord>,
    talk: &Talk,
) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&article_text(accounts, record, &Styles::coloured())),
        Format::Json => {
            let lines: Result<String, _> = accounts.iter().map(sentence_line).collect();
            print(&lines.map_err(|error| Failure::Stdout(error.into()))?)
        }
    }
}
