//! Sends signals to other processes, selected by command line or PID.

use std::io;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::process;
use crate::report::{Log, Next};
use crate::sys::process as kernel;
use crate::verb::Verb;

const SIGNALS: [(&str, i32); 8] = [
    ("KILL", libc::SIGKILL),
    ("TERM", libc::SIGTERM),
    ("INT", libc::SIGINT),
    ("HUP", libc::SIGHUP),
    ("USR1", libc::SIGUSR1),
    ("USR2", libc::SIGUSR2),
    ("STOP", libc::SIGSTOP),
    ("CONT", libc::SIGCONT),
];

/// `kill` or `kill-pid`
#[derive(Debug)]
pub(crate) struct Kill {
    target: Target,
    signal: (&'static str, i32),
}

#[derive(Debug)]
enum Target {
    /// The only process whose command line contains this text.
    Cmdline(Vec<u8>),
    Pid(i32),
}

impl Kill {
    /// Parses the options of `kill`.
    pub(crate) fn by_cmdline(options: &mut Options) -> Result<Verb, UsageError> {
        let target = Target::Cmdline(process::cmdline(options)?);
        Ok(Verb::Kill(Self { target, signal: signal(options)? }))
    }

    /// Parses the options of `kill-pid`.
    pub(crate) fn by_pid(options: &mut Options) -> Result<Verb, UsageError> {
        let target = Target::Pid(options.parsed_required("pid")?);
        Ok(Verb::Kill(Self { target, signal: signal(options)? }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let (name, number) = self.signal;
        match &self.target {
            Target::Cmdline(cmdline) => {
                let params = Fields::new().text("cmdline", cmdline).text("signal", name);
                log.act("kill", params, send(cmdline, number))
            }
            Target::Pid(pid) => {
                let params = Fields::new().number("pid", *pid).text("signal", name);
                log.act("kill-pid", params, kernel::send_signal(*pid, number).map(|()| Fields::new()))
            }
        }
    }
}

fn signal(options: &mut Options) -> Result<(&'static str, i32), UsageError> {
    let wanted = options.optional("signal").unwrap_or_else(|| "KILL".into());
    SIGNALS.into_iter().find(|(name, _)| wanted == *name).ok_or_else(|| {
        let known = SIGNALS.map(|(name, _)| name).join(", ");
        options.usage_error(&format!("cannot take --signal `{}` (known: {known})", wanted.display()))
    })
}

fn send(cmdline: &[u8], signal: i32) -> io::Result<Fields> {
    let (pid, found) = process::find_one(cmdline)?;
    kernel::send_signal(pid, signal)?;
    Ok(Fields::new().number("pid", pid).text("found", found))
}
