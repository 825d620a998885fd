//! Ends the process: immediately, or on a signal.

use std::io;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::signal::{self, Signal};
use crate::verb::Verb;

/// `exit` or `hold`
#[derive(Debug)]
pub(crate) enum Ending {
    /// Exit immediately with this code.
    Exit(u8),
    /// Wait for TERM or INT.
    Hold(OnTerm),
}

/// How `hold` reacts to TERM.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnTerm {
    /// Exit with code 143.
    Default,
    /// Exit with this code.
    Exit(u8),
    /// Keep running.
    Ignore,
}

impl Ending {
    /// Parses the options of `exit`.
    pub(crate) fn exit(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Ending(Self::Exit(options.parsed_required("code")?)))
    }

    /// Parses the options of `hold`.
    pub(crate) fn hold(options: &mut Options) -> Result<Verb, UsageError> {
        let on_term = match (options.parsed("on-term")?, options.flag("ignore-term")) {
            (None, false) => OnTerm::Default,
            (Some(code), false) => OnTerm::Exit(code),
            (None, true) => OnTerm::Ignore,
            (Some(_), true) => {
                return Err(options.usage_error("cannot take both --on-term and --ignore-term"));
            }
        };
        Ok(Verb::Ending(Self::Hold(on_term)))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Exit(code) => {
                log.done("exit", &Fields::new().number("code", code))?;
                Ok(Next::Exit(code))
            }
            Self::Hold(on_term) => hold(log, on_term),
        }
    }
}

fn hold(log: &mut Log, on_term: OnTerm) -> io::Result<Next> {
    // Block the signals before reporting `holding`: a reader of the report may send one immediately.
    let signals = match signal::block_signals() {
        Ok(signals) => signals,
        Err(error) => return log.act("hold", Fields::new(), Err(error)),
    };
    log.done("hold", &Fields::new().text("state", "holding"))?;
    loop {
        let signal = match signals.wait() {
            Ok(signal) => signal,
            Err(error) => return log.act("hold", Fields::new(), Err(error)),
        };
        let state_fields = |state: &str| Fields::new().text("state", state).text("signal", signal.name());
        let code = match (signal, on_term) {
            (Signal::Usr1, _) => {
                log.done("hold", &state_fields("signalled"))?;
                continue;
            }
            (Signal::Term, OnTerm::Ignore) => {
                log.done("hold", &state_fields("ignored"))?;
                continue;
            }
            (Signal::Term, OnTerm::Exit(code)) => code,
            (Signal::Term | Signal::Int, _) => signal.exit_code(),
        };
        log.done("hold", &state_fields("ended").number("code", code))?;
        return Ok(Next::Exit(code));
    }
}
