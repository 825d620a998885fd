//! The record of a run: the only input of reports and history.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim_text::ClaimText;
use super::run_id::RunId;
use crate::cluster_facts::{ClusterFacts, Identity};
use crate::judge::Verdict;
use crate::plan::{Article, ClaimId, Level, MinorVersion, PlannedCase, Purpose, Revision, Tier};

/// The format of `record.json`. A reader refuses a newer one.
pub const FORMAT: u32 = 1;

/// The record of a run, `record.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The format's version.
    pub format: u32,
    /// The run's ID.
    pub run: RunId,
    /// The version of podproof.
    pub podproof: String,
    /// Check or prove.
    pub purpose: Purpose,
    /// When the run started, by podproof's clock.
    pub started: Timestamp,
    /// When its last case ended.
    pub ended: Timestamp,
    /// The facts about the cluster, as found at the start.
    pub cluster: ClusterFacts,
    /// The identity of the cluster; `None` in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// A replacement or restart of the cluster during the run, if one was noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ClusterChange>,
    /// The number of cases that could run at once.
    pub parallel: usize,
    /// The cause of an interruption; `None` if the run was complete.
    pub interrupted: Option<String>,
    /// How often a failed or inconclusive case was retried at most.
    #[serde(default, skip_serializing_if = "is_none")]
    pub retries: u32,
    /// The texts of the claims as they were when the run started; empty in records of older versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<ClaimId, ClaimText>,
    /// The article as it was asked; `None` in records of older versions, and if the manifests had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<Article>,
    /// The executions, in plan order.
    pub cases: Vec<CaseRecord>,
    /// Failures to write files or to clean up. They change no verdict.
    pub faults: Vec<String>,
}

/// The record of one execution of a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// The ID of the claim.
    pub claim: ClaimId,
    /// The claim's sentence.
    pub title: String,
    /// The claim's level.
    pub level: Level,
    /// The case's tier.
    pub tier: Tier,
    /// The first Kubernetes minor version to which the claim applies; `None` means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<MinorVersion>,
    /// Why the case is not proved yet; `None` if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
    /// Why a fail would not be reliable here: an unknown fact about the cluster, or an unproved claim. A fail then
    /// became inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// How often the meaning of the claim had changed.
    #[serde(default, skip_serializing_if = "Revision::is_first")]
    pub revision: Revision,
    /// The mutant under which it ran; `None` for the unmodified case.
    pub mutant: Option<MutantRecord>,
    /// The number of the repetition, from 1.
    pub round: u32,
    /// The slug of the execution. Its evidence is in `cases/SLUG` of the run's folder.
    pub slug: String,
    /// The verdict. Of several attempts one decides, which also gives the slug and the times.
    pub verdict: Verdict,
    /// All attempts in order, if there was more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// When it started, by podproof's clock.
    pub started: Timestamp,
    /// Its duration in seconds, without the deletion of its namespace.
    pub seconds: f64,
    /// Failures to clean up.
    pub faults: Vec<String>,
    /// Known differences of the container runtime that affect this claim. They change no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The record of a mutant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MutantRecord {
    /// Its name in the mutants file.
    pub name: String,
    /// The behavior that it breaks.
    pub breaks: String,
    /// The assertion that must fail.
    pub must_fail: String,
    /// The assertions that may fail as well.
    pub may_fail: Vec<String>,
}

/// The number of verdicts of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Passes.
    pub pass: usize,
    /// Fails.
    pub fail: usize,
    /// Fails of cases that passed in another attempt; not included in `fail`.
    pub flaky: usize,
    /// Inconclusive verdicts.
    pub inconclusive: usize,
    /// Skips.
    pub skip: usize,
}

/// The record of one attempt, if there was more than one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Names the folder `cases/SLUG` with the attempt's evidence, inside the run's folder.
    pub slug: String,
    /// The verdict of this attempt alone.
    pub verdict: Verdict,
    /// When it started, by podproof's clock.
    pub started: Timestamp,
    /// Its duration in seconds, without the deletion of its namespace.
    pub seconds: f64,
}

/// The cluster is not, or may not be, the one on which the run started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterChange {
    /// The last time at which it was known to be the same.
    pub known_until: Timestamp,
    /// The difference, or why it is unknown.
    pub reason: String,
}

impl RunRecord {
    /// Returns whether the record has no texts of its claims, because an older version of podproof wrote it.
    #[must_use]
    pub fn lacks_texts(&self) -> bool {
        self.claims.is_empty() && !self.cases.is_empty()
    }

    /// The former IDs of the run's claims, each with the current one.
    pub fn renames(&self) -> impl Iterator<Item = (&ClaimId, &ClaimId)> {
        self.claims.iter().flat_map(|(id, claim)| claim.aliases.iter().map(move |old| (old, id)))
    }

    /// The number of verdicts of each kind among the run's cases.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            match case.verdict {
                _ if case.is_flaky() => counts.flaky += 1,
                Verdict::Pass => counts.pass += 1,
                Verdict::Skip { .. } => counts.skip += 1,
                Verdict::Inconclusive { .. } => counts.inconclusive += 1,
                Verdict::Fail { .. } => counts.fail += 1,
            }
        }
        counts
    }
}

impl CaseRecord {
    /// A record of `planned` with this verdict that ends now.
    #[must_use]
    pub fn of(planned: &PlannedCase, verdict: Verdict, started: Timestamp) -> Self {
        let seconds = Timestamp::now().duration_since(started).as_secs_f64();
        Self {
            claim: planned.claim.id.clone(),
            title: planned.claim.title.clone(),
            level: planned.claim.level,
            tier: planned.claim.tier,
            since: planned.claim.since,
            unproved: planned.claim.unproved.clone(),
            doubt: None,
            revision: planned.claim.revision,
            mutant: planned.mutant.as_ref().map(|mutant| MutantRecord {
                name: mutant.name.clone(),
                breaks: mutant.breaks.clone(),
                must_fail: mutant.must_fail.clone(),
                may_fail: mutant.may_fail.clone(),
            }),
            round: planned.round,
            slug: planned.slug(),
            verdict,
            attempts: Vec::new(),
            started,
            // The clocks are not precise enough for more than milliseconds.
            seconds: (seconds * 1000.0).round() / 1000.0,
            faults: Vec::new(),
            notes: Vec::new(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(retries: &u32) -> bool {
    *retries == 0
}
