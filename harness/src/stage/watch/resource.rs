//! How the API server names the kinds of objects that cases use.

use kube::core::{ApiResource, GroupVersionKind};
use podproof_core::evidence::Kind;

/// The resource of `kind`, in the newest version in which an API server may have it.
#[must_use]
pub fn resource(kind: Kind) -> ApiResource {
    resource_in(kind, versions(kind)[0])
}

/// The resource of `kind` in each version, the newest first.
pub(super) fn resources(kind: Kind) -> impl Iterator<Item = ApiResource> {
    versions(kind).iter().map(move |version| resource_in(kind, version))
}

fn resource_in(kind: Kind, version: &str) -> ApiResource {
    let group = match kind {
        Kind::ConfigMap | Kind::Service | Kind::Node => "",
        Kind::StatefulSet => "apps",
        Kind::Job => "batch",
        Kind::EndpointSlice => "discovery.k8s.io",
    };
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind.as_str()))
}

fn versions(kind: Kind) -> &'static [&'static str] {
    match kind {
        // The first since Kubernetes 1.21, the second until 1.24.
        Kind::EndpointSlice => &["v1", "v1beta1"],
        _ => &["v1"],
    }
}
