//! Opens access to the cluster that the command line selects.

use podproof::cluster::{
    Access, ClusterNameError, ClusterRequest, Images, connect, lock_if_managed, name_images, up,
};
use podproof::run::Interrupt;
use podproof_core::plan::Budgets;

use crate::args::ClusterArgs;
use crate::cluster::{host, probe};
use crate::exit::Failure;
use crate::signal;

/// Whether other podproof processes may use one of podproof's own clusters at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterSharing {
    /// They may: the nodes are not disturbed.
    Shared,
    /// They may not: the nodes will be disturbed.
    Exclusive,
}

/// Opens access to the selected cluster; a signal ends this with its own exit code. podproof's own cluster is brought
/// up if necessary and stays locked while the access exists.
pub async fn open_access(
    cluster_args: &ClusterArgs,
    budgets: &Budgets,
    interrupt: &Interrupt,
    sharing: ClusterSharing,
) -> Result<Access, Failure> {
    // Connecting can be dropped at any time. Bringing up a cluster must stop cleanly, so only the second signal drops
    // it.
    let only_connects = cluster_args.choice.context.is_some();
    let drop_on = if only_connects { &interrupt.stop } else { &interrupt.immediately };
    let access = async {
        match (&cluster_args.choice.cluster, &cluster_args.choice.context) {
            (_, Some(context)) => existing(cluster_args, context, budgets, interrupt, sharing).await,
            (Some(cluster), None) => own(cluster_args, cluster, budgets, interrupt, sharing).await,
            (None, None) => {
                Err(Failure::Usage("name a cluster: --cluster kind or --context NAME".to_owned()))
            }
        }
    };
    signal::or_interrupted(drop_on, access).await
}

async fn existing(
    cluster_args: &ClusterArgs,
    context: &str,
    budgets: &Budgets,
    interrupt: &Interrupt,
    sharing: ClusterSharing,
) -> Result<Access, Failure> {
    let host = host(&interrupt.stop)?;
    let images = with_overrides(name_images(&host, &probe(&host)?)?, cluster_args);
    let kubeconfig = cluster_args.kubeconfig.as_deref();
    // The context may refer to one of podproof's own clusters.
    let held = lock_if_managed(&host, kubeconfig, context, sharing == ClusterSharing::Exclusive).await?;
    Ok(connect(kubeconfig, context, images, budgets.connect()).await?.with_lock(held))
}

async fn own(
    cluster_args: &ClusterArgs,
    cluster: &str,
    budgets: &Budgets,
    interrupt: &Interrupt,
    sharing: ClusterSharing,
) -> Result<Access, Failure> {
    let name = match cluster.split_once(':') {
        None if cluster == "kind" => Ok(podproof::cluster::ClusterName::default()),
        Some(("kind", name)) => {
            name.parse().map_err(|error: ClusterNameError| Failure::Usage(error.to_string()))
        }
        _ => Err(Failure::Usage(format!("--cluster takes `kind` or `kind:NAME`, not `{cluster}`"))),
    }?;
    let host = host(&interrupt.stop)?;
    let probe = probe(&host)?;
    let exclusive = sharing == ClusterSharing::Exclusive;
    let kind = up(&host, &ClusterRequest { name, exclusive, ..ClusterRequest::default() }).await?;
    let images = with_overrides(kind.load_images(&host, &probe).await?, cluster_args);
    let access = connect(Some(&kind.kubeconfig), &kind.context, images, budgets.connect()).await?;
    Ok(kind.with_node_containers(&host, access))
}

/// Applies the images that `--image` overrides.
fn with_overrides(mut images: Images, cluster_args: &ClusterArgs) -> Images {
    images.references.extend(cluster_args.images.iter().cloned());
    images
}
