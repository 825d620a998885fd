//! Ends: at once, or when told to.

use std::io;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::signal::{self, Signal};
use crate::verb::Verb;

/// `exit` or `hold`
#[derive(Debug)]
pub(crate) enum Ending {
    /// At once, with this code.
    Exit(u8),
    /// On TERM or INT.
    Hold(Manner),
}

/// What TERM does to `hold`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// It ends the process with 143.
    Usual,
    /// It ends the process with this code.
    OnTerm(u8),
    /// Nothing: the process holds on until it is killed.
    IgnoreTerm,
}

impl Ending {
    /// Reads `exit`.
    pub(crate) fn exit(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Ending(Self::Exit(options.parsed_required("code")?)))
    }

    /// Reads `hold`.
    pub(crate) fn hold(options: &mut Options) -> Result<Verb, Usage> {
        let manner = match (options.parsed("on-term")?, options.flag("ignore-term")) {
            (None, false) => Manner::Usual,
            (Some(code), false) => Manner::OnTerm(code),
            (None, true) => Manner::IgnoreTerm,
            (Some(_), true) => return Err(options.complaint("cannot take both --on-term and --ignore-term")),
        };
        Ok(Verb::Ending(Self::Hold(manner)))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Exit(code) => {
                log.done("exit", &Fields::new().number("code", code))?;
                Ok(Next::End(code))
            }
            Self::Hold(manner) => hold(log, manner),
        }
    }
}

fn hold(log: &mut Log, manner: Manner) -> io::Result<Next> {
    // Held back before the report: whoever has read it may send the signal at once.
    let signals = match signal::hold_back() {
        Ok(signals) => signals,
        Err(error) => return log.act("hold", Fields::new(), Err(error)),
    };
    log.done("hold", &Fields::new().text("state", "holding"))?;
    loop {
        let signal = match signals.wait() {
            Ok(signal) => signal,
            Err(error) => return log.act("hold", Fields::new(), Err(error)),
        };
        let told = |state: &str| Fields::new().text("state", state).text("signal", signal.name());
        let code = match (signal, manner) {
            (Signal::Usr1, _) => {
                log.done("hold", &told("signalled"))?;
                continue;
            }
            (Signal::Term, Manner::IgnoreTerm) => {
                log.done("hold", &told("ignored"))?;
                continue;
            }
            (Signal::Term, Manner::OnTerm(code)) => code,
            (Signal::Term | Signal::Int, _) => signal.exit_code(),
        };
        log.done("hold", &told("ended").number("code", code))?;
        return Ok(Next::End(code));
    }
}
