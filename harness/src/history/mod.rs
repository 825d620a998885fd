//! What runs are kept, and how they are compared. Empty so far: the run folders are the source of truth, and
//! nothing reads more than one of them yet.
//!
//! This room may *not* talk to a cluster, know how a run is reported, or change a record.
