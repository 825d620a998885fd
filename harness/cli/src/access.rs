//! Opens access to the cluster that the command line selects.

use podproof::cluster::Access;
use podproof::provider::{ClusterSharing, OpenOptions, Provider};
use podproof::run::Interrupt;
use podproof_core::plan::Budgets;

use crate::args::ClusterArgs;
use crate::cluster::{host, probe};
use crate::exit::Failure;
use crate::signal;

/// Opens access to the selected cluster; a signal ends this with its own exit code. podproof's own cluster is brought
/// up if necessary and stays locked while the access exists.
pub async fn open_access(
    cluster_args: &ClusterArgs,
    budgets: &Budgets,
    interrupt: &Interrupt,
    sharing: ClusterSharing,
) -> Result<Access, Failure> {
    let ClusterArgs { choice, kubeconfig, images } = cluster_args;
    let provider =
        Provider::choose(choice.cluster.as_deref(), choice.context.as_deref(), kubeconfig.as_deref())?;
    // Connecting can be dropped at any time. Bringing up a cluster must stop cleanly, so only the second signal drops
    // it.
    let drop_on = if provider.only_connects() { &interrupt.stop } else { &interrupt.immediately };
    let access = async {
        let host = host(&interrupt.stop)?;
        let probe = probe(&host)?;
        let options = OpenOptions { probe, images: images.clone(), sharing, patience: budgets.connect() };
        Ok(provider.open(&host, &options).await?)
    };
    signal::or_interrupted(drop_on, access).await
}
