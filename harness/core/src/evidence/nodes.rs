//! Accessors for the results of commands on nodes.

use super::facts::Fact;
use super::missing::Missing;
use super::record::{Evidence, ExecEnd, NodeCommand};

/// The end of the message of `stat` for a missing path, in the C locale.
const ABSENT: &str = "No such file or directory";

impl Evidence {
    /// The command on a node with this label, if its exit code is 0.
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

    /// The type and inode number that `stat` printed under `label`; `None` if the path does not exist.
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
