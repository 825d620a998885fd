//! Claims: statements about pods that must hold, each with a permanent ID.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::gate::Gate;
use super::need::Need;

/// The permanent ID of a claim, `area/name`: lowercase words joined by hyphens.
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

    /// The whole ID.
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
    /// The version `MAJOR.MINOR`.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// The minor version of a release such as `v1.20.2` or `v1.31.4-gke.1`; `None` if it cannot be parsed.
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
        number.ok_or_else(|| format!("`{text}` is not a minor version such as 1.29"))
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

/// How binding a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Binding for every conformant cluster. A run that skips it is partial.
    Core,
    /// True of current implementations or of some clusters only. A skip does not matter.
    Extended,
}

/// The duration of a case and the access to nodes that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Takes at most 30 s and needs no access to the node.
    Quick,
    /// Needs access to the node.
    Node,
    /// Takes minutes.
    Slow,
    /// Restarts the kubelet, the runtime or the node, so it runs alone.
    Disruptive,
}

/// One entry of `claims.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The permanent ID.
    pub id: ClaimId,
    /// The statement that must hold.
    pub title: String,
    /// How binding it is.
    pub level: Level,
    /// The tier of its case.
    pub tier: Tier,
    /// The situation that the case sets up.
    pub given: String,
    /// The action of the case.
    pub when: String,
    /// The assertions by name, each with the statement that must be observed to be true.
    pub then: BTreeMap<String, String>,
    /// The origins of the claim: article sentence, Kubernetes documentation, KEP, measurement.
    pub sources: Vec<String>,
    /// The first Kubernetes minor version to which it applies, `1.29`; `None` means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<MinorVersion>,
    /// The first Kubernetes minor version for which it is binding. Older clusters are tested too, but a fail there is
    /// inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<MinorVersion>,
    /// The feature gate on which it depends, and the required state of the gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// The features of the cluster that its case needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Why no real cluster has shown yet that the case passes and its mutants are killed; `None` if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
    /// The behavior of real clusters, if it differs from the sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
    /// Former IDs. The history of results continues under the current ID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<ClaimId>,
    /// Increased when the meaning changes, which starts a new history of results.
    #[serde(default, skip_serializing_if = "Revision::is_first")]
    pub revision: Revision,
}

/// The version of a claim's meaning, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u32);

impl Default for Revision {
    fn default() -> Self {
        Self(1)
    }
}

impl Revision {
    /// Returns whether the meaning of the claim has never changed.
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
    /// Returns whether its cases act on the node under their pods.
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
