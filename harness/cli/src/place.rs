//! Where to check: our own kind cluster, or a context that was named.

use std::collections::BTreeMap;

use podproof::cluster::{Access, ClusterRequest, Images, PullPolicy, connect, up};
use podproof::plan::Budgets;
use podproof::run::Interrupt;

use crate::args::Place;
use crate::cluster::{host, probe};
use crate::exit::Failure;

/// A way into the cluster that was asked for.
pub async fn access(place: &Place, budgets: &Budgets, interrupt: &Interrupt) -> Result<Access, Failure> {
    match &place.context {
        Some(context) => Ok(connect(None, context, given_images(), budgets.connect()).await?),
        None => own(place.cluster.as_deref().unwrap_or("kind"), budgets, interrupt).await,
    }
}

/// A cluster of our own, brought up where it is missing, with all that test pods need in its nodes.
async fn own(place: &str, budgets: &Budgets, interrupt: &Interrupt) -> Result<Access, Failure> {
    let name = match place.split_once(':') {
        None if place == "kind" => "podproof",
        Some(("kind", name)) => name,
        _ => return Err(Failure::Usage(format!("`--cluster {place}` is not `kind` or `kind:NAME`"))),
    };
    let name = name.parse().map_err(podproof::cluster::Error::from)?;
    let host = host(&interrupt.stop)?;
    let probe = probe(&host)?;
    let cluster = up(&host, &ClusterRequest { name, ..ClusterRequest::default() }).await?;
    let images = cluster.load_images(&host, &probe).await?;
    Ok(connect(Some(&cluster.kubeconfig), &cluster.context, images, budgets.connect()).await?)
}

/// What the nodes of a named cluster must have, or be able to pull.
fn given_images() -> Images {
    let mut references = BTreeMap::new();
    for (name, reference) in [
        ("podproof/probe", "podproof.local/probe:dev"),
        ("allingeek/ch6_ipc", "podproof.local/probe:dev"),
        ("nginx", "podproof.local/nginx:12"),
        ("debian", "podproof.local/debian:12"),
    ] {
        references.insert(name.to_owned(), reference.to_owned());
    }
    Images { references, pull: PullPolicy::IfNotPresent }
}
