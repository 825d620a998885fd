//! Reading facts from what was done and seen on nodes.

use super::facts::{Fact, Missing};
use super::record::{Evidence, ExecEnd, NodeCommand};

/// How `stat` says that there is no such thing, in the C locale.
const ABSENT: &str = "No such file or directory";

impl Evidence {
    /// The command that the drive called `label`, if it ended well on a node.
    pub fn node_command(&self, label: &str) -> Result<&NodeCommand, Missing> {
        let command = self.node_commands.iter().find(|command| command.label == label);
        let command = command.ok_or_else(|| Missing::new(format!("the command {label} on a node")))?;
        match &command.end {
            ExecEnd::Exited(0) => Ok(command),
            ExecEnd::Exited(code) => {
                Err(Missing::new(format!("a good end of {label} on the node (exit code {code})")))
            }
            ExecEnd::Broken(why) => Err(Missing::new(format!("the end of {label} on the node ({why})"))),
        }
    }

    /// What `stat` said on a node under `label`: the kind and number of what is there, or none where nothing is.
    pub fn on_node(&self, label: &str) -> Result<Fact<Option<&str>>, Missing> {
        let command = self.node_command(label)?;
        let said = command.stdout.trim();
        let value = match said.strip_prefix("present ") {
            Some(what) => Some(what),
            None if said.starts_with("stat: ") && said.ends_with(ABSENT) => None,
            None => return Err(Missing::new(format!("what {label} found on the node ({said:?})"))),
        };
        Ok(Fact { value, pointer: format!("node_commands/{label}") })
    }
}
