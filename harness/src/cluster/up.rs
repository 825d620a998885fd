//! A kind cluster of ours: found healthy, brought back, or made; and removed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::try_join_all;
use kube::Client;
use tokio_util::sync::CancellationToken;

use super::Host;
use super::access::{Access, connect};
use super::door::{Door, NodeContainers};
use super::engine::Engine;
use super::error::Error;
use super::facts::Facts;
use super::image::{choose_image, is_ours, load_images};
use super::images::{Images, PullPolicy};
use super::kind::{Kind, Node, nodes};
use super::network;
use super::ownership::{Claim, ClusterName, Mark, claim, hold};
use super::program::Program;
use super::progress::{step, talk};
use super::ready::prove;
use super::topology::{Demands, Topology, cgroup_v1};
use crate::disk::write_whole;

/// How long a healthy cluster takes at most to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a cluster whose nodes were started again may take for its first answer.
const RETURN: Duration = Duration::from_secs(90);
/// How long a node may take to run a pod.
const READY: Duration = Duration::from_secs(120);

/// The cluster that is wanted.
#[derive(Clone, Debug, Default)]
pub struct ClusterRequest {
    /// Its name.
    pub name: ClusterName,
    /// Its nodes; whatever it has, if it is there, and one node, if not.
    pub topology: Option<Topology>,
    /// Its node image.
    pub image: Option<String>,
}

/// A kind cluster of ours that runs.
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
}

impl KindCluster {
    /// Puts what test pods need into the nodes that lack it; gives what stands for the names in manifests.
    pub async fn load_images(&self, host: &Host, probe: &Path) -> Result<Images, Error> {
        load_images(host, &self.nodes, probe).await
    }

    /// The same cluster, with its nodes' containers as the way onto them.
    #[must_use]
    pub fn opened(&self, host: &Host, access: Access) -> Access {
        let door = Door::Containers(NodeContainers::new(host, &self.image, self.nodes.len()));
        let facts = Facts { node_containers: true, ..access.facts };
        Access { facts, door, ..access }
    }

    /// Its nodes' containers.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    fn of(host: &Host, name: &ClusterName, image: &str, nodes: Vec<Node>) -> Self {
        let kubeconfig = kubeconfig(host, name);
        Self { name: name.clone(), context: name.context(), kubeconfig, image: image.to_owned(), nodes }
    }

    async fn client(&self, patience: Duration) -> Result<Client, Error> {
        let none = Images { references: std::collections::BTreeMap::default(), pull: PullPolicy::Never };
        Ok(connect(Some(&self.kubeconfig), &self.context, none, patience).await?.client)
    }
}

/// Has the cluster: a healthy one of ours at once, else one brought back, else a new one.
pub async fn up(host: &Host, request: &ClusterRequest) -> Result<KindCluster, Error> {
    let name = &request.name;
    let _held =
        hold(host, host.folders.cluster_lock(name.as_str()), &format!("cluster `{}`", name.as_str())).await?;
    let engine = Engine::ready(host).await?;
    let present = nodes(host, name.as_str()).await?;
    match claimed(host, name, &present) {
        Claim::Foreign => Err(Error::Foreign { name: name.as_str().to_owned() }),
        Claim::Free => create(host, &engine, request).await,
        Claim::Unfinished => {
            talk!("cluster `{}` was left half made: making it anew", name.as_str());
            create(host, &engine, request).await
        }
        Claim::Ours(mark) => {
            check_same(request, &mark)?;
            let cluster = KindCluster::of(host, name, &mark.image, present);
            match bring_back(host, &cluster).await {
                Ok(()) => Ok(cluster),
                Err(error) if host.cancel.is_cancelled() => Err(error),
                Err(error) => {
                    talk!("cluster `{}` does not come back ({error}): making it anew", name.as_str());
                    create(host, &engine, &again(request, &mark)).await
                }
            }
        }
    }
}

