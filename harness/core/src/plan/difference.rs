//! Known differences of container runtimes from claims.

use std::fmt;

use serde::Deserialize;

use super::claim::{Claim, ClaimId};
use super::tree::{ManifestError, Tree};

const DIFFERENCES: &str = "differences.yaml";

/// A container runtime with known differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Runtime {
    /// Gives each pod its own user-space kernel.
    #[serde(rename = "gVisor")]
    Gvisor,
    /// A runtime for Kubernetes, used instead of containerd.
    #[serde(rename = "CRI-O")]
    Crio,
    /// Gives each pod its own virtual machine.
    #[serde(rename = "Kata")]
    Kata,
}

/// One entry of `differences.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The runtime with the difference.
    pub runtime: Runtime,
    /// The affected claims.
    pub claims: Vec<ClaimId>,
    /// A sentence that describes the difference.
    pub says: String,
    /// The source of this information.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differences {
    differences: Vec<Difference>,
}

impl Runtime {
    /// Returns whether this runtime runs a pod. `node` is the runtime that the node reports (`cri-o://1.30.0`),
    /// `handler` the handler of the pod's runtime class (`runsc`).
    #[must_use]
    pub fn runs(self, node: &str, handler: Option<&str>) -> bool {
        let starts_with_any = |names: &[&str]| {
            handler.is_some_and(|handler| names.iter().any(|name| handler.starts_with(name)))
        };
        match self {
            Self::Gvisor => starts_with_any(&["runsc", "gvisor"]),
            Self::Crio => node.starts_with("cri-o://"),
            Self::Kata => starts_with_any(&["kata"]),
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

/// One line with the runtime, the difference and its source.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on {}: {} ({})", self.runtime, self.says, self.source)
    }
}

/// Reads the known differences and checks that every named claim exists. The file is optional.
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
            return invalid("names no claim");
        }
        if says.trim().is_empty() || source.trim().is_empty() {
            return invalid("has no sentence or no source");
        }
        if let Some(unknown) = about.iter().find(|id| claims.iter().all(|claim| claim.id != **id)) {
            let (line, column) = place_of(&text, unknown.as_str());
            let problem =
                format!("difference {place} (of {runtime}) names claim {unknown}, which does not exist");
            return Err(ManifestError::Yaml { file, line, column, problem });
        }
    }
    Ok(differences)
}

/// The line and the column, from 1, of the first `id` that is a whole word; 0 if there is none.
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
    fn a_runtime_is_recognized_by_the_node_or_the_handler(
        #[case] runtime: Runtime,
        #[case] node: &str,
        #[case] handler: Option<&str>,
        #[case] runs: bool,
    ) {
        assert_eq!(runtime.runs(node, handler), runs);
    }

    #[test]
    fn an_id_is_located_as_a_whole_word() {
        let text = "a: [ipc/one-more]\nb: [x/ipc/one, ipc/one]\n";
        assert_eq!(place_of(text, "ipc/one"), (2, 16));
        assert_eq!(place_of(text, "ipc/two"), (0, 0));
    }
}
