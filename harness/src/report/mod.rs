//! Tells a run: live on the terminal, as JSON events, as JUnit.
//!
//! Everything here is made from the record and the events alone. This room may *not* change a verdict, talk to
//! a cluster, or let text from the cluster pass uncleaned.
