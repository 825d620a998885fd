//! The status of podproof's own kind clusters, for `podproof cluster status`.

use futures::future::try_join_all;

use super::cli::{context, nodes};
use crate::cluster::{Images, connect};
use crate::host::Host;
use crate::provider::cluster_name::ClusterName;
use crate::provider::containers::{Condition, condition};
use crate::provider::engine::{check_engine, engine_id};
use crate::provider::error::ClusterError;
use crate::provider::own_cluster::{API_PATIENCE, ClusterStatus, kubeconfig};
use crate::provider::ownership::{Ownership, OwnershipMark, ownership_of};

/// Returns the status of each of podproof's own clusters.
pub async fn status(host: &Host) -> Result<Vec<ClusterStatus>, ClusterError> {
    let names = host.folders.cluster_names();
    let known = names.iter().filter_map(|name| name.parse::<ClusterName>().ok());
    try_join_all(known.map(|name| status_of(host, name))).await
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
        "running" => match connect(Some(&kubeconfig), &context(&name), Images::empty(), API_PATIENCE).await {
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
