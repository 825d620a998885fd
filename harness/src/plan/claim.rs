//! A claim: one sentence that must hold, with a permanent id.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::gate::Gate;
use super::need::Need;

/// A claim's permanent id, `area/name`: lowercase words joined by hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimId(String);

impl ClaimId {
    /// The part before the slash: `volume` of `volume/survives-sigkill`.
    #[must_use]
    pub fn area(&self) -> &str {
        self.0.split_once('/').map_or("", |(area, _)| area)
    }

    /// The part after the slash: `survives-sigkill` of `volume/survives-sigkill`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClaimId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        match text.split_once('/') {
            Some((area, name)) if word(area) && word(name) => Ok(Self(text.to_owned())),
            _ => Err(format!("claim id `{text}` is not of the form area/name in lowercase words")),
        }
    }
}

impl TryFrom<String> for ClaimId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClaimId> for String {
    fn from(id: ClaimId) -> Self {
        id.0
    }
}

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A Kubernetes minor version, `1.29`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MinorVersion {
    major: u32,
    minor: u32,
}

impl MinorVersion {
    /// `MAJOR.MINOR`.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// The minor version of a release such as `v1.20.2` or `v1.31.4-gke.1`.
    #[must_use]
    pub fn of_release(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix('v').unwrap_or(text).split(['.', '-', '+']);
        let (major, minor) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        Some(Self { major, minor })
    }
}

impl TryFrom<String> for MinorVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = Self::of_release(&text).filter(|version| version.to_string() == text);
        number.ok_or_else(|| format!("`{text}` is no minor version such as 1.29"))
    }
}

impl From<MinorVersion> for String {
    fn from(version: MinorVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for MinorVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.major, self.minor))
    }
}

/// How strongly a claim binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every conformant cluster keeps it; when it could not be checked, the run is partial.
    Core,
    /// True of today's implementations, or of some clusters; a skip is no loss.
    Extended,
}

/// What a case costs, and what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// At most 30 s, no access to the node.
    Quick,
    /// Needs access to the node.
    Node,
    /// Takes minutes.
    Slow,
    /// Restarts kubelet, runtime or node; runs alone.
    Disruptive,
}

/// One entry of `claims.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The permanent id.
    pub id: ClaimId,
    /// The sentence that must hold.
    pub title: String,
    /// How strongly it binds.
    pub level: Level,
    /// What its case costs.
    pub tier: Tier,
    /// The situation the case builds.
    pub given: String,
    /// What the case does.
    pub when: String,
    /// The assertions by name, each with the sentence that must be seen to be true.
    pub then: BTreeMap<String, String>,
    /// Where the claim comes from: article sentence, Kubernetes documentation, KEP, measurement.
    pub sources: Vec<String>,
    /// The first Kubernetes minor version that makes it, `1.29`; absent means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<MinorVersion>,
    /// The first Kubernetes minor version whose clusters it binds, where older ones are asked all the same: a fail of
    /// theirs is no contradiction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<MinorVersion>,
    /// The feature gate on which it rests, where clusters keep it only while the gate is on, or only while it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// What its case needs of the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Why no real cluster has shown yet that the case holds and that its mutants are killed; absent means that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
    /// What real clusters showed, where it differs from the sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// Ids that it had before: its history goes on under the new one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<ClaimId>,
    /// Raised when its meaning changes, so that its history begins anew.
    #[serde(default, skip_serializing_if = "Revision::is_first")]
    pub revision: Revision,
}

/// How often a claim's meaning has changed, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u32);

impl Default for Revision {
    fn default() -> Self {
        Self(1)
    }
}

impl Revision {
    /// Whether the claim has meant the same since it was made.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.0 <= 1
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Core => "core",
            Self::Extended => "extended",
        })
    }
}

impl Tier {
    /// Whether its cases act on the node under their pods.
    #[must_use]
    pub fn needs_node(self) -> bool {
        matches!(self, Self::Node | Self::Disruptive)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Quick => "quick",
            Self::Node => "node",
            Self::Slow => "slow",
            Self::Disruptive => "disruptive",
        })
    }
}
