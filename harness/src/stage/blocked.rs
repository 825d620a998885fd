//! Why a drive cannot go on.

use std::time::Duration;

use thiserror::Error;

use crate::cluster::in_words;

/// Why a drive cannot go on. Never a verdict: what was seen until then is judged.
#[derive(Debug, Error)]
pub enum Blocked {
    /// What was awaited had not come when the budget ran out.
    #[error("{what} did not come in {} s; last seen: {last}", waited.as_secs())]
    TimedOut {
        /// What was awaited.
        what: String,
        /// How long.
        waited: Duration,
        /// The last state seen.
        last: String,
    },
    /// What was awaited cannot come any more.
    #[error("{what} cannot come: {why}")]
    Hopeless {
        /// What was awaited.
        what: String,
        /// Why it cannot come.
        why: String,
    },
    /// Observing broke.
    #[error("{what} could not be observed: {why}")]
    Unobserved {
        /// What was awaited.
        what: String,
        /// Why not.
        why: String,
    },
    /// The run was interrupted.
    #[error("interrupted")]
    Interrupted,
    /// The drive panicked: a fault of the case.
    #[error("the drive panicked")]
    Panicked,
    /// The API server refused something.
    #[error("{action}: {}", in_words(source))]
    Api {
        /// What was asked for.
        action: String,
        /// What it said.
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time.
    #[error("{action}: no answer in {} s", waited.as_secs())]
    Silent {
        /// What was asked for.
        action: String,
        /// How long.
        waited: Duration,
    },
    /// A command in a container did not end as it must for the drive to go on.
    #[error("command {label}: {problem}")]
    Exec {
        /// The drive's name for it.
        label: String,
        /// What went wrong.
        problem: String,
    },
    /// The nodes of this cluster cannot be treated in this way.
    #[error("there is no way to {what}")]
    NoDoor {
        /// What was asked for.
        what: String,
    },
    /// The manifest does not hold what the drive needs.
    #[error("the manifest has no object named `{name}`")]
    NoObject {
        /// The name.
        name: String,
    },
    /// The manifest holds something that this program does not know how to apply.
    #[error("object `{name}` of the manifest is of a kind that is not applied here")]
    UnknownKind {
        /// The name.
        name: String,
    },
}

impl Blocked {
    /// Why a request failed, without what it was for.
    pub(super) fn of_request(&self) -> String {
        match self {
            Self::Api { source, .. } => in_words(source),
            Self::Silent { waited, .. } => format!("no answer in {} s", waited.as_secs()),
            other => other.to_string(),
        }
    }
}

/// The causes of an error, from the nearest on: the API server's own words without the structure around them, and none
/// that says again what stands before it.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let kube = cause
            .downcast_ref::<kube::Error>()
            .or_else(|| cause.downcast_ref::<Box<kube::Error>>().map(|boxed| &**boxed));
        let words = kube.map_or_else(|| cause.to_string(), in_words);
        // Some libraries repeat the cause in their own words.
        if !said.ends_with(&words) {
            causes.push(words.clone());
        }
        said = words;
        // Below it stands the same answer once more.
        next = if matches!(kube, Some(kube::Error::Api(_))) { None } else { cause.source() };
    }
    causes
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[derive(Debug, Error)]
    #[error("look for what runs have left")]
    struct Failed(#[source] Blocked);

    #[test]
    fn an_answer_of_the_api_server_is_said_once_and_without_its_structure() {
        let status = Status::failure("namespaces is forbidden", "Forbidden").with_code(403);
        let source = Box::new(kube::Error::Api(Box::new(status)));
        let failed = Failed(Blocked::Api { action: "list the namespaces of runs".to_owned(), source });
        assert_eq!(causes(&failed), ["list the namespaces of runs: namespaces is forbidden (403)"]);
    }
}
