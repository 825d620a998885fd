//! The life of a pod as a whole.

mod completion;

use super::case::Case;

pub(super) const CASES: &[Case] = &[completion::NEVER_COMPLETES];
