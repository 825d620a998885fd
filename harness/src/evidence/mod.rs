//! What was seen while a case was driven, as data, in memory and on disk.
//!
//! [`Recorder`] collects: it watches the case's namespace from before the first object is created, and
//! streams every container's log from its start. [`Evidence`] is the result; judges read it through its
//! accessors, which answer [`Missing`] where a fact was not seen. This room may *not* change anything in the
//! cluster and may *not* decide what the facts mean.

mod archive;
mod clock;
mod endpoints;
mod ends;
mod facts;
mod follow;
mod kind;
mod log_stream;
mod logs;
mod nodes;
mod objects;
mod probe;
mod record;
mod recorder;
mod refusal;
mod seen;

pub use archive::{ArchiveError, has_evidence, log_file, read_evidence, read_evidence_as, write_evidence};
pub use clock::now;
pub use endpoints::Endpoint;
pub use ends::{ended, ended_before, has_begun, is_lost, not_started, ran};
pub use facts::{ContainerFacts, Fact, Missing};
pub use kind::Kind;
pub use logs::{LogLine, LogText};
pub use probe::ProbeReport;
pub use record::{
    Applied, Deletion, Evidence, Exec, ExecEnd, Fetch, Mark, NodeCommand, Recall, Refusal, Wait, WaitEnd,
};
pub use recorder::Recorder;
pub(crate) use refusal::Refusals;
pub use seen::{Change, Observed, SeenEvent, SeenObject, SeenPod};
