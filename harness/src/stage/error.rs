//! The error of the steps of a drive.

use std::time::Duration;

use thiserror::Error;

use crate::cluster::in_words;

/// A step of a drive failed, so the drive cannot go on. It is not a verdict: the evidence recorded so far is still
/// judged.
#[derive(Debug, Error)]
pub enum StageError {
    /// The awaited event did not happen within the budget.
    #[error("timed out after {} s waiting for {what}; last seen: {last}", waited.as_secs())]
    TimedOut {
        /// The awaited event.
        what: String,
        /// The budget.
        waited: Duration,
        /// The last state seen.
        last: String,
    },
    /// The awaited event cannot happen any more.
    #[error("waiting for {what} is hopeless: {why}")]
    Hopeless {
        /// The awaited event.
        what: String,
        /// The reason.
        why: String,
    },
    /// The watch failed or the cluster did not respond, so the evidence is incomplete.
    #[error("cannot observe {what}: {why}")]
    Unobserved {
        /// The awaited event.
        what: String,
        /// The reason.
        why: String,
    },
    /// The run was interrupted.
    #[error("interrupted")]
    Interrupted,
    /// The drive panicked, which is a bug in the case.
    #[error("the drive panicked")]
    Panicked,
    /// The API server or the client returned an error.
    #[error("{action}: {}", in_words(source))]
    Api {
        /// The action that failed.
        action: String,
        /// The client's error.
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time.
    #[error("{action}: no answer within {} s", waited.as_secs())]
    Silent {
        /// The action without an answer.
        action: String,
        /// The timeout.
        waited: Duration,
    },
    /// A command in a container or on a node did not run, or did not end with the required exit code.
    #[error("command {label}: {problem}")]
    Exec {
        /// The label of the command in the evidence.
        label: String,
        /// The reason.
        problem: String,
    },
    /// podproof's access to the nodes does not allow this.
    #[error("this cluster offers no way to {what}")]
    Unsupported {
        /// The requested action.
        what: String,
    },
    /// The manifest lacks an object that the drive needs.
    #[error("the manifest has no object named `{name}`")]
    NoObject {
        /// The name that was looked up.
        name: String,
    },
    /// No pod of the manifest has a container that the drive needs.
    #[error("no pod of the manifest has a container named `{name}`")]
    NoContainer {
        /// The name that was looked up.
        name: String,
    },
    /// The manifest contains an object of a kind that podproof cannot create.
    #[error("object `{name}` of the manifest has an unsupported kind")]
    UnknownKind {
        /// The name of the object.
        name: String,
    },
}

impl StageError {
    /// The reason why a request failed, without the name of the action.
    pub(super) fn without_action(&self) -> String {
        match self {
            Self::Api { source, .. } => in_words(source),
            Self::Silent { waited, .. } => format!("no answer within {} s", waited.as_secs()),
            other => other.to_string(),
        }
    }
}

/// The messages of an error's sources, nearest first. A Kubernetes API error becomes its message, and a message that
/// only repeats the one before it is left out.
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
        // The sources below an API error repeat its answer.
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
    struct Failed(#[source] StageError);

    #[test]
    fn an_api_error_appears_once_and_as_its_message() {
        let status = Status::failure("namespaces is forbidden", "Forbidden").with_code(403);
        let source = Box::new(kube::Error::Api(Box::new(status)));
        let failed = Failed(StageError::Api { action: "list the namespaces of runs".to_owned(), source });
        assert_eq!(causes(&failed), ["list the namespaces of runs: namespaces is forbidden (403)"]);
    }
}