/// Removes a cluster of ours and all we know of it; says whether there was one.
pub async fn down(host: &Host, name: &ClusterName) -> Result<bool, Error> {
    let _held =
        hold(host, host.folders.cluster_lock(name.as_str()), &format!("cluster `{}`", name.as_str())).await?;
    Engine::ready(host).await?;
    let present = nodes(host, name.as_str()).await?;
    if claimed(host, name, &present) == Claim::Foreign {
        return Err(Error::Foreign { name: name.as_str().to_owned() });
    }
    let there = !present.is_empty();
    remove(host, name, there).await?;
    Ok(there)
}

fn claimed(host: &Host, name: &ClusterName, present: &[Node]) -> Claim {
    claim(Mark::read(host, name), &identifiers(present))
}

fn identifiers(nodes: &[Node]) -> BTreeSet<String> {
    nodes.iter().map(|node| node.id.clone()).collect()
}

fn kubeconfig(host: &Host, name: &ClusterName) -> PathBuf {
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

/// Makes a cluster that is there answer and run pods.
async fn bring_back(host: &Host, cluster: &KindCluster) -> Result<(), Error> {
    let stopped: Vec<_> =
        cluster.nodes.iter().filter(|node| !node.runs()).map(|node| node.name.as_str()).collect();
    if stopped.is_empty() && cluster.client(ANSWER).await.is_ok() {
        return Ok(());
    }
    if !stopped.is_empty() {
        talk!("starting stopped nodes: {}", stopped.join(", "));
        Program::new("docker").arg("start").args(&stopped).run(&host.cancel).await?;
    }
    refresh_kubeconfig(host, cluster).await?;
    let back = async {
        let client = returned(cluster).await?;
        if is_ours(&cluster.image) {
            network::connect(host, &client, cluster.nodes.len()).await?;
        }
        prove(&client, READY).await
    };
    step(&format!("bringing back cluster `{}`", cluster.name.as_str()), interruptible(host, Box::pin(back)))
        .await
}

/// A restarted engine may give the API server another port.
async fn refresh_kubeconfig(host: &Host, cluster: &KindCluster) -> Result<(), Error> {
    let kind = Kind::find(host).await?;
    kind.export_kubeconfig(cluster.name.as_str(), &cluster.kubeconfig).run(&host.cancel).await?;
    Ok(())
}

/// Asks until the API server answers.
async fn returned(cluster: &KindCluster) -> Result<Client, Error> {
    let start = std::time::Instant::now();
    loop {
        match cluster.client(ANSWER).await {
            Err(_) if start.elapsed() < RETURN => tokio::time::sleep(Duration::from_millis(250)).await,
            end => return end,
        }
    }
}

async fn interruptible<T>(host: &Host, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::select! {
        result = work => result,
        () = host.cancel.cancelled() => Err(Error::Interrupted),
    }
}

async fn create(host: &Host, engine: &Engine, request: &ClusterRequest) -> Result<KindCluster, Error> {
    let name = &request.name;
    let kind = Kind::find(host).await?;
    let image = Box::pin(choose_image(host, request.image.as_deref())).await?;
    let topology = request.topology.clone().unwrap_or_default();
    let demands = Demands { image: &image, restricted: engine.restricted(), cgroup_v1: cgroup_v1() };
    let configuration = topology.render(demands)?;
    // What is there was found to be ours, half made or past mending.
    remove(host, name, !nodes(host, name.as_str()).await?.is_empty()).await?;
    let mut mark =
        Mark { format: 1, image: image.clone(), topology: topology.to_string(), containers: BTreeSet::new() };
    mark.write(host, name)?;
    match Box::pin(make(host, &kind, name, &image, &configuration)).await {
        Ok(cluster) => {
            mark.containers = identifiers(&cluster.nodes);
            mark.write(host, name)?;
            Ok(cluster)
        }
        Err(error) => {
            let logs = keep_logs(host, &kind, name).await;
            // The removal must happen also after a cancel.
            let after = Host { cancel: CancellationToken::new(), ..host.clone() };
            remove(&after, name, true).await?;
            Err(Error::Create { name: name.as_str().to_owned(), logs, source: Box::new(error) })
        }
    }
}

async fn make(
    host: &Host,
    kind: &Kind,
    name: &ClusterName,
    image: &str,
    configuration: &str,
) -> Result<KindCluster, Error> {
    let file = host.folders.cluster(name.as_str()).join("kind.yaml");
    write_whole(&file, configuration.as_bytes()).map_err(Error::file(&file))?;
    let kubeconfig = kubeconfig(host, name);
    let create = kind.create(name.as_str(), image, &file, &kubeconfig);
    step(&format!("creating cluster `{}` of {image}", name.as_str()), create.run(&host.cancel)).await?;
    let cluster = KindCluster::of(host, name, image, nodes(host, name.as_str()).await?);
    let run_pods = async {
        let client = cluster.client(ANSWER).await?;
        if is_ours(image) {
            network::remove_dns(&client).await?;
            network::connect(host, &client, cluster.nodes.len()).await?;
        }
        prove(&client, READY).await
    };
    step("running a pod on each node", interruptible(host, Box::pin(run_pods))).await?;
    Ok(cluster)
}

/// Keeps what the nodes said; an interrupted creation has nothing to tell.
async fn keep_logs(host: &Host, kind: &Kind, name: &ClusterName) -> PathBuf {
    let folder = host.folders.node_logs(name.as_str());
    if !host.cancel.is_cancelled() {
        let _ = fs::remove_dir_all(&folder);
        // It takes what it can; nodes made here have, for one, no crictl to be asked for images.
        if let Err(error) = kind.export_logs(name.as_str(), &folder).run(&host.cancel).await {
            talk!("the node logs may not be whole: {error}");
        }
    }
    folder
}

/// Removes containers first and the mark last, so that what is left after a kill is still ours.
async fn remove(host: &Host, name: &ClusterName, there: bool) -> Result<(), Error> {
    let folder = host.folders.cluster(name.as_str());
    if there {
        let kind = Kind::find(host).await?;
        let delete = kind.delete(name.as_str(), &kubeconfig(host, name));
        step(&format!("removing cluster `{}`", name.as_str()), delete.run(&host.cancel)).await?;
    }
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file(&folder)(error)),
        _ => Ok(()),
    }
}

