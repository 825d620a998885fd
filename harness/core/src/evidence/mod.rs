//! The evidence of a case: everything observed during its drive, in memory and on disk.
//!
//! `podproof::stage` records [`Evidence`] with watches and log streams. Judges read it through accessors that return
//! [`Missing`] for a fact that was not observed. This module must *not* change anything in the cluster or interpret the facts.

mod archive;
mod clock;
mod endpoints;
mod ends;
mod facts;
mod kind;
mod logs;
mod missing;
mod nodes;
mod observations;
mod probe;
mod record;
mod seen;

pub use archive::{ArchiveError, has_evidence, log_file, read_evidence, read_evidence_as, write_evidence};
pub use clock::now;
pub use endpoints::Endpoint;
pub use ends::{ended, ended_before, has_started, is_lost, not_started, ran};
pub use facts::{ContainerFacts, Fact};
pub use kind::Kind;
pub use logs::{LogLine, LogText, is_kubelet_message};
pub use missing::Missing;
pub use observations::Observations;
pub use probe::ProbeReport;
pub use record::{
    Applied, Deletion, Evidence, Exec, ExecEnd, FORMAT, Fetch, LogSnapshot, Mark, NodeCommand, Refusal, Wait,
    WaitEnd,
};
pub use seen::{SeenEvent, SeenObject, SeenPod, WatchChange};
