//! The input of a run: claims, the article's sentences, manifests, mutants, selection, budgets and the fixed [`Plan`].
//!
//! Everything here works offline. This module must *not* access a cluster, start programs, read the clock or depend on
//! how a case is driven or judged.

mod article;
mod budget;
mod catalogue;
mod claim;
mod difference;
mod gate;
mod manifest;
mod mutant;
mod need;
mod nesting;
mod order;
pub mod pause;
mod right;
mod select;
mod tree;

pub use article::{Article, Bearing, NamedClaim, Sentence};
pub use budget::{Budgets, LONGEST_LEASE_SILENCE};
pub use catalogue::{CaseFiles, Catalogue, assertions_of, embedded_renames};
pub use claim::{Claim, ClaimId, Level, MinorVersion, Revision, Tier};
pub use difference::{Difference, Runtime};
pub use gate::Gate;
pub use manifest::Manifest;
pub use mutant::{Mutant, Mutants, Saboteur, Security};
pub use need::Need;
pub(crate) use nesting::too_deep;
pub use order::{Plan, PlannedCase, Purpose};
pub use right::Right;
pub use select::{Selection, SelectionError};
pub use tree::{ManifestError, Tree};
