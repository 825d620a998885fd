//! What endpoint slices say of the pods behind a service.

use jiff::Timestamp;
use serde_json::Value;

use super::kind::Kind;
use super::record::Evidence;
use super::seen::{Change, Observed, SeenObject};

/// A pod behind a service, as an endpoint slice shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// When the harness received the slice, by the harness's clock.
    pub at: Timestamp,
    /// The pod's UID.
    pub pod: String,
    /// Whether it is to get new connections. A slice that does not say so means that it is.
    pub ready: bool,
    /// Whether it would answer, also while it is being ended; older clusters do not say.
    pub serving: Option<bool>,
    /// Whether it is being ended; older clusters do not say.
    pub terminating: Option<bool>,
}

impl Observed {
    /// The pods that are behind the service called `service` now.
    #[must_use]
    pub fn endpoints(&self, service: &str) -> Vec<Endpoint> {
        last_endpoints(&self.objects, service)
    }
}

impl Evidence {
    /// The pods that were behind the service called `service` at last.
    #[must_use]
    pub fn endpoints(&self, service: &str) -> Vec<Endpoint> {
        last_endpoints(&self.objects, service)
    }

    /// All that slices of the service called `service` ever said of the pod with this UID, in order.
    pub fn endpoint_states(&self, service: &str, pod: &str) -> impl Iterator<Item = Endpoint> {
        slices(&self.objects, service).flat_map(endpoints_of).filter(move |endpoint| endpoint.pod == pod)
    }
}

fn last_endpoints(objects: &[SeenObject], service: &str) -> Vec<Endpoint> {
    let mut told: Vec<&SeenObject> = Vec::new();
    for slice in slices(objects, service) {
        told.retain(|earlier| earlier.uid != slice.uid);
        told.push(slice);
    }
    told.into_iter().filter(|slice| slice.change == Change::Applied).flat_map(endpoints_of).collect()
}

fn slices<'o>(objects: &'o [SeenObject], service: &str) -> impl Iterator<Item = &'o SeenObject> {
    let of_service = |slice: &&SeenObject| {
        slice.kind == Kind::EndpointSlice
            && slice.text("/metadata/labels/kubernetes.io~1service-name") == Some(service)
    };
    objects.iter().filter(of_service)
}

fn endpoints_of(slice: &SeenObject) -> impl Iterator<Item = Endpoint> {
    let endpoints = slice.object.get("endpoints").and_then(Value::as_array);
    endpoints.into_iter().flatten().filter_map(|endpoint| {
        let told = |condition: &str| endpoint.pointer(&format!("/conditions/{condition}"))?.as_bool();
        Some(Endpoint {
            at: slice.at,
            pod: endpoint.pointer("/targetRef/uid")?.as_str()?.to_owned(),
            ready: told("ready").unwrap_or(true),
            serving: told("serving"),
            terminating: told("terminating"),
        })
    })
}
