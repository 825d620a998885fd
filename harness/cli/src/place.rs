//! Where to check: our own kind cluster, or a context that was named.

use std::collections::BTreeMap;

use podproof::cluster::{Access, Images, PullPolicy, connect};
use podproof::plan::Budgets;
use podproof::run::Interrupt;

use crate::args::Place;
use crate::exit::Failure;

/// A way into the cluster that was asked for.
pub async fn access(place: &Place, budgets: &Budgets, _interrupt: &Interrupt) -> Result<Access, Failure> {
    let Some(context) = &place.context else {
        return Err(Failure::Usage("name a cluster: --cluster kind or --context NAME".to_owned()));
    };
    let mut references = BTreeMap::new();
    for (name, reference) in [
        ("podproof/probe", "podproof.local/probe:dev"),
        ("allingeek/ch6_ipc", "podproof.local/probe:dev"),
        ("nginx", "podproof.local/nginx:12"),
        ("debian", "podproof.local/debian:12"),
    ] {
        references.insert(name.to_owned(), reference.to_owned());
    }
    let images = Images { references, pull: PullPolicy::IfNotPresent };
    Ok(connect(None, context, images, budgets.connect()).await?)
}
