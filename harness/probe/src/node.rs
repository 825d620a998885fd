//! Runs a script on the node, from a privileged pod with `hostPID`.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::mounts;
use crate::verb::Verb;

/// The `PATH` of the script.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// `on-node`
#[derive(Debug)]
pub(crate) struct OnNode {
    script: OsString,
}

impl OnNode {
    /// Parses the options of `on-node`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::OnNode(Self { script: options.required("script")? }))
    }

    /// Replaces this process with a shell on the node. Returns only on failure.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = Fields::new().text("script", self.script.as_bytes());
        let failed = match mounts::enter_namespace_of_init() {
            Ok(()) => Command::new("/bin/sh").arg("-c").arg(&self.script).env("PATH", PATH).exec(),
            Err(error) => error,
        };
        log.act("on-node", params, Err(failed))
    }
}
