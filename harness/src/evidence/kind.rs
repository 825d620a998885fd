//! The kinds of objects, beside pods, that cases use.

use kube::core::{ApiResource, GroupVersionKind};
use serde::{Deserialize, Serialize};

/// A kind of object that a manifest may hold beside pods, or that is seen because of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Files for pods.
    ConfigMap,
    /// One name and address for many pods.
    Service,
    /// A controller that keeps pods of fixed names.
    StatefulSet,
    /// A controller that runs a pod to its end.
    Job,
    /// Which pods are behind a service.
    EndpointSlice,
    /// A machine of the cluster.
    Node,
}

impl Kind {
    /// The kind of an object of a manifest, where it can be applied and is no pod.
    #[must_use]
    pub fn of(object: &serde_json::Value) -> Option<Self> {
        match object.get("kind")?.as_str()? {
            "ConfigMap" => Some(Self::ConfigMap),
            "Service" => Some(Self::Service),
            "StatefulSet" => Some(Self::StatefulSet),
            "Job" => Some(Self::Job),
            _ => None,
        }
    }

    /// The kind's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Service => "Service",
            Self::StatefulSet => "StatefulSet",
            Self::Job => "Job",
            Self::EndpointSlice => "EndpointSlice",
            Self::Node => "Node",
        }
    }

    /// Whether it makes pods.
    #[must_use]
    pub fn makes_pods(self) -> bool {
        matches!(self, Self::StatefulSet | Self::Job)
    }

    /// What is to be watched where such an object is applied.
    pub(super) fn watched(self) -> &'static [Self] {
        match self {
            Self::Service => &[Self::Service, Self::EndpointSlice],
            Self::StatefulSet => &[Self::StatefulSet],
            Self::Job => &[Self::Job],
            Self::ConfigMap | Self::EndpointSlice | Self::Node => &[],
        }
    }

    /// How the API server calls such objects, in the newest version that it may have them in.
    #[must_use]
    pub fn resource(self) -> ApiResource {
        self.resource_in(self.versions()[0])
    }

    /// The same for each version, the newest first.
    pub(super) fn resources(self) -> impl Iterator<Item = ApiResource> {
        self.versions().iter().map(move |version| self.resource_in(version))
    }

    fn resource_in(self, version: &str) -> ApiResource {
        let group = match self {
            Self::ConfigMap | Self::Service | Self::Node => "",
            Self::StatefulSet => "apps",
            Self::Job => "batch",
            Self::EndpointSlice => "discovery.k8s.io",
        };
        ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, self.as_str()))
    }

    fn versions(self) -> &'static [&'static str] {
        match self {
            // The first since Kubernetes 1.21, the second until 1.24.
            Self::EndpointSlice => &["v1", "v1beta1"],
            _ => &["v1"],
        }
    }
}
