//! A kind cluster of ours: found healthy, started, or made; and removed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use super::Host;
use super::access::{Access, AccessError, connect};
use super::create::{create, remove};
use super::door::{Door, NodeContainers};
use super::engine::{Engine, need_configuration, put_back};
use super::error::Error;
use super::image::load_images;
use super::images::Images;
use super::kind::{Condition, Kind, Node, condition, nodes};
use super::lock::{Hold, Lock, Use};
use super::ownership::{Claim, ClusterName, Mark, claim};
use super::program::{CommandError, Program};
use super::progress::{step, talk};
use super::proved::prove_since_start;
use super::topology::Topology;
use super::which_engine::{check_engine, engine_id};

/// How long a healthy cluster takes at most to answer.
pub(super) const ANSWER: Duration = Duration::from_secs(5);
/// How long a cluster whose nodes were started again may take for its first answer.
const RETURN: Duration = Duration::from_secs(90);
/// How long a node may take to run a pod.
pub(super) const READY: Duration = Duration::from_secs(120);
/// How long those who use a cluster are waited for before it is removed.
const USERS_END: Duration = Duration::from_secs(60);

/// The cluster that is wanted.
#[derive(Clone, Debug, Default)]
pub struct ClusterRequest {
    /// Its name.
    pub name: ClusterName,
    /// Its nodes; whatever it has, if it is there, and one node, if not.
    pub topology: Option<Topology>,
    /// Its node image.
    pub image: Option<String>,
    /// Whether nobody else may use it meanwhile: its nodes will be disturbed.
    pub alone: bool,
}

/// A kind cluster of ours that runs. As long as it is used, nobody changes or removes it.
#[derive(Clone, Debug)]
pub struct KindCluster {
    /// Its name.
    pub name: ClusterName,
    /// The kubeconfig that was written for it.
    pub kubeconfig: PathBuf,
    /// The context in that file.
    pub context: String,
    /// Its node image.
    pub image: String,
    nodes: Vec<Node>,
    held: Option<Arc<Hold>>,
}

impl KindCluster {
    /// Puts what test pods need into the nodes that lack it; gives what stands for the names in manifests.
    pub async fn load_images(&self, host: &Host, probe: &Path) -> Result<Images, Error> {
        load_images(host, &self.nodes, probe).await
    }

    /// The same cluster, with its nodes' containers as the way onto them.
    #[must_use]
    pub fn opened(&self, host: &Host, mut access: Access) -> Access {
        access.door =
            Door::Containers(NodeContainers::new(host, &self.image, &self.nodes, self.held.clone()));
        access.facts.node_containers = true;
        access
    }

    /// Its nodes' containers.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn of(host: &Host, name: &ClusterName, image: &str, nodes: Vec<Node>) -> Self {
        let kubeconfig = kubeconfig(host, name);
        Self {
            name: name.clone(),
            context: name.context(),
            kubeconfig,
            image: image.to_owned(),
            nodes,
            held: None,
        }
    }

    pub(super) async fn client(&self, patience: Duration) -> Result<Client, Error> {
        Ok(connect(Some(&self.kubeconfig), &self.context, Images::none(), patience).await?.client)
    }
}

/// Has the cluster: a healthy one of ours at once, else one whose stopped nodes are started, else a new one where the
/// engine says that nothing of an old one is left.
///
/// No error of a client removes, restarts or makes anything: a cluster that runs and does not answer is left as it is.
pub async fn up(host: &Host, request: &ClusterRequest) -> Result<KindCluster, Error> {
    let name = &request.name;
    let what = format!("cluster `{}`", name.as_str());
    let lock = Lock::new(host.folders.cluster_lock(name.as_str()), &what);
    let how = if request.alone { Use::Alone } else { Use::Shared };
    // The configuration stays as it is until the cluster's mark says that it is needed.
    let _needed = need_configuration(host).await?;
    let engine = Engine::ready(host).await?;
    // What others change between a look and the lock is looked at again; each round is one in which somebody got on.
    loop {
        let Way::Take(_) = way(host, &engine, request).await? else {
            let _alone = lock.hold(host, Use::Alone).await?;
            change(host, &engine, request).await?;
            continue;
        };
        let held = lock.hold(host, how).await?;
        let Way::Take(cluster) = way(host, &engine, request).await? else { continue };
        make_usable(host, &cluster).await.map_err(unusable(&cluster))?;
        return Ok(KindCluster { held: Some(Arc::new(held)), ..cluster });
    }
}

