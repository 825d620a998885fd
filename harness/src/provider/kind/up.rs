//! Brings up podproof's own kind clusters (uses, starts or creates them) and removes them.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use super::cli::{KindCli, nodes};
use super::cluster::own_cluster;
use super::create::{create, remove};
use super::readiness_record::verify_once_per_start;
use super::request::ClusterRequest;
use super::topology::Topology;
use crate::cluster::AccessError;
use crate::host::{CommandError, Host, Lock, LockMode, Program, report_progress, step};
use crate::provider::cluster_name::ClusterName;
use crate::provider::containers::{Condition, Node, condition};
use crate::provider::engine::{Engine, check_engine, engine_id, lock_configuration, restore_configuration};
use crate::provider::error::ClusterError;
use crate::provider::own_cluster::{API_PATIENCE, OwnCluster, interruptible};
use crate::provider::ownership::{Ownership, OwnershipMark, ownership_of};

/// How long the API server may take to answer after its node was restarted.
const RESTART_PATIENCE: Duration = Duration::from_secs(90);
/// How long to wait for other users of a cluster before it is removed.
const USERS_PATIENCE: Duration = Duration::from_secs(60);

/// Brings up the cluster: uses a running one, starts stopped nodes, or creates the cluster if its node containers do
/// not exist or are dead.
///
/// API errors never cause a removal, restart or creation: a running cluster that does not answer is not changed.
pub async fn up(host: &Host, request: &ClusterRequest) -> Result<OwnCluster, ClusterError> {
    let name = &request.name;
    let what = format!("cluster `{}`", name.as_str());
    let lock = Lock::new(host.folders.cluster_lock(name.as_str()), &what);
    let mode = if request.exclusive { LockMode::Exclusive } else { LockMode::Shared };
    // Until the ownership mark exists, nothing else shows that the engine's configuration is needed.
    let _configuration_lock = lock_configuration(host).await?;
    let engine = Engine::ensure_ready(host).await?;
    // The state may change before the lock is acquired, so check it again. The loop ends, because each retry means that
    // another process has made progress.
    loop {
        let NextStep::Use(_) = next_step(host, &engine, request).await? else {
            let _lock = lock.acquire(host, LockMode::Exclusive).await?;
            start_or_create(host, &engine, request).await?;
            continue;
        };
        let held = lock.acquire(host, mode).await?;
        let NextStep::Use(cluster) = next_step(host, &engine, request).await? else { continue };
        make_usable(host, &cluster).await.map_err(wrap_as_unusable(&cluster))?;
        return Ok(OwnCluster { held: Some(Arc::new(held)), ..cluster });
    }
}

/// The next step of bringing up a cluster.
enum NextStep {
    /// It is running.
    Use(OwnCluster),
    /// The named node containers are stopped.
    Start(OwnCluster, Vec<String>),
    /// It does not exist. `leftovers` are the containers of an unfinished creation, or, if it existed with the mark
    /// `previous`, its dead nodes.
    Create { previous: Option<OwnershipMark>, leftovers: Vec<Node> },
}

/// Chooses the next step from the state of the node containers.
async fn next_step(host: &Host, engine: &Engine, request: &ClusterRequest) -> Result<NextStep, ClusterError> {
    let name = &request.name;
    check_engine(host, name, engine.id()).await?;
    let present = nodes(host, name.as_str()).await?;
    let mark = match ownership_of(host, name, &present) {
        Ownership::Foreign => return Err(ClusterError::Foreign { name: name.as_str().to_owned() }),
        Ownership::Free | Ownership::Unfinished => {
            return Ok(NextStep::Create { previous: None, leftovers: present });
        }
        Ownership::Ours(mark) => mark,
    };
    check_matches_existing(request, &mark)?;
    let condition = condition(&present);
    let (expected, existing) = (mark.containers.len(), present.len());
    if condition != Condition::Dead && existing < expected {
        let missing = expected - existing;
        return Err(ClusterError::Incomplete { name: name.as_str().to_owned(), missing, expected });
    }
    match condition {
        Condition::Dead => Ok(NextStep::Create { previous: Some(mark), leftovers: present }),
        Condition::Running => Ok(NextStep::Use(own_cluster(host, name, &mark.image, present))),
        Condition::Stopped(stopped) => {
            Ok(NextStep::Start(own_cluster(host, name, &mark.image, present), stopped))
        }
        Condition::Stuck(why) => Err(ClusterError::Stuck { name: name.as_str().to_owned(), why }),
    }
}

/// Starts the stopped nodes of the cluster or creates it. The caller holds its lock exclusively.
async fn start_or_create(host: &Host, engine: &Engine, request: &ClusterRequest) -> Result<(), ClusterError> {
    let name = request.name.as_str();
    match next_step(host, engine, request).await? {
        NextStep::Use(_) => Ok(()),
        NextStep::Start(cluster, stopped) => {
            report_progress!("starting stopped nodes: {}", stopped.join(", "));
            Program::new("docker").arg("start").args(&stopped).run(&host.cancel).await?;
            let restarted = async {
                refresh_and_wait(host, &cluster).await?;
                verify_once_per_start(host, &cluster).await
            };
            step(&format!("restarting cluster `{name}`"), restarted).await.map_err(wrap_as_unusable(&cluster))
        }
        NextStep::Create { previous: None, leftovers } => {
            if !leftovers.is_empty() {
                report_progress!("cluster `{name}` was not completely created: creating it again");
            }
            create(host, engine, request, &leftovers).await
        }
        NextStep::Create { previous: Some(mark), leftovers } => {
            report_progress!("the node containers of cluster `{name}` are dead: creating it again");
            create(host, engine, &recreate_request(request, &mark), &leftovers).await
        }
    }
}

