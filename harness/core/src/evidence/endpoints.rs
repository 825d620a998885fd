//! Endpoints in the observed endpoint slices.

use jiff::Timestamp;
use serde_json::Value;

use super::kind::Kind;
use super::observations::Observations;
use super::record::Evidence;
use super::seen::{SeenObject, WatchChange};

/// A pod behind a service, as an endpoint slice reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// When podproof received the slice, by podproof's clock.
    pub at: Timestamp,
    /// The pod's UID.
    pub pod: String,
    /// Whether it should get new connections. A slice without the condition means true.
    pub ready: bool,
    /// Whether it can answer, also while it terminates; `None` on clusters without the condition.
    pub serving: Option<bool>,
    /// Whether it is terminating; `None` on clusters without the condition.
    pub terminating: Option<bool>,
}

impl Observations {
    /// The pods currently behind the service.
    #[must_use]
    pub fn endpoints(&self, service: &str) -> Vec<Endpoint> {
        last_endpoints(&self.objects, service)
    }
}

impl Evidence {
    /// The pods behind the service at the end.
    #[must_use]
    pub fn endpoints(&self, service: &str) -> Vec<Endpoint> {
        last_endpoints(&self.objects, service)
    }

    /// Every reported state of the pod with this UID behind the service, in order.
    pub fn endpoint_states(&self, service: &str, pod: &str) -> impl Iterator<Item = Endpoint> {
        slices(&self.objects, service).flat_map(endpoints_of).filter(move |endpoint| endpoint.pod == pod)
    }
}

fn last_endpoints(objects: &[SeenObject], service: &str) -> Vec<Endpoint> {
    let mut last: Vec<&SeenObject> = Vec::new();
    for slice in slices(objects, service) {
        last.retain(|earlier| earlier.uid != slice.uid);
        last.push(slice);
    }
    last.into_iter().filter(|slice| slice.change == WatchChange::Applied).flat_map(endpoints_of).collect()
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
        let has_condition =
            |condition: &str| endpoint.pointer(&format!("/conditions/{condition}"))?.as_bool();
        Some(Endpoint {
            at: slice.at,
            pod: endpoint.pointer("/targetRef/uid")?.as_str()?.to_owned(),
            ready: has_condition("ready").unwrap_or(true),
            serving: has_condition("serving"),
            terminating: has_condition("terminating"),
        })
    })
}
