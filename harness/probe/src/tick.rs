//! The article's writer: appends a line to a shared file every second.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::clock;
use crate::verb::Verb;

/// `tick`: the lines are `SEQ REALTIME_NS`.
#[derive(Debug)]
pub(crate) struct Tick {
    path: PathBuf,
    every: Duration,
    count: Option<u64>,
    truncate: bool,
}

impl Tick {
    /// Parses the options of `tick`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Tick(Self {
            path: options.required("path")?.into(),
            every: Duration::from_millis(options.parsed_or("every-ms", 1000)?),
            count: options.parsed("count")?,
            truncate: options.flag("truncate"),
        }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = || Fields::new().text("path", self.path.as_os_str().as_bytes());
        let begin = Instant::now();
        let mut seq = 0;
        while self.count.is_none_or(|count| seq < count) {
            if seq > 0 {
                // Relative to the start and not to the last line, so that a slow disk does not lower the rate.
                thread::sleep(self.due(seq).saturating_sub(begin.elapsed()));
            }
            seq += 1;
            if let Err(error) = self.add_line(seq) {
                return log.act("tick", params().number("lines", seq - 1), Err(error));
            }
            if seq == 1 {
                log.done("tick", &params().text("state", "ticking").number("lines", seq))?;
            }
        }
        log.done("tick", &params().text("state", "ended").number("lines", seq))
    }

    fn due(&self, lines: u64) -> Duration {
        self.every.saturating_mul(u32::try_from(lines).unwrap_or(u32::MAX))
    }

    /// Opens the file for every line, as `date >> file` does.
    fn add_line(&self, seq: u64) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).append(!self.truncate).truncate(self.truncate);
        let line = format!("{seq} {}\n", clock::realtime_ns());
        options.open(&self.path)?.write_all(line.as_bytes())
    }
}
