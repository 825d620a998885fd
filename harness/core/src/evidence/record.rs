//! The evidence of one case: everything that was created, done, awaited and observed.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::logs::LogText;
use super::seen::{SeenEvent, SeenObject, SeenPod};
use crate::plan::ClaimId;

/// The format of `evidence.json`. A reader refuses a newer one.
pub const FORMAT: u32 = 1;

/// The evidence of one execution of a case, `evidence.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The version of the format.
    pub format: u32,
    /// The claim under test.
    pub claim: ClaimId,
    /// The mutant under which it ran; `None` for the unmodified case.
    pub mutant: Option<String>,
    /// The namespace of the case.
    pub namespace: String,
    /// A random text that the containers got as `PODPROOF_TOKEN`.
    pub token: String,
    /// When the drive started, by podproof's clock.
    pub started: Timestamp,
    /// When the drive ended.
    pub ended: Timestamp,
    /// The created objects, in order.
    pub applied: Vec<Applied>,
    /// The objects that the API server refused to create, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// The commands run in containers, in the order in which they started.
    pub execs: Vec<Exec>,
    /// The commands run on nodes, in the order in which they ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub node_commands: Vec<NodeCommand>,
    /// The HTTP requests to pods.
    pub fetches: Vec<Fetch>,
    /// The deletions of pods by the drive; `None` in evidence of versions that did not record them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletions: Option<Vec<Deletion>>,
    /// The log snapshots that the drive requested, in addition to the followed logs.
    #[serde(default)]
    pub recalls: Vec<LogSnapshot>,
    /// The waits of the drive and how they ended.
    pub waits: Vec<Wait>,
    /// Named times of the drive.
    pub marks: Vec<Mark>,
    /// The states of pods, in the order in which the watch reported them.
    pub timeline: Vec<SeenPod>,
    /// The states of objects other than pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<SeenObject>,
    /// The namespace's events.
    pub events: Vec<SeenEvent>,
    /// The containers' logs.
    pub logs: Vec<LogText>,
    /// Why the drive stopped early; `None` if it finished.
    pub blocked: Option<String>,
    /// True if the drive stopped because the run was interrupted.
    #[serde(default)]
    pub interrupted: bool,
}

/// A created object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// When the API server accepted it.
    pub at: Timestamp,
    /// Its name in the manifest.
    pub name: String,
    /// The UID that the API server gave it.
    pub uid: String,
    /// The object as podproof sent it.
    pub object: Value,
}

/// An object that the API server refused to create.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// When it was refused.
    pub at: Timestamp,
    /// The object's name in the manifest.
    pub name: String,
    /// The object as in the manifest.
    pub object: Value,
    /// The HTTP status code.
    pub code: u16,
    /// The reason in one word, such as `Forbidden`.
    pub reason: String,
    /// The API server's message.
    pub message: String,
}

/// The deletion of a pod by the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// The time just before the request.
    pub at: Timestamp,
    /// The pod's name.
    pub name: String,
    /// The pod's UID.
    pub uid: String,
}

/// A command run in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// The drive's label for it, unique in the case.
    pub label: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// The command with its arguments.
    pub argv: Vec<String>,
    /// When it was requested.
    pub started: Timestamp,
    /// When its end became known.
    pub ended: Timestamp,
    /// How it ended.
    pub end: ExecEnd,
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, decoded in the same way.
    pub stderr: String,
}

/// A command run on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCommand {
    /// The drive's label for it, unique in the case.
    pub label: String,
    /// The node's name.
    pub node: String,
    /// The script for the node's shell.
    pub script: String,
    /// When it was requested.
    pub started: Timestamp,
    /// When its end became known.
    pub ended: Timestamp,
    /// How it ended.
    pub end: ExecEnd,
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, decoded in the same way.
    pub stderr: String,
}

/// How a command in a container or on a node ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecEnd {
    /// It exited with this code.
    Exited(i32),
    /// It could not be run, or its exit code is unknown, for this reason.
    Broken(String),
}

/// An HTTP GET request to a pod, through port-forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The drive's label for it, unique in the case.
    pub label: String,
    /// The pod's name.
    pub pod: String,
    /// The port.
    pub port: u16,
    /// The path.
    pub path: String,
    /// When the request was sent.
    pub started: Timestamp,
    /// When the answer was complete.
    pub ended: Timestamp,
    /// The HTTP status code and the body, or why there was no answer.
    pub answer: Result<(u16, String), String>,
}

/// A snapshot of a container's log, as `kubectl logs [--previous]` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSnapshot {
    /// The drive's label for it, unique in the case.
    pub label: String,
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// True for the log of the previous instance.
    pub previous: bool,
    /// When it was requested.
    pub started: Timestamp,
    /// When the answer was complete.
    pub ended: Timestamp,
    /// The text, or why the request failed.
    pub answer: Result<String, String>,
}

/// A wait of the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The awaited event.
    pub what: String,
    /// When the wait started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub end: WaitEnd,
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitEnd {
    /// The awaited event happened.
    Met,
    /// The awaited event cannot happen any more, for this reason.
    Hopeless(String),
    /// The budget ran out; contains the last state seen.
    TimedOut(String),
    /// Observing failed, for this reason.
    Broken(String),
}

impl WaitEnd {
    /// Returns whether the awaited event happened.
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

/// A named time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was.
    pub at: Timestamp,
    /// Its name.
    pub name: String,
}
