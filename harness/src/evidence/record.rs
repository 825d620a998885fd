//! The evidence of one case: what was applied, done, awaited and seen.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::logs::LogText;
use super::seen::{SeenEvent, SeenObject, SeenPod};
use crate::plan::ClaimId;

/// The format of `evidence.json`. A reader refuses a newer one.
pub(super) const FORMAT: u32 = 1;

/// All that was seen while one case was driven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The format's version.
    pub format: u32,
    /// The claim that was checked.
    pub claim: ClaimId,
    /// The mutant under which it was driven.
    pub mutant: Option<String>,
    /// The namespace it was driven in.
    pub namespace: String,
    /// A random text that the containers got as `PODPROOF_TOKEN`.
    pub token: String,
    /// When driving began.
    pub started: Timestamp,
    /// When driving ended.
    pub ended: Timestamp,
    /// The objects that were sent, in order.
    pub applied: Vec<Applied>,
    /// The objects that the API server refused, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// The commands that were run in containers, in the order in which they began.
    pub execs: Vec<Exec>,
    /// The commands that were run on nodes, in the order in which they ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub node_commands: Vec<NodeCommand>,
    /// The HTTP requests that were sent into pods.
    pub fetches: Vec<Fetch>,
    /// The deletions of pods that the drive asked for; absent where they were not recorded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletions: Option<Vec<Deletion>>,
    /// The logs that were asked for at one time, beside those that were followed.
    #[serde(default)]
    pub recalls: Vec<Recall>,
    /// What was awaited, and how that ended.
    pub waits: Vec<Wait>,
    /// Named moments of the drive.
    pub marks: Vec<Mark>,
    /// The pods' states as the watch showed them.
    pub timeline: Vec<SeenPod>,
    /// The states of objects that are no pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<SeenObject>,
    /// The namespace's events.
    pub events: Vec<SeenEvent>,
    /// The containers' logs.
    pub logs: Vec<LogText>,
    /// Why the drive could not go on to its end, where it could not.
    pub blocked: Option<String>,
    /// Whether it was the run's interruption that ended the drive.
    #[serde(default)]
    pub interrupted: bool,
}

/// An object as it was sent, and the UID that the API server gave it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// When the API server had accepted it.
    pub at: Timestamp,
    /// Its name in the manifest.
    pub name: String,
    /// Its UID.
    pub uid: String,
    /// The object as it was sent.
    pub object: Value,
}

/// An object that the API server refused to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// When it refused.
    pub at: Timestamp,
    /// The object's name in the manifest.
    pub name: String,
    /// The object as it stands in the manifest.
    pub object: Value,
    /// The HTTP status.
    pub code: u16,
    /// The reason in one word, such as `Forbidden`.
    pub reason: String,
    /// The reason in the API server's own words.
    pub message: String,
}

/// A deletion of a pod that the drive asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// Just before it was asked for.
    pub at: Timestamp,
    /// The pod's name.
    pub name: String,
    /// The pod's UID.
    pub uid: String,
}

/// A command that was run in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// The drive's name for it, unique in the case.
    pub label: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// The command.
    pub argv: Vec<String>,
    /// When it was asked for.
    pub started: Timestamp,
    /// When its end was known.
    pub ended: Timestamp,
    /// How it ended.
    pub end: ExecEnd,
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}

/// A command that was run on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCommand {
    /// The drive's name for it, unique in the case.
    pub label: String,
    /// The node's name.
    pub node: String,
    /// What the node's shell was given.
    pub script: String,
    /// When it was asked for.
    pub started: Timestamp,
    /// When its end was known.
    pub ended: Timestamp,
    /// How it ended.
    pub end: ExecEnd,
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
}

/// How a command in a container or on a node ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecEnd {
    /// It exited with this code.
    Exited(i32),
    /// It could not be run, or its end is not known.
    Broken(String),
}

/// An HTTP GET into a pod, through port-forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The drive's name for it, unique in the case.
    pub label: String,
    /// The pod's name.
    pub pod: String,
    /// The port.
    pub port: u16,
    /// The path.
    pub path: String,
    /// When it was sent.
    pub started: Timestamp,
    /// When the answer was complete.
    pub ended: Timestamp,
    /// The HTTP status and the body, or why there is none.
    pub answer: Result<(u16, String), String>,
}

/// The log of a container as it was asked for at one time, like `kubectl logs [--previous]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// The drive's name for it, unique in the case.
    pub label: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// Whether the log of the instance before the last one was asked for.
    pub previous: bool,
    /// When it was asked for.
    pub started: Timestamp,
    /// When the answer was complete.
    pub ended: Timestamp,
    /// The text, or why there is none.
    pub answer: Result<String, String>,
}

/// Something that was awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What was awaited.
    pub what: String,
    /// When waiting began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub end: WaitEnd,
}

/// How waiting ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitEnd {
    /// It came.
    Met,
    /// It cannot come any more, for this reason.
    Hopeless(String),
    /// It had not come when the budget ran out; the last state seen.
    TimedOut(String),
    /// Observing itself broke.
    Broken(String),
}

impl WaitEnd {
    /// Whether what was awaited came.
    #[must_use]
    pub fn is_met(&self) -> bool {
        matches!(self, Self::Met)
    }
}

impl fmt::Display for WaitEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Met => f.write_str("met"),
            Self::Hopeless(why) => write!(f, "hopeless: {why}"),
            Self::TimedOut(last) => write!(f, "timed out; last seen: {last}"),
            Self::Broken(why) => write!(f, "broken: {why}"),
        }
    }
}

/// A named moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was.
    pub at: Timestamp,
    /// Its name.
    pub name: String,
}
