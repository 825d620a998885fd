//! What is known of each cluster of ours, for `podproof cluster status`.

use std::path::PathBuf;
use std::time::Duration;

use futures::future::try_join_all;

use super::Host;
use super::access::connect;
use super::error::Error;
use super::images::Images;
use super::kind::{Condition, condition, nodes};
use super::ownership::{Claim, ClusterName, Mark};
use super::up::{claimed, kubeconfig};
use super::which_engine::{check_engine, engine_id};

/// How long a healthy cluster takes at most to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Looks at each cluster of ours.
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
    /// What the engine says of its node containers: `running`, `stopped`, `incomplete`, `dead`, `stuck`; or
    /// `unfinished`, `absent`, `foreign`, and `elsewhere` where another engine has it.
    pub state: &'static str,
    /// The API server's version, if it answers.
    pub version: Option<String>,
    /// What keeps it from being used, where something does.
    pub problem: Option<String>,
    /// Its nodes.
    pub nodes: Vec<String>,
    /// Its node image.
    pub image: Option<String>,
    /// Its kubeconfig.
    pub kubeconfig: PathBuf,
}

async fn status_of(host: &Host, name: ClusterName) -> Result<Status, Error> {
    let present = nodes(host, name.as_str()).await?;
    let kubeconfig = kubeconfig(host, &name);
    let image = Mark::read(host, &name).map(|mark| mark.image);
    if let Err(elsewhere) = check_engine(host, &name, engine_id(host).await?.as_deref()).await {
        return Ok(Status {
            name: name.as_str().to_owned(),
            state: "elsewhere",
            version: None,
            problem: Some(elsewhere.to_string()),
            nodes: Vec::new(),
            image,
            kubeconfig,
        });
    }
    let (state, problem) = match claimed(host, &name, &present) {
        Claim::Free => ("absent", None),
        Claim::Foreign => ("foreign", None),
        Claim::Unfinished => ("unfinished", None),
        Claim::Ours(mark) => match condition(&present) {
            Condition::Dead => ("dead", None),
            Condition::Stuck(why) => ("stuck", Some(why)),
            _ if present.len() < mark.containers.len() => ("incomplete", None),
            Condition::Stopped(_) => ("stopped", None),
            Condition::Running => ("running", None),
        },
    };
    // Only the engine says whether it runs: an API server under load may not answer and is none the worse for it.
    let (version, problem) = match state {
        "running" => match connect(Some(&kubeconfig), &name.context(), Images::none(), ANSWER).await {
            Ok(access) => (Some(access.facts.version), None),
            Err(error) => (None, Some(format!("its API server gave no answer: {error}"))),
        },
        _ => (None, problem),
    };
    Ok(Status {
        name: name.as_str().to_owned(),
        state,
        version,
        problem,
        nodes: present.into_iter().map(|node| node.name).collect(),
        image,
        kubeconfig,
    })
}
