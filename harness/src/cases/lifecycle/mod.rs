//! The life of a pod as a whole.

mod completion;
mod sidecar;

use super::case::Case;

pub(super) const CASES: &[Case] = &[completion::NEVER_COMPLETES, sidecar::SIDECAR_JOB_COMPLETES];
