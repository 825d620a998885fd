//! The RBAC permissions that podproof uses. This table is the only list of them: by it podproof asks for the user's own
//! permissions and skips cases, and the tests derive from it the handbook's `ClusterRole` and that of their users.

use std::fmt;

use serde_json::Value;

use super::manifest::Manifest;

/// A verb on a resource in every namespace, because the namespaces of cases do not exist beforehand. Or a verb on a
/// non-resource path of the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The verb, `create`.
    pub verb: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The resource, `pods`, or the non-resource path, `/metrics`.
    pub resource: &'static str,
    /// The subresource, `exec`; empty for the resource itself.
    pub subresource: &'static str,
}

/// Needed by every case: podproof creates a namespace, watches before it acts, runs commands and cleans up.
///
/// Opening a command over WebSocket is a GET request: API servers require `get`, newer ones also `create`.
const EVERY_CASE: [Right; 15] = [
    Right::of("create", "", "namespaces"),
    Right::of("delete", "", "namespaces"),
    Right::of("list", "", "namespaces"),
    Right::of("watch", "", "namespaces"),
    Right::of("create", "", "serviceaccounts"),
    Right::of("create", "", "pods"),
    Right::of("delete", "", "pods"),
    Right::of("deletecollection", "", "pods"),
    Right::of("list", "", "pods"),
    Right::of("watch", "", "pods"),
    Right::part("get", "pods", "log"),
    Right::part("get", "pods", "exec"),
    Right::part("create", "pods", "exec"),
    Right::of("list", "", "events"),
    Right::of("watch", "", "events"),
];

/// Needed by some cases, depending on the contents of their manifests.
const SOME_CASES: [(Property, &[Right]); 6] = [
    (
        Property::Kind("ConfigMap"),
        &[Right::of("create", "", "configmaps"), Right::of("list", "", "configmaps")],
    ),
    (
        Property::Kind("Service"),
        &[
            Right::of("create", "", "services"),
            Right::of("list", "", "services"),
            Right::of("watch", "", "services"),
            Right::of("list", "discovery.k8s.io", "endpointslices"),
            Right::of("watch", "discovery.k8s.io", "endpointslices"),
        ],
    ),
    (
        Property::Kind("StatefulSet"),
        &[
            Right::of("create", "apps", "statefulsets"),
            Right::of("deletecollection", "apps", "statefulsets"),
            Right::of("list", "apps", "statefulsets"),
            Right::of("watch", "apps", "statefulsets"),
        ],
    ),
    (
        Property::Kind("Job"),
        &[
            Right::of("create", "batch", "jobs"),
            Right::of("deletecollection", "batch", "jobs"),
            Right::of("list", "batch", "jobs"),
            Right::of("watch", "batch", "jobs"),
        ],
    ),
    (Property::Field("/spec/ephemeralContainers"), &[Right::part("patch", "pods", "ephemeralcontainers")]),
    (Property::ContainerField("resizePolicy"), &[Right::part("patch", "pods", "resize")]),
];

/// Needed by every run: without these, podproof cannot query the cluster at all.
const EVERY_RUN: [Right; 2] = [Right::of("get", "", "/version"), Right::of("list", "", "nodes")];