/// Wraps an error of a cluster that is running and was left unchanged.
fn wrap_as_unusable(cluster: &OwnCluster) -> impl FnOnce(ClusterError) -> ClusterError {
    let (name, kubeconfig) = (cluster.name.as_str().to_owned(), cluster.kubeconfig.clone());
    move |error| match error {
        ClusterError::Interrupted | ClusterError::Command(CommandError::Cancelled { .. }) => {
            ClusterError::Interrupted
        }
        error => ClusterError::Unusable { name, kubeconfig, source: Box::new(error) },
    }
}

/// Removes one of podproof's own clusters and its files. Returns whether it had containers.
pub async fn down(host: &Host, name: &ClusterName) -> Result<bool, ClusterError> {
    let what = format!("cluster `{}`", name.as_str());
    let lock = Lock::new(host.folders.cluster_lock(name.as_str()), &what);
    let _lock = Lock { patience: Some(USERS_PATIENCE), ..lock }.acquire(host, LockMode::Exclusive).await?;
    Engine::ensure_running(host).await?;
    check_engine(host, name, engine_id(host).await?.as_deref()).await?;
    let present = nodes(host, name.as_str()).await?;
    if ownership_of(host, name, &present) == Ownership::Foreign {
        return Err(ClusterError::Foreign { name: name.as_str().to_owned() });
    }
    let exists = !present.is_empty();
    remove(host, name, exists).await?;
    if host.folders.cluster_names().is_empty() {
        restore_configuration(host).await?;
    }
    Ok(exists)
}

/// Fails if the request explicitly asks for another topology or image than the existing cluster has.
fn check_matches_existing(request: &ClusterRequest, mark: &OwnershipMark) -> Result<(), ClusterError> {
    let differs = |present: &str, asked: &str| ClusterError::Different {
        name: request.name.as_str().to_owned(),
        present: present.to_owned(),
        asked: asked.to_owned(),
    };
    if let Some(topology) = &request.topology
        && topology.to_string() != mark.topology
    {
        return Err(differs(&mark.topology, &topology.to_string()));
    }
    match &request.image {
        Some(image) if *image != mark.image => Err(differs(&mark.image, image)),
        _ => Ok(()),
    }
}

/// The request for creating a dead cluster again.
fn recreate_request(request: &ClusterRequest, mark: &OwnershipMark) -> ClusterRequest {
    let made: Topology = mark.topology.parse().unwrap_or_default();
    ClusterRequest { topology: Some(request.topology.clone().unwrap_or(made)), ..request.clone() }
}

/// Updates the kubeconfig of a cluster whose nodes run, and waits until its API server answers.
async fn refresh_and_wait(host: &Host, cluster: &OwnCluster) -> Result<(), ClusterError> {
    refresh_kubeconfig(host, cluster).await?;
    let what = format!("waiting for the API server of cluster `{}`", cluster.name.as_str());
    step(&what, interruptible(host, Box::pin(await_api_server(cluster)))).await?;
    Ok(())
}

/// Makes sure that the API server of running nodes answers, and that the nodes have a pod network and run pods.
async fn make_usable(host: &Host, cluster: &OwnCluster) -> Result<(), ClusterError> {
    if cluster.client(API_PATIENCE).await.is_err() {
        refresh_and_wait(host, cluster).await?;
    }
    verify_once_per_start(host, cluster).await
}

/// Updates the kubeconfig, because the API server's port may change when the engine restarts. An up-to-date file is not
/// written, because others may be reading it.
async fn refresh_kubeconfig(host: &Host, cluster: &OwnCluster) -> Result<(), ClusterError> {
    let kind = KindCli::find(host).await?;
    let folder = host.folders.cluster(cluster.name.as_str());
    let temporary = tempfile::tempdir_in(&folder).map_err(ClusterError::file(&folder))?;
    let exported = temporary.path().join("kubeconfig");
    kind.export_kubeconfig(cluster.name.as_str(), &exported).run(&host.cancel).await?;
    let content = fs::read(&exported).map_err(ClusterError::file(&exported))?;
    if fs::read(&cluster.kubeconfig).is_ok_and(|present| present == content) {
        return Ok(());
    }
    write_private(&cluster.kubeconfig, &content).map_err(ClusterError::file(&cluster.kubeconfig))
}

/// Replaces a file that contains keys.
fn write_private(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    // Only the owner can read temporary files.
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(content)?;
    draft.persist(file)?;
    Ok(())
}

/// Waits until the API server answers.
async fn await_api_server(cluster: &OwnCluster) -> Result<Client, ClusterError> {
    let start = std::time::Instant::now();
    loop {
        match cluster.client(API_PATIENCE).await {
            // Other errors, for example an invalid kubeconfig, are permanent.
            Err(ClusterError::Access(AccessError::Silent { .. } | AccessError::Api { .. }))
                if start.elapsed() < RESTART_PATIENCE =>
            {
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            end => return end,
        }
    }
}
