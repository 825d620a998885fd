//! The kinds of objects other than pods that cases use.

use serde::{Deserialize, Serialize};

/// A kind of object other than a pod, in a manifest or created because of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// Configuration files for pods.
    ConfigMap,
    /// A stable name and address for a set of pods.
    Service,
    /// A controller that keeps pods with fixed names.
    StatefulSet,
    /// A controller that runs pods to completion.
    Job,
    /// A list of the pods behind a service.
    EndpointSlice,
    /// A machine of the cluster.
    Node,
}

impl Kind {
    /// The kind of a manifest's object; `None` if it is a pod or an unsupported kind.
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

    /// The name of the kind, as in the field `kind`.
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

    /// Returns whether objects of this kind create pods.
    #[must_use]
    pub fn makes_pods(self) -> bool {
        matches!(self, Self::StatefulSet | Self::Job)
    }

    /// The kinds to watch if the manifest contains an object of this kind.
    #[must_use]
    pub fn watched(self) -> &'static [Self] {
        match self {
            Self::Service => &[Self::Service, Self::EndpointSlice],
            Self::StatefulSet => &[Self::StatefulSet],
            Self::Job => &[Self::Job],
            Self::ConfigMap | Self::EndpointSlice | Self::Node => &[],
        }
    }
}
