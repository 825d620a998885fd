//! The node under a privileged pod that shares its processes.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::args::{Options, Usage};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::mounts;
use crate::verb::Verb;

/// Where programs are on a node.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// `on-node`
#[derive(Debug)]
pub(crate) struct OnNode {
    script: OsString,
}

impl OnNode {
    /// Reads `on-node`.
    pub(crate) fn read(options: &mut Options) -> Result<Verb, Usage> {
        Ok(Verb::OnNode(Self { script: options.required("script")? }))
    }

    /// Becomes the node's shell; returns only to say why it could not.
    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let asked = Fields::new().text("script", self.script.as_bytes());
        let failed = match mounts::of_first_process() {
            Ok(()) => Command::new("/bin/sh").arg("-c").arg(&self.script).env("PATH", PATH).exec(),
            Err(error) => error,
        };
        log.act("on-node", asked, Err(failed))
    }
}
