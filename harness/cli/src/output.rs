//! Output of the commands: data on stdout, progress and errors on stderr.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use podproof::run::verdict_events;
use podproof::stage::causes;
use podproof_core::record::{RunId, RunRecord, SentenceReport};
use podproof_core::report::{
    LiveLines, Reporters, Styles, article_text, experiment_table, json_line, sentence_line, table, visible,
};
use podproof_core::trials::ExperimentRecord;
use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::FormatEvent;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::registry::LookupSpan;

use crate::args::{self, Color, Format};
use crate::exit::Failure;
use crate::signal::patience;
use crate::stream::{stderr, stdout};

/// How long to wait for a reader of stderr that does not read.
const STDERR_PATIENCE: Duration = Duration::from_secs(2);

/// The maximum length of an error message, in characters.
const LONGEST: usize = 1 << 14;

/// Sets the colour choice and prints the library's progress messages to stderr.
pub fn set_up(output_args: &args::OutputArgs) {
    match output_args.color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    let filter = EnvFilter::try_from_env("PODPROOF_LOG")
        .unwrap_or_else(|_| EnvFilter::new("off,podproof::progress=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Stderr)
        .log_internal_errors(false)
        .event_format(LogLine { start: Instant::now() })
        .init();
}

/// Prints panics on one line like other failures, with a backtrace if `RUST_BACKTRACE` requests one.
pub fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message =
            message.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a message");
        let place = info.location().map(|place| format!(" ({place})")).unwrap_or_default();
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        let message = visible(&podproof_core::redact::redacted(message), LONGEST);
        // stderr may be closed.
        let _ = writeln!(Stderr, "error: podproof panicked (this is a bug): {message}{place}{backtrace}");
    }));
}

/// Writes to stderr, with colours if enabled. Never fails, because problems with stderr must not stop the command.
pub struct Stderr;

impl io::Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = stderr().clone().write(&coloured(bytes, AutoStream::choice(&io::stderr())));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until stderr is written: before the process ends, and before data that may go to the same terminal.
pub fn flush_stderr() {
    let _ = stderr().drain(|| Some(STDERR_PATIENCE));
}

/// Removes colours from `bytes` unless `choice` enables them.
fn coloured(bytes: &[u8], choice: ColorChoice) -> Vec<u8> {
    let mut coloured = AutoStream::new(Vec::new(), choice);
    // Writing to memory cannot fail.
    let _ = coloured.write_all(bytes);
    coloured.into_inner()
}

/// Prints a failure, its causes and its hint to stderr.
pub fn print_failure(failure: &Failure) {
    let bold = anstyle::Style::new().bold();
    // The message may quote text from a cluster or a file.
    let clean = |text: &str| visible(&podproof_core::redact::redacted(text), LONGEST);
    let mut text = format!("{bold}error:{bold:#} {}\n", clean(&failure.to_string()));
    for cause in causes(failure) {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  caused by: {}", clean(&cause));
    }
    if let Some(hint) = failure.hint() {
        let _ = writeln!(text, "\n{bold}hint:{bold:#} {}", clean(&hint));
    }
    // stderr may be closed.
    let _ = Stderr.write_all(text.as_bytes());
}

/// Writes data to stdout and waits until it is written.
pub fn print(text: &str) -> Result<(), Failure> {
    flush_stderr();
    // `finish_data` reports errors of the stream.
    let _ = stdout().push(&coloured(text.as_bytes(), AutoStream::choice(&io::stdout())));
    finish_data()
}

/// Waits until the data on stdout is written.
pub fn finish_data() -> Result<(), Failure> {
    match stdout().drain(patience) {
        // A reader that closes the pipe early does not need the rest.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Failure::Stdout),
    }
}

/// Formats a progress line: the seconds since the start, and the message.
struct LogLine {
    start: Instant,
}

impl<S, N> FormatEvent<S, N> for LogLine
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
        // A library's log message may contain secrets.
        let text = podproof_core::redact::redacted(&text);
        let written = if field.name() == "message" {
            write!(self.writer, "{text}")
        } else {
            write!(self.writer, " {}={text}", field.name())
        };
        self.outcome = self.outcome.and(written);
    }
}

/// The live reporters: text on stderr, or JSON events on stdout.
pub fn reporters(output_args: &args::OutputArgs) -> Reporters {
    match output_args.message_format {
        Format::Human => Reporters::new().live("stderr", Stderr, LiveLines::new(Styles::coloured())),
        Format::Json => Reporters::new().json("stdout", stdout().clone()),
    }
}

/// Prints the table of a run as text. With JSON output the events already contain everything.
pub fn print_record(
    record: &RunRecord,
    folder: &Path,
    output_args: &args::OutputArgs,
) -> Result<(), Failure> {
    match output_args.message_format {
        Format::Human => print(&table(record, folder, &Styles::coloured())),
        Format::Json => finish_data(),
    }
}

/// Prints the table of a run, or its verdict events as JSON.
pub fn print_verdicts(
    record: &RunRecord,
    folder: &Path,
    output_args: &args::OutputArgs,
) -> Result<(), Failure> {
    match output_args.message_format {
        Format::Human => print(&table(record, folder, &Styles::coloured())),
        Format::Json => {
            let lines: Result<String, _> = verdict_events(record).iter().map(json_line).collect();
            print(&lines.map_err(|error| Failure::Stdout(error.into()))?)
        }
    }
}

/// Creates the folder of a run.
pub fn make_folder(out: &Path, run: &RunId) -> Result<PathBuf, Failure> {
    let folder = out.join(run.as_str());
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(source) => Err(Failure::Folder { folder, source }),
    }
}

/// Prints the text of `human`, or `value` as one line of JSON.
#[cfg(feature = "history")]
pub fn print_either(
    human: impl FnOnce() -> String,
    value: &impl serde::Serialize,
    output_args: &args::OutputArgs,
) -> Result<(), Failure> {
    match output_args.message_format {
        Format::Human => print(&human()),
        Format::Json => print(&json_line(value).map_err(|error| Failure::Stdout(error.into()))?),
    }
}

/// Prints the table of an experiment, or its record as one line of JSON.
pub fn print_experiment(
    record: &ExperimentRecord,
    folder: &Path,
    output_args: &args::OutputArgs,
) -> Result<(), Failure> {
    match output_args.message_format {
        Format::Human => print(&experiment_table(record, folder, &Styles::coloured())),
        Format::Json => print(&json_line(record).map_err(|error| Failure::Stdout(error.into()))?),
    }
}

/// Prints the article as text, or one line of JSON for each sentence.
pub fn print_article(
    sentence_reports: &[SentenceReport<'_>],
    record: Option<&RunRecord>,
    output_args: &args::OutputArgs,
) -> Result<(), Failure> {
    match output_args.message_format {
        Format::Human => print(&article_text(sentence_reports, record, &Styles::coloured())),
        Format::Json => {
            let lines: Result<String, _> = sentence_reports.iter().map(sentence_line).collect();
            print(&lines.map_err(|error| Failure::Stdout(error.into()))?)
        }
    }
}
