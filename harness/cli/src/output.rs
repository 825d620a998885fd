//! Where words go: data to stdout, talk to stderr, colour where it is wanted.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use podproof::experiment::ExperimentRecord;
use podproof::report::{
    LiveLines, Reporters, Styles, article_text, experiment_table, json_line, sentence_line, table, visible,
};
use podproof::run::{Account, RunId, RunRecord, verdict_events};
use podproof::stage::causes;
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

/// How long a reader of stderr who reads nothing is waited for.
const TALK: Duration = Duration::from_secs(2);

/// How much is said of what failed.
const LONGEST: usize = 1 << 14;

/// Decides about colour once, and sends the library's talk to stderr.
pub fn set_up(talk: &args::Talk) {
    match talk.color {
        Color::Auto => {}
        Color::Always => ColorChoice::Always.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    let filter =
        EnvFilter::try_from_env("PODPROOF_LOG").unwrap_or_else(|_| EnvFilter::new("off,podproof::talk=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Talk)
        .log_internal_errors(false)
        .event_format(TalkLine { start: Instant::now() })
        .init();
}

/// A panic is said in one line, like any other failure; for whom it is, `RUST_BACKTRACE` shows where it was.
pub fn report_panics() {
    panic::set_hook(Box::new(|about| {
        let payload = about.payload();
        let said = payload.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("it does not say why");
        let place = about.location().map(|place| format!(" ({place})")).unwrap_or_default();
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        let said = visible(&podproof::redacted(said), LONGEST);
        // Nobody may be there to hear it.
        let _ = writeln!(Talk, "error: a fault of podproof itself: it panicked: {said}{place}{backtrace}");
    }));
}

/// Talk on stderr, in colour where it is wanted. Whatever becomes of it, the work goes on: this never fails.
pub struct Talk;

impl io::Write for Talk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = stderr().clone().write(&dressed(bytes, AutoStream::choice(&io::stderr())));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lets the talk out before the process ends, or before data that may go to the same place.
pub fn finish_talk() {
    let _ = stderr().drain(|| Some(TALK));
}

/// `bytes` with their colours where `choice` wants them.
fn dressed(bytes: &[u8], choice: ColorChoice) -> Vec<u8> {
    let mut dressed = AutoStream::new(Vec::new(), choice);
    // Writing to memory cannot fail.
    let _ = dressed.write_all(bytes);
    dressed.into_inner()
}

/// Says on stderr what failed, its causes, and what would mend it.
pub fn tell_failure(failure: &Failure) {
    let bold = anstyle::Style::new().bold();
    // What failed may quote a cluster or a file.
    let clean = |text: &str| visible(&podproof::redacted(text), LONGEST);
    let mut text = format!("{bold}error:{bold:#} {}\n", clean(&failure.to_string()));
    for cause in causes(failure) {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "  caused by: {}", clean(&cause));
    }
    if let Some(hint) = failure.hint() {
        let _ = writeln!(text, "\n{bold}hint:{bold:#} {}", clean(&hint));
    }
    // When stderr is gone, nobody reads it.
    let _ = Talk.write_all(text.as_bytes());
}

/// Writes data to stdout, and waits until it is read.
pub fn print(text: &str) -> Result<(), Failure> {
    finish_talk();
    // What is wrong with the stream is said when it is drained.
    let _ = stdout().take(&dressed(text.as_bytes(), AutoStream::choice(&io::stdout())));
    finish_data()
}

/// Waits until the data on stdout is read.
pub fn finish_data() -> Result<(), Failure> {
    match stdout().drain(patience) {
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
pub fn reporters(talk: &args::Talk) -> Reporters {
    match talk.message_format {
        Format::Human => Reporters::new().live("stderr", Talk, LiveLines::new(Styles::coloured())),
        Format::Json => Reporters::new().json("stdout", stdout().clone()),
    }
}

/// Prints the table of a record for people; for programs the events hold everything, once they are read.
pub fn print_record(record: &RunRecord, folder: &Path, talk: &args::Talk) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&table(record, folder, &Styles::coloured())),
        Format::Json => finish_data(),
    }
}

/// Prints the table of a record for people, or for programs the events that a run makes of such verdicts.
pub fn print_verdicts(record: &RunRecord, folder: &Path, talk: &args::Talk) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&table(record, folder, &Styles::coloured())),
        Format::Json => {
            let lines: Result<String, _> = verdict_events(record).iter().map(json_line).collect();
            print(&lines.map_err(|error| Failure::Stdout(error.into()))?)
        }
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
    talk: &args::Talk,
) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&human()),
        Format::Json => print(&json_line(value).map_err(|error| Failure::Stdout(error.into()))?),
    }
}

/// Prints the table of an experiment for people, or its record in one line for programs.
pub fn print_experiment(record: &ExperimentRecord, folder: &Path, talk: &args::Talk) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&experiment_table(record, folder, &Styles::coloured())),
        Format::Json => print(&json_line(record).map_err(|error| Failure::Stdout(error.into()))?),
    }
}

/// Prints the article for people, or a line for each sentence for programs.
pub fn print_article(
    accounts: &[Account<'_>],
    record: Option<&RunRecord>,
    talk: &args::Talk,
) -> Result<(), Failure> {
    match talk.message_format {
        Format::Human => print(&article_text(accounts, record, &Styles::coloured())),
        Format::Json => {
            let lines: Result<String, _> = accounts.iter().map(sentence_line).collect();
            print(&lines.map_err(|error| Failure::Stdout(error.into()))?)
        }
    }
}
