//! Signals to other processes: to the one with a command line, or to the one with a number.

use std::io;

use crate::args::{Options, Usage};
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
    /// The one process with this text in its command line.
    Cmdline(Vec<u8>),
    /// The process with this number.
    Pid(i32),
}

impl Kill {
    /// Reads `kill`.
    pub(crate) fn by_cmdline(options: &mut Options) -> Result<Verb, Usage> {
        let target = Target::Cmdline(process::cmdline(options)?);
        Ok(Verb::Kill(Self { target, signal: signal(options)? }))
    }

    /// Reads `kill-pid`.
    pub(crate) fn by_pid(options: &mut Options) -> Result<Verb, Usage> {
        let target = Target::Pid(options.parsed_required("pid")?);
        Ok(Verb::Kill(Self { target, signal: signal(options)? }))
    }

    /// Does it.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let (name, number) = self.signal;
        match &self.target {
            Target::Cmdline(cmdline) => {
                let asked = Fields::new().text("cmdline", cmdline).text("signal", name);
                log.act("kill", asked, send(cmdline, number))
            }
            Target::Pid(pid) => {
                let asked = Fields::new().number("pid", *pid).text("signal", name);
                log.act("kill-pid", asked, kernel::send_signal(*pid, number).map(|()| Fields::new()))
            }
        }
    }
}

fn signal(options: &mut Options) -> Result<(&'static str, i32), Usage> {
    let wanted = options.optional("signal").unwrap_or_else(|| "KILL".into());
    SIGNALS.into_iter().find(|(name, _)| wanted == *name).ok_or_else(|| {
        let known = SIGNALS.map(|(name, _)| name).join(", ");
        options.complaint(&format!("cannot take --signal `{}` (known: {known})", wanted.display()))
    })
}

fn send(cmdline: &[u8], signal: i32) -> io::Result<Fields> {
    let (pid, found) = process::only_one(cmdline)?;
    kernel::send_signal(pid, signal)?;
    Ok(Fields::new().number("pid", pid).text("found", found))
}