/// What is to be done to have a cluster.
enum Way {
    /// It runs.
    Take(KindCluster),
    /// Its nodes were stopped.
    Start(KindCluster, Vec<String>),
    /// There is none, or nothing but these remains.
    Make(Option<Mark>, Vec<Node>),
}

/// Finds out what the engine has of the cluster.
async fn way(host: &Host, engine: &Engine, request: &ClusterRequest) -> Result<Way, Error> {
    let name = &request.name;
    check_engine(host, name, engine.id()).await?;
    let text = || name.as_str().to_owned();
    let present = nodes(host, name.as_str()).await?;
    let mark = match claimed(host, name, &present) {
        Claim::Foreign => return Err(Error::Foreign { name: text() }),
        Claim::Free | Claim::Unfinished => return Ok(Way::Make(None, present)),
        Claim::Ours(mark) => mark,
    };
    check_same(request, &mark)?;
    let condition = condition(&present);
    if condition == Condition::Dead {
        return Ok(Way::Make(Some(mark), present));
    }
    let (of, there) = (mark.containers.len(), present.len());
    if there < of {
        return Err(Error::Incomplete { name: text(), missing: of - there, of });
    }
    let cluster = KindCluster::of(host, name, &mark.image, present);
    match condition {
        Condition::Stopped(stopped) => Ok(Way::Start(cluster, stopped)),
        Condition::Stuck(why) => Err(Error::Stuck { name: text(), why }),
        Condition::Running | Condition::Dead => Ok(Way::Take(cluster)),
    }
}

/// Starts the nodes of the cluster or makes it, whichever it needs now that it is held alone.
async fn change(host: &Host, engine: &Engine, request: &ClusterRequest) -> Result<(), Error> {
    let name = request.name.as_str();
    match way(host, engine, request).await? {
        Way::Take(_) => Ok(()),
        Way::Start(cluster, stopped) => {
            talk!("starting stopped nodes: {}", stopped.join(", "));
            Program::new("docker").arg("start").args(&stopped).run(&host.cancel).await?;
            let back = async {
                wait_for(host, &cluster).await?;
                prove_since_start(host, &cluster).await
            };
            step(&format!("bringing back cluster `{name}`"), back).await.map_err(unusable(&cluster))
        }
        Way::Make(None, present) => {
            if !present.is_empty() {
                talk!("cluster `{name}` was left half made: making it anew");
            }
            create(host, engine, request, &present).await
        }
        Way::Make(Some(mark), present) => {
            talk!("the node containers of cluster `{name}` are dead: making it anew");
            create(host, engine, &again(request, &mark), &present).await
        }
    }
}

/// An error of a cluster that stays as it is.
fn unusable(cluster: &KindCluster) -> impl FnOnce(Error) -> Error {
    let (name, kubeconfig) = (cluster.name.as_str().to_owned(), cluster.kubeconfig.clone());
    move |error| match error {
        Error::Interrupted | Error::Command(CommandError::Cancelled { .. }) => Error::Interrupted,
        error => Error::Unusable { name, kubeconfig, source: Box::new(error) },
    }
}

/// Removes a cluster of ours and all we know of it; says whether there was one.
pub async fn down(host: &Host, name: &ClusterName) -> Result<bool, Error> {
    let what = format!("cluster `{}`", name.as_str());
    let lock = Lock::new(host.folders.cluster_lock(name.as_str()), &what);
    let _alone = Lock { patience: Some(USERS_END), ..lock }.hold(host, Use::Alone).await?;
    Engine::answers(host).await?;
    check_engine(host, name, engine_id(host).await?.as_deref()).await?;
    let present = nodes(host, name.as_str()).await?;
    if claimed(host, name, &present) == Claim::Foreign {
        return Err(Error::Foreign { name: name.as_str().to_owned() });
    }
    let there = !present.is_empty();
    remove(host, name, there).await?;
    if host.folders.cluster_names().is_empty() {
        put_back(host).await?;
    }
    Ok(there)
}

