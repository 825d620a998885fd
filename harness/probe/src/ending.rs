//! Ends: at once, or when told to.

use std::io;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::signal;
use crate::verb::Verb;

/// `exit` or `hold`
#[derive(Debug)]
pub(crate) enum Ending {
    /// At once, with this code.
    Exit(u8),
    /// On TERM or INT; a code for TERM, if it shall not be 143.
    Hold(Option<u8>),
}

impl Ending {
    /// Reads `exit`.
    pub(crate) fn exit(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Ending(Self::Exit(options.parsed_required("code")?)))
    }

    /// Reads `hold`.
    pub(crate) fn hold(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::Ending(Self::Hold(options.parsed("on-term")?)))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        match self {
            Self::Exit(code) => {
                log.done("exit", &Fields::new().number("code", code))?;
                Ok(Next::End(code))
            }
            Self::Hold(on_term) => hold(log, on_term),
        }
    }
}

fn hold(log: &mut Log, on_term: Option<u8>) -> io::Result<Next> {
    // Held back before the report: whoever has read it may send the signal at once.
    let signals = match signal::hold_back_term_and_int() {
        Ok(signals) => signals,
        Err(error) => return log.act("hold", Fields::new(), Err(error)),
    };
    log.done("hold", &Fields::new().text("state", "holding"))?;
    let ending = match signals.wait() {
        Ok(ending) => ending,
        Err(error) => return log.act("hold", Fields::new(), Err(error)),
    };
    let code = match (ending, on_term) {
        (signal::Ending::Term, Some(code)) => code,
        (ending, _) => ending.exit_code(),
    };
    log.done(
        "hold",
        &Fields::new().text("state", "ended").text("signal", ending.name()).number("code", code),
    )?;
    Ok(Next::End(code))
}
