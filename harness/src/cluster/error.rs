//! Why no cluster could be had.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error as ThisError;

use super::access::AccessError;
use super::image::ImageError;
use super::ownership::ClusterNameError;
use super::paths::HomeUnknown;
use super::program::CommandError;
use crate::refusal::Refusal;

/// No cluster could be had, or not be removed.
#[derive(Debug, ThisError)]
pub enum Error {
    /// There is no container engine on this host.
    #[error("no container engine is installed")]
    NoEngine,
    /// The engine is there but not for this user.
    #[error("this user may not use the container engine")]
    NoRight,
    /// The engine does not answer, and it is not ours to start.
    #[error("the container engine does not answer")]
    EngineSilent {
        /// What it said.
        source: CommandError,
    },
    /// The engine was started and does not answer.
    #[error("start the container engine (log: {})", log.display())]
    EngineStart {
        /// Where it says why.
        log: PathBuf,
        /// What the last question to it gave.
        source: CommandError,
    },
    /// The engine's configuration is not JSON.
    #[error("read the container engine's configuration {}", file.display())]
    EngineConfiguration {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The engine did not take the runtime.
    #[error("the container engine did not take its new runtime from {}", configuration.display())]
    EngineRuntime {
        /// The engine's configuration.
        configuration: PathBuf,
    },
    /// There is no kind.
    #[error("no kind of version {minimum} or later is installed")]
    NoKind {
        /// The oldest that would do.
        minimum: &'static str,
    },
    /// A cluster of that name is somebody else's.
    #[error("cluster `{name}` was not made by podproof")]
    Foreign {
        /// The name.
        name: String,
    },
    /// The cluster was made on another engine than the one that answers.
    #[error(
        "cluster `{name}` was made on another container engine, {made_on}; the one that answers is {present}; nothing was changed"
    )]
    AnotherEngine {
        /// The name.
        name: String,
        /// The engine that has it.
        made_on: String,
        /// The engine that answers.
        present: String,
        /// How its engine was reached, as a shell sets it.
        reached: Option<String>,
        /// What is known of the cluster.
        folder: PathBuf,
    },
    /// A cluster of that name is there, but made in another way.
    #[error("cluster `{name}` is there, with {present} instead of {asked}")]
    Different {
        /// The name.
        name: String,
        /// What it has.
        present: String,
        /// What was asked.
        asked: String,
    },
    /// Node containers of a cluster of ours are gone while others are there.
    #[error(
        "{missing} of the {of} node containers of cluster `{name}` are gone; the others were left as they are"
    )]
    Incomplete {
        /// The name.
        name: String,
        /// How many are gone.
        missing: usize,
        /// How many there were.
        of: usize,
    },
    /// The engine says something of its node containers that we cannot mend without harm.
    #[error("cluster `{name}` cannot be used: {why}; it was left as it is")]
    Stuck {
        /// The name.
        name: String,
        /// What the engine says.
        why: String,
    },
    /// Its node containers run and it does not do what it must.
    #[error("cluster `{name}` runs and cannot be used; nothing of it was removed")]
    Unusable {
        /// The name.
        name: String,
        /// Its kubeconfig.
        kubeconfig: PathBuf,
        /// What went wrong.
        source: Box<Error>,
    },
    /// Others use it.
    #[error("{what} is in use by another podproof{holders}: waited {} s", waited.as_secs())]
    Held {
        /// What is in use.
        what: String,
        /// The processes that use it, in brackets, where they are known.
        holders: String,
        /// How long they were waited for.
        waited: Duration,
    },
    /// The cluster could not be made.
    #[error("create cluster `{name}` (node logs: {})", logs.display())]
    Create {
        /// The name.
        name: String,
        /// Where the nodes' logs are.
        logs: PathBuf,
        /// What went wrong.
        source: Box<Error>,
    },
    /// The cluster's configuration cannot be used.
    #[error("use cluster configuration {}: {why}", file.display())]
    Configuration {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A pod did not run.
    #[error("node `{node}` runs no pod: {why}")]
    NotReady {
        /// The node.
        node: String,
        /// What was seen last.
        why: String,
    },
    /// The cluster could not be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The API server gave an error.
    #[error("{doing}")]
    Api {
        /// What we were doing.
        doing: &'static str,
        /// What it said.
        source: Refusal,
    },
    /// An image could not be made.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A program failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A file could not be read or written.
    #[error("use {}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// There is nowhere to keep things.
    #[error(transparent)]
    Home(#[from] HomeUnknown),
    /// The name cannot be used.
    #[error(transparent)]
    Name(#[from] ClusterNameError),
    /// We were asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An error for this file.
    pub(super) fn file(file: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let file = file.as_ref().to_owned();
        move |source| Self::File { file, source }
    }

    /// An error of the API server while doing this.
    pub(super) fn api(doing: &'static str) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Api { doing, source: source.into() }
    }

    /// What would mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoEngine | Self::NoKind { .. } => {
                Some("`make setup` installs what is missing (`ci/setup.sh`, as root)".to_owned())
            }
            Self::NoRight => Some("run as root, or add this user to the group `docker`".to_owned()),
            Self::EngineSilent { .. } => {
                Some("start it (`systemctl start docker`), or run as root to have it started".to_owned())
            }
            Self::Foreign { .. } => Some("choose another name with `--name`".to_owned()),
            Self::AnotherEngine { reached, folder, .. } => {
                let reached = reached.as_deref().unwrap_or("DOCKER_HOST=…");
                Some(format!(
                    "`export {reached}` leads to its engine; where that engine is gone for good, `rm -r {}` forgets \
                     the cluster",
                    folder.display()
                ))
            }
            Self::Different { name, .. } => {
                Some(format!("`podproof cluster down --name {name}` first, or choose another name"))
            }
            Self::Incomplete { name, .. } | Self::Stuck { name, .. } => Some(anew(name)),
            Self::Unusable { name, kubeconfig, .. } => Some(format!(
                "`kubectl --kubeconfig {} get nodes` shows more; {}",
                kubeconfig.display(),
                anew(name)
            )),
            Self::Held { .. } => Some("end those first, or wait until they have ended".to_owned()),
            Self::Create { source, .. } => source.hint(),
            Self::Access(error) => Some(error.hint()),
            Self::Image(error) => error.hint(),
            Self::Command(CommandError::Missing { .. }) => {
                Some("`make setup` installs what is missing".to_owned())
            }
            _ => None,
        }
    }
}

fn anew(name: &str) -> String {
    format!(
        "`podproof cluster down --name {name}` removes it, `podproof cluster up --name {name}` makes it anew"
    )
}
