//! Where container runtimes are known to differ from what a claim says.

use std::fmt;

use serde::Deserialize;

use super::claim::{Claim, ClaimId};
use super::tree::{ManifestError, Tree};

const DIFFERENCES: &str = "differences.yaml";

/// A container runtime that is known to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Runtime {
    /// A kernel of its own for each pod, written in Go.
    #[serde(rename = "gVisor")]
    Gvisor,
    /// A runtime for Kubernetes alone, in the place of containerd.
    #[serde(rename = "CRI-O")]
    Crio,
    /// A virtual machine for each pod.
    #[serde(rename = "Kata")]
    Kata,
}

/// One entry of `differences.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The runtime that differs.
    pub runtime: Runtime,
    /// The claims that it does not keep, or keeps in another way.
    pub claims: Vec<ClaimId>,
    /// How it differs: a sentence.
    pub says: String,
    /// Where that comes from.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differences {
    differences: Vec<Difference>,
}

impl Runtime {
    /// Whether this is what runs a pod, given what its node calls its runtime (`cri-o://1.30.0`), and the handler
    /// of the pod's runtime class (`runsc`) where it has one.
    #[must_use]
    pub fn runs(self, node: &str, handler: Option<&str>) -> bool {
        let begins = |names: &[&str]| {
            handler.is_some_and(|handler| names.iter().any(|name| handler.starts_with(name)))
        };
        match self {
            Self::Gvisor => begins(&["runsc", "gvisor"]),
            Self::Crio => node.starts_with("cri-o://"),
            Self::Kata => begins(&["kata"]),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gvisor => "gVisor",
            Self::Crio => "CRI-O",
            Self::Kata => "Kata",
        })
    }
}

/// In one line: the runtime, how it differs, and where that comes from.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on {}: {} ({})", self.runtime, self.says, self.source)
    }
}

/// Reads the known differences and checks that they are about `claims`. A tree may have none.
pub(super) fn read_differences(tree: &Tree, claims: &[Claim]) -> Result<Vec<Difference>, ManifestError> {
    let text = match tree.read(DIFFERENCES) {
        Err(ManifestError::Missing { .. }) => return Ok(Vec::new()),
        read => read?,
    };
    let file = tree.name(DIFFERENCES);
    let Differences { differences } =
        serde_yaml::from_str(&text).map_err(|source| ManifestError::yaml(file.clone(), &source))?;
    for (place, difference) in (1..).zip(&differences) {
        let Difference { runtime, claims: about, says, source } = difference;
        let invalid = |problem: &str| {
            Err(ManifestError::invalid(&file, format!("difference {place} (of {runtime}) {problem}")))
        };
        if about.is_empty() {
            return invalid("is about no claim");
        }
        if says.trim().is_empty() || source.trim().is_empty() {
            return invalid("needs a sentence and a source");
        }
        if let Some(unknown) = about.iter().find(|id| claims.iter().all(|claim| claim.id != **id)) {
            let (line, column) = place_of(&text, unknown.as_str());
            let problem =
                format!("difference {place} (of {runtime}) names claim {unknown}, which there is not");
            return Err(ManifestError::Yaml { file, line, column, problem });
        }
    }
    Ok(differences)
}

/// The line and the column, from 1, in which `id` stands as a whole word; 0 where it does not.
fn place_of(text: &str, id: &str) -> (usize, usize) {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/');
    let column = |line: &str| {
        let mut starts = line.match_indices(id).map(|(start, _)| start);
        starts.find(|&start| {
            !line[..start].ends_with(belongs) && !line[start + id.len()..].starts_with(belongs)
        })
    };
    let mut places = (1..).zip(text.lines()).filter_map(|(at, line)| Some((at, column(line)? + 1)));
    places.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Runtime::Crio, "cri-o://1.30.0", None, true)]
    #[case(Runtime::Crio, "containerd://1.7.1", Some("crio"), false)]
    #[case(Runtime::Gvisor, "containerd://1.7.1", Some("runsc"), true)]
    #[case(Runtime::Gvisor, "containerd://1.7.1", Some("gvisor"), true)]
    #[case(Runtime::Gvisor, "containerd://1.7.1", None, false)]
    #[case(Runtime::Kata, "cri-o://1.30.0", Some("kata-qemu"), true)]
    #[case(Runtime::Kata, "containerd://1.7.1", Some("runc"), false)]
    fn a_runtime_is_known_by_the_node_or_the_handler(
        #[case] runtime: Runtime,
        #[case] node: &str,
        #[case] handler: Option<&str>,
        #[case] runs: bool,
    ) {
        assert_eq!(runtime.runs(node, handler), runs);
    }

    #[test]
    fn a_place_is_that_of_the_whole_id() {
        let text = "a: [ipc/one-more]\nb: [x/ipc/one, ipc/one]\n";
        assert_eq!(place_of(text, "ipc/one"), (2, 16));
        assert_eq!(place_of(text, "ipc/two"), (0, 0));
    }
}