/// A property of an object in a manifest.
#[derive(Clone, Copy)]
enum Property {
    Kind(&'static str),
    /// Has a field at this JSON pointer.
    Field(&'static str),
    /// Has a container with this field.
    ContainerField(&'static str),
}

impl Right {
    /// Needed to forward a port of a pod to podproof. A WebSocket request, like commands.
    pub const PORT_FORWARD: [Self; 2] =
        [Self::part("get", "pods", "portforward"), Self::part("create", "pods", "portforward")];

    /// Needed to detect the cluster DNS.
    pub const CLUSTER_DNS: [Self; 1] = [Self::of("get", "", "endpoints")];

    /// Not needed by any case. Without these, less is known about a cluster.
    pub const OPTIONAL: [Self; 8] = [
        Self::of("get", "", "configmaps"),
        Self::of("get", "", "namespaces"),
        Self::of("watch", "", "nodes"),
        Self::part("get", "nodes", "proxy"),
        Self::of("list", "coordination.k8s.io", "leases"),
        Self::of("watch", "coordination.k8s.io", "leases"),
        Self::of("list", "node.k8s.io", "runtimeclasses"),
        Self::of("get", "", "/metrics"),
    ];

    const fn of(verb: &'static str, group: &'static str, resource: &'static str) -> Self {
        Self { verb, group, resource, subresource: "" }
    }

    const fn part(verb: &'static str, resource: &'static str, subresource: &'static str) -> Self {
        Self { verb, group: "", resource, subresource }
    }

    /// Every permission that podproof uses, except the query of the user's own permissions, which every user has.
    pub fn all() -> impl Iterator<Item = Self> {
        let some_cases = SOME_CASES.into_iter().flat_map(|(_, rights)| rights.iter().copied());
        let needs = Self::PORT_FORWARD.into_iter().chain(Self::CLUSTER_DNS);
        EVERY_CASE.into_iter().chain(some_cases).chain(needs).chain(EVERY_RUN).chain(Self::OPTIONAL)
    }

    /// Returns whether it concerns a non-resource path.
    #[must_use]
    pub fn is_on_path(&self) -> bool {
        self.resource.starts_with('/')
    }

    /// The permissions that a case with these objects needs. Those of every case come first.
    #[must_use]
    pub fn for_manifest(manifest: &Manifest) -> Vec<Self> {
        let objects = || manifest.names().iter().filter_map(|name| manifest.object(name));
        let some_cases =
            SOME_CASES.into_iter().filter(|(property, _)| objects().any(|object| property.is_in(object)));
        EVERY_CASE.into_iter().chain(some_cases.flat_map(|(_, rights)| rights.iter().copied())).collect()
    }
}

impl Property {
    fn is_in(self, object: &Value) -> bool {
        match self {
            Self::Kind(kind) => object.get("kind").and_then(Value::as_str) == Some(kind),
            Self::Field(pointer) => object.pointer(pointer).is_some(),
            Self::ContainerField(field) => {
                let containers = object.pointer("/spec/containers").and_then(Value::as_array);
                containers.into_iter().flatten().any(|container| container.get(field).is_some())
            }
        }
    }
}

/// The format of `kubectl auth can-i`: `create pods/exec`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, resource, subresource, .. } = self;
        let slash = if subresource.is_empty() { "" } else { "/" };
        f.pad(&format!("{verb} {resource}{slash}{subresource}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn needed(text: &str) -> Vec<String> {
        let manifest = Manifest::parse("x.yaml", text).expect("a manifest");
        Right::for_manifest(&manifest).iter().map(Right::to_string).collect()
    }

    #[test]
    fn a_manifest_needs_the_permissions_for_its_objects() {
        let pod = needed("kind: Pod\nmetadata: { name: a }\n");
        assert_eq!(pod.len(), EVERY_CASE.len());
        assert!(["get pods/exec", "create pods/exec"].iter().all(|right| pod.iter().any(|own| own == right)));
        let service = needed("kind: Service\nmetadata: { name: a }\n");
        assert_eq!(
            service[EVERY_CASE.len()..],
            [
                "create services",
                "list services",
                "watch services",
                "list endpointslices",
                "watch endpointslices"
            ]
        );
        let debugged = needed("kind: Pod\nmetadata: { name: a }\nspec: { ephemeralContainers: [] }\n");
        assert_eq!(debugged[EVERY_CASE.len()..], ["patch pods/ephemeralcontainers"]);
        let resized = needed(
            "kind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: b, resizePolicy: [] }, { name: c }] }\n",
        );
        assert_eq!(resized[EVERY_CASE.len()..], ["patch pods/resize"]);
    }

    #[test]
    fn every_permission_is_listed_once() {
        let all: Vec<_> = Right::all().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
