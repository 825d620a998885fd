//! podproof tests on a real Kubernetes cluster that pods with several containers behave as documented.
//!
//! This crate acts on clusters. Its modules, and those of [`podproof_core`], form one direction of data:
//!
//! ```text
//! plan -> cluster -> stage -> (cases: drive) -> evidence -> judge -> run -> record -> history -> report
//!                       `--> (experiment) ----> evidence -> trials -------------------------------^
//! ```
//!
//! [`provider`] makes the cluster, or finds it, and [`host`] runs programs for that. Neither is known to what follows.
//!
//! Everything to the right of the evidence works on files and is in `podproof_core`, which has no client, no runtime and
//! no cluster. So judging again and reporting need no cluster.
//!
//! # Glossary
//!
//! - **Claim**: a statement about pods that must hold on a cluster, with a permanent ID such as `volume/survives-sigkill`.
//! - **Case**: the test of one claim. It consists of a drive, a judge, a manifest and mutants.
//! - **Drive**: the part of a case that creates objects, runs commands and waits. It decides nothing.
//! - **Stage**: the namespace in which a drive runs, and its access to the cluster.
//! - **Probe**: the program that runs in test pods and reports its observations as lines of JSON.
//! - **Evidence**: everything recorded during a drive: pod states, events, logs, commands and their output.
//! - **Judge**: a pure function from the [evidence](podproof_core::evidence::Evidence) to a verdict.
//! - **Premise**: a condition for the case to be meaningful. If it does not hold, the verdict is inconclusive.
//! - **Verdict**: pass, fail, skip (not tested) or inconclusive (neither a pass nor a fail could be established).
//! - **Mutant**: a small change under which a case must fail on a healthy cluster, which proves that it can fail.
//! - **Tier**: the duration of a case and the access that it needs: quick, node, slow or disruptive.
//! - **Run**: one execution of selected cases on one cluster, with one record.
//! - **Series**: consecutive runs of the same suite in the history, which are compared with each other.

mod client_error;

pub mod host;

pub mod cluster;

pub mod provider;

pub mod stage;

pub mod cases;

pub mod run;

pub mod experiment;
