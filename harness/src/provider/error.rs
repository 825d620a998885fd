//! Errors of creating, using and removing clusters.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error as ThisError;

use super::cluster_name::ClusterNameError;
use super::image::ImageError;
use crate::client_error::ClientError;
use crate::cluster::AccessError;
use crate::host::{CommandError, HomeUnknown, LockError};

/// Why a cluster could not be created, used or removed.
#[derive(Debug, ThisError)]
pub enum ClusterError {
    /// There is no container engine on this host.
    #[error("no container engine is installed")]
    NoEngine,
    /// This user has no permission to use the engine.
    #[error("this user may not use the container engine")]
    NoRight,
    /// The engine does not answer, and podproof cannot start it.
    #[error("the container engine does not answer")]
    EngineSilent {
        /// The failed `docker` command.
        source: CommandError,
    },
    /// podproof started the engine, but it does not answer.
    #[error("start the container engine (log: {})", log.display())]
    EngineStart {
        /// The engine's log file.
        log: PathBuf,
        /// The last failed `docker` command.
        source: CommandError,
    },
    /// The engine's configuration is not JSON.
    #[error("read the container engine's configuration {}", file.display())]
    EngineConfiguration {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// The engine did not apply its new configuration.
    #[error("the container engine did not load its new runtime from {}", configuration.display())]
    EngineRuntime {
        /// The engine's configuration file.
        configuration: PathBuf,
    },
    /// The program that makes clusters is not installed, or too old.
    #[error("no {program} of version {minimum} or later is installed")]
    NoProvider {
        /// The program.
        program: &'static str,
        /// The oldest version that podproof supports.
        minimum: &'static str,
    },
    /// A cluster of that name exists, and podproof did not create it.
    #[error("cluster `{name}` was not made by podproof")]
    Foreign {
        /// The name.
        name: String,
    },
    /// The cluster of a context was to be made or removed, which only its owner does.
    #[error("podproof did not make the cluster of context `{context}`")]
    NotOwn {
        /// The context.
        context: String,
    },
    /// The cluster was created on another engine than the one in use.
    #[error(
        "cluster `{name}` was made on another container engine, {made_on}; the one that answers is {present}; nothing was changed"
    )]
    AnotherEngine {
        /// The name.
        name: String,
        /// The engine on which it was created.
        made_on: String,
        /// The engine in use.
        present: String,
        /// The shell assignment that selects its engine; `None` if unknown.
        reached: Option<String>,
        /// The folder with podproof's files of this cluster.
        folder: PathBuf,
    },
    /// A cluster of that name exists, but with another image or topology.
    #[error("cluster `{name}` exists, with {present} instead of {asked}")]
    Different {
        /// The name.
        name: String,
        /// Its image or topology.
        present: String,
        /// The requested image or topology.
        asked: String,
    },
    /// Some node containers of a cluster that podproof created no longer exist.
    #[error(
        "{missing} of the {expected} node containers of cluster `{name}` are gone; the others were not changed"
    )]
    Incomplete {
        /// The name.
        name: String,
        /// The number of missing containers.
        missing: usize,
        /// The number of containers that were created.
        expected: usize,
    },
    /// The node containers are in a state that podproof does not repair.
    #[error("cluster `{name}` cannot be used: {why}; it was not changed")]
    Stuck {
        /// The name.
        name: String,
        /// The state that the engine reports.
        why: String,
    },
    /// The node containers run, but the cluster does not work.
    #[error("cluster `{name}` is running but cannot be used; nothing was removed")]
    Unusable {
        /// The name.
        name: String,
        /// Its kubeconfig.
        kubeconfig: PathBuf,
        /// The failed step.
        source: Box<ClusterError>,
    },
    /// Another podproof holds a lock.
    #[error(transparent)]
    Lock(LockError),
    /// The cluster could not be created.
    #[error("create cluster `{name}` (node logs: {})", logs.display())]
    Create {
        /// The name.
        name: String,
        /// The folder with the nodes' logs.
        logs: PathBuf,
        /// The failed step.
        source: Box<ClusterError>,
    },
    /// The kind configuration file is invalid.
    #[error("use cluster configuration {}: {why}", file.display())]
    Configuration {
        /// The file.
        file: PathBuf,
        /// The cause.
        why: String,
    },
    /// A test pod did not start on a node.
    #[error("node `{node}` does not run pods: {why}")]
    NotReady {
        /// The node.
        node: String,
        /// The last observed state.
        why: String,
    },
    /// The cluster could not be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The API server returned an error.
    #[error("{doing}")]
    Api {
        /// The failed operation.
        doing: &'static str,
        /// The error that it returned.
        source: ClientError,
    },
    /// An image could not be built.
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
        /// The cause.
        source: io::Error,
    },
    /// The home folder is unknown.
    #[error(transparent)]
    Home(#[from] HomeUnknown),
    /// The cluster name is invalid.
    #[error(transparent)]
    Name(#[from] ClusterNameError),
    /// podproof was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl From<LockError> for ClusterError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Interrupted => Self::Interrupted,
            error => Self::Lock(error),
        }
    }
}

impl ClusterError {
    /// Wraps an I/O error of this file.
    pub(super) fn file(file: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let file = file.as_ref().to_owned();
        move |source| Self::File { file, source }
    }

    /// Wraps an API error of the operation `doing`.
    pub(super) fn api(doing: &'static str) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Api { doing, source: source.into() }
    }

    /// Suggests how to fix the problem.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoEngine | Self::NoProvider { .. } => {
                Some("`make setup` installs what is missing (`ci/setup.sh`, as root)".to_owned())
            }
            Self::NoRight => Some("run as root, or add this user to the group `docker`".to_owned()),
            Self::EngineSilent { .. } => Some(
                "start it (`systemctl start docker`), or run podproof as root, which starts it".to_owned(),
            ),
            Self::Foreign { .. } => Some("choose another name with `--name`".to_owned()),
            Self::AnotherEngine { reached, folder, .. } => {
                let reached = reached.as_deref().unwrap_or("DOCKER_HOST=…");
                Some(format!(
                    "`export {reached}` selects its engine; if that engine no longer exists, `rm -r {}` forgets \
                     the cluster",
                    folder.display()
                ))
            }
            Self::Different { name, .. } => {
                Some(format!("`podproof cluster down --name {name}` first, or choose another name"))
            }
            Self::Incomplete { name, .. } | Self::Stuck { name, .. } => Some(recreate_hint(name)),
            Self::Unusable { name, kubeconfig, .. } => Some(format!(
                "`kubectl --kubeconfig {} get nodes` shows more; {}",
                kubeconfig.display(),
                recreate_hint(name)
            )),
            Self::Lock(error) => error.hint(),
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

fn recreate_hint(name: &str) -> String {
    format!(
        "`podproof cluster down --name {name}` removes it, `podproof cluster up --name {name}` creates it again"
    )
}
