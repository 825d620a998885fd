//! The status of podproof's own clusters, for `podproof cluster status`.

use std::path::PathBuf;
use std::time::Duration;

use futures::future::try_join_all;

use crate::host::Host;
use super::access::connect;
use super::cluster_name::ClusterName;
use super::engine_route::{check_engine, engine_id};
use super::error::ClusterError;
use super::images::Images;
use super::kind::{Condition, condition, nodes};
use super::kind_cluster::kubeconfig;
use super::ownership::{Ownership, OwnershipMark};
use super::up::ownership_of;

/// Time limit for the API server's answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Returns the status of each of podproof's own clusters.
pub async fn status(host: &Host) -> Result<Vec<ClusterStatus>, ClusterError> {
    let names = host.folders.cluster_names();
    let known = names.iter().filter_map(|name| name.parse::<ClusterName>().ok());
    try_join_all(known.map(|name| status_of(host, name))).await
}

/// The status of one of podproof's own clusters.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ClusterStatus {
    /// Its name.
    pub name: String,
    /// The state of its node containers: `running`, `stopped`, `incomplete`, `dead`, `stuck`, `unfinished`, `absent`,
    /// `foreign` (not created by podproof), or `elsewhere` (created on another engine).
    pub state: &'static str,
    /// The API server's version; `None` if it does not answer.
    pub version: Option<String>,
    /// Why it cannot be used; `None` if there is no known problem.
    pub problem: Option<String>,
    /// The names of its nodes.
    pub nodes: Vec<String>,
    /// Its node image; `None` if unknown.
    pub image: Option<String>,
    /// Its kubeconfig.
    pub kubeconfig: PathBuf,
}

async fn status_of(host: &Host, name: ClusterName) -> Result<ClusterStatus, ClusterError> {
    let present = nodes(host, name.as_str()).await?;
    let kubeconfig = kubeconfig(host, &name);
    let image = OwnershipMark::read(host, &name).map(|mark| mark.image);
    if let Err(elsewhere) = check_engine(host, &name, engine_id(host).await?.as_deref()).await {
        return Ok(ClusterStatus {
            name: name.as_str().to_owned(),
            state: "elsewhere",
            version: None,
            problem: Some(elsewhere.to_string()),
            nodes: Vec::new(),
            image,
            kubeconfig,
        });
    }
    let (state, problem) = match ownership_of(host, &name, &present) {
        Ownership::Free => ("absent", None),
        Ownership::Foreign => ("foreign", None),
        Ownership::Unfinished => ("unfinished", None),
        Ownership::Ours(mark) => match condition(&present) {
            Condition::Dead => ("dead", None),
            Condition::Stuck(why) => ("stuck", Some(why)),
            _ if present.len() < mark.containers.len() => ("incomplete", None),
            Condition::Stopped(_) => ("stopped", None),
            Condition::Running => ("running", None),
        },
    };
    // An unanswered request does not change the state: an API server under load may be slow and still work.
    let (version, problem) = match state {
        "running" => match connect(Some(&kubeconfig), &name.context(), Images::empty(), ANSWER).await {
            Ok(access) => (Some(access.facts.version), None),
            Err(error) => (None, Some(format!("its API server did not answer: {error}"))),
        },
        _ => (None, problem),
    };
    Ok(ClusterStatus {
        name: name.as_str().to_owned(),
        state,
        version,
        problem,
        nodes: present.into_iter().map(|node| node.name).collect(),
        image,
        kubeconfig,
    })
}
