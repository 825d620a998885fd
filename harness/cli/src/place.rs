//! Where to check: our own kind cluster, or a context that was named.

use podproof::cluster::{
    Access, ClusterNameError, ClusterRequest, Images, connect, hold_if_ours, name_images, up,
};
use podproof::plan::Budgets;
use podproof::run::Interrupt;

use crate::args::Reach;
use crate::cluster::{host, probe};
use crate::exit::Failure;

/// Whether others may use a cluster of ours at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// Nothing of the cluster is changed.
    Others,
    /// Its nodes are disturbed.
    Nobody,
}

/// A way into the cluster that was asked for. Our own is brought up where it is missing, and stays as it is while the
/// way is used.
pub async fn access(
    reach: &Reach,
    budgets: &Budgets,
    interrupt: &Interrupt,
    company: Company,
) -> Result<Access, Failure> {
    match (&reach.place.cluster, &reach.place.context) {
        (_, Some(context)) => existing(reach, context, budgets, interrupt, company).await,
        (Some(cluster), None) => own(reach, cluster, budgets, interrupt, company).await,
        (None, None) => Err(Failure::Usage("name a cluster: --cluster kind or --context NAME".to_owned())),
    }
}

async fn existing(
    reach: &Reach,
    context: &str,
    budgets: &Budgets,
    interrupt: &Interrupt,
    company: Company,
) -> Result<Access, Failure> {
    let host = host(&interrupt.stop)?;
    let images = replaced(name_images(&host, &probe(&host)?)?, reach);
    let kubeconfig = reach.kubeconfig.as_deref();
    // A cluster of our own is held by whatever name it is reached.
    let held = hold_if_ours(&host, kubeconfig, context, company == Company::Nobody).await?;
    Ok(connect(kubeconfig, context, images, budgets.connect()).await?.holding(held))
}

async fn own(
    reach: &Reach,
    cluster: &str,
    budgets: &Budgets,
    interrupt: &Interrupt,
    company: Company,
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
    let kind =
        up(&host, &ClusterRequest { name, alone: company == Company::Nobody, ..ClusterRequest::default() })
            .await?;
    let images = replaced(kind.load_images(&host, &probe).await?, reach);
    let access = connect(Some(&kind.kubeconfig), &kind.context, images, budgets.connect()).await?;
    Ok(kind.opened(&host, access))
}

/// The images, with what was named on the command line instead.
fn replaced(mut images: Images, reach: &Reach) -> Images {
    images.references.extend(reach.images.iter().cloned());
    images
}