/// What is known of each cluster of ours, for `podproof cluster status`.
pub async fn status(host: &Host) -> Result<Vec<Status>, Error> {
    let names = host.folders.cluster_names();
    let known = names.iter().filter_map(|name| name.parse::<ClusterName>().ok());
    try_join_all(known.map(|name| status_of(host, name))).await
}

/// What is known of a cluster.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// `running`, `stopped`, `unfinished`, `absent`, `foreign`, `silent`.
    pub state: &'static str,
    /// The API server's version, if it answers.
    pub version: Option<String>,
    /// Its nodes.
    pub nodes: Vec<String>,
    /// Its node image.
    pub image: Option<String>,
    /// Its kubeconfig.
    pub kubeconfig: PathBuf,
}

async fn status_of(host: &Host, name: ClusterName) -> Result<Status, Error> {
    let present = nodes(host, name.as_str()).await?;
    let claim = claimed(host, &name, &present);
    let image = Mark::read(host, &name).map(|mark| mark.image);
    let cluster = KindCluster::of(host, &name, image.as_deref().unwrap_or_default(), present);
    let version = match &claim {
        Claim::Ours(_) if cluster.nodes.iter().all(Node::runs) => {
            let none = Images { references: std::collections::BTreeMap::default(), pull: PullPolicy::Never };
            let access = connect(Some(&cluster.kubeconfig), &cluster.context, none, ANSWER).await;
            access.ok().map(|access| access.facts.version)
        }
        _ => None,
    };
    let state = match claim {
        Claim::Free => "absent",
        Claim::Foreign => "foreign",
        Claim::Unfinished => "unfinished",
        Claim::Ours(_) if version.is_some() => "running",
        Claim::Ours(_) if cluster.nodes.iter().all(Node::runs) => "silent",
        Claim::Ours(_) => "stopped",
    };
    let nodes = cluster.nodes.iter().map(|node| node.name.clone()).collect();
    Ok(Status {
        name: name.as_str().to_owned(),
        state,
        version,
        nodes,
        image,
        kubeconfig: cluster.kubeconfig,
    })
}