pub(super) fn claimed(host: &Host, name: &ClusterName, present: &[Node]) -> Claim {
    let claim = claim(Mark::read(host, name), &identifiers(present));
    // A creation that was killed left its mark; what was made under this name long afterwards was not made by it.
    let latest = Mark::latest_creation(host, name);
    let later = |node: &Node| node.made().zip(latest).is_some_and(|(made, latest)| made > latest);
    if claim == Claim::Unfinished && present.iter().any(later) { Claim::Foreign } else { claim }
}

pub(super) fn identifiers(nodes: &[Node]) -> BTreeSet<String> {
    nodes.iter().map(|node| node.id.clone()).collect()
}

pub(super) fn kubeconfig(host: &Host, name: &ClusterName) -> PathBuf {
    host.folders.cluster(name.as_str()).join("kubeconfig")
}

/// A cluster that is there is taken as it is unless something else was asked for by name.
fn check_same(request: &ClusterRequest, mark: &Mark) -> Result<(), Error> {
    let differs = |present: &str, asked: &str| Error::Different {
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

/// The request that made a cluster, for making it again.
fn again(request: &ClusterRequest, mark: &Mark) -> ClusterRequest {
    let made: Topology = mark.topology.parse().unwrap_or_default();
    ClusterRequest { topology: Some(request.topology.clone().unwrap_or(made)), ..request.clone() }
}

/// Waits until the API server of nodes that run answers.
async fn wait_for(host: &Host, cluster: &KindCluster) -> Result<(), Error> {
    refresh_kubeconfig(host, cluster).await?;
    let what = format!("waiting for the API server of cluster `{}`", cluster.name.as_str());
    step(&what, interruptible(host, Box::pin(returned(cluster)))).await?;
    Ok(())
}

/// Makes the most of nodes that run: their API server answers, they are connected and run pods.
async fn make_usable(host: &Host, cluster: &KindCluster) -> Result<(), Error> {
    if cluster.client(ANSWER).await.is_err() {
        wait_for(host, cluster).await?;
    }
    prove_since_start(host, cluster).await
}

/// A restarted engine may give the API server another port. A file that is right already is not touched: others read it.
async fn refresh_kubeconfig(host: &Host, cluster: &KindCluster) -> Result<(), Error> {
    let kind = Kind::find(host).await?;
    let folder = host.folders.cluster(cluster.name.as_str());
    let aside = tempfile::tempdir_in(&folder).map_err(Error::file(&folder))?;
    let fresh = aside.path().join("kubeconfig");
    kind.export_kubeconfig(cluster.name.as_str(), &fresh).run(&host.cancel).await?;
    let fresh = fs::read(&fresh).map_err(Error::file(&fresh))?;
    if fs::read(&cluster.kubeconfig).is_ok_and(|present| present == fresh) {
        return Ok(());
    }
    write_private(&cluster.kubeconfig, &fresh).map_err(Error::file(&cluster.kubeconfig))
}

/// Replaces a file that holds keys.
fn write_private(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    // Temporary files are for their owner only.
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(content)?;
    draft.persist(file)?;
    Ok(())
}

/// Asks until the API server answers.
async fn returned(cluster: &KindCluster) -> Result<Client, Error> {
    let start = std::time::Instant::now();
    loop {
        match cluster.client(ANSWER).await {
            // What the kubeconfig says does not change by waiting.
            Err(Error::Access(AccessError::Silent { .. } | AccessError::Refused { .. }))
                if start.elapsed() < RETURN =>
            {
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            end => return end,
        }
    }
}

pub(super) async fn interruptible<T>(
    host: &Host,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        result = work => result,
        () = host.cancel.cancelled() => Err(Error::Interrupted),
    }
}
