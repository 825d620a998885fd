//! Why a drive cannot go on.

use std::time::Duration;

use thiserror::Error;

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
    #[error("{action}: {}", brief(source))]
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

/// The API server's own words, without the structure around them.
pub(super) fn brief(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => format!("{} ({})", status.message, status.code),
        other => {
            let mut text = other.to_string();
            let mut cause = std::error::Error::source(other);
            // Each cause once: some errors repeat in their own text what is behind them.
            while let Some(source) = cause {
                let more = source.to_string();
                if !text.contains(&more) {
                    text = format!("{text}: {more}");
                }
                cause = source.source();
            }
            text
        }
    }
}
