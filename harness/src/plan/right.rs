//! What a user must be allowed to do for a case to be driven.

use std::fmt;

use serde_json::Value;

use super::manifest::Manifest;

/// A verb on a kind of object, in every namespace: those of cases are made only when they are needed. Or a verb on a path
/// of the API server that leads to no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The verb, `create`.
    pub verb: &'static str,
    /// The API group, empty for the core.
    pub group: &'static str,
    /// The resource, `pods`, or the path, `/metrics`.
    pub resource: &'static str,
    /// The part of the resource, `exec`; empty for the whole.
    pub subresource: &'static str,
}

/// What the harness does for every case: it makes a namespace, watches before it acts, runs commands, cleans up.
///
/// Who opens a command in a pod over WebSocket sends a GET: API servers ask for `get`, newer ones for `create` as well.
const OF_EVERY_CASE: [Right; 15] = [
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

/// What some cases need, by what their manifests hold.
const OF_SOME: [(Held, &[Right]); 6] = [
    (Held::Kind("ConfigMap"), &[Right::of("create", "", "configmaps"), Right::of("list", "", "configmaps")]),
    (
        Held::Kind("Service"),
        &[
            Right::of("create", "", "services"),
            Right::of("list", "", "services"),
            Right::of("watch", "", "services"),
            Right::of("list", "discovery.k8s.io", "endpointslices"),
            Right::of("watch", "discovery.k8s.io", "endpointslices"),
        ],
    ),
    (
        Held::Kind("StatefulSet"),
        &[
            Right::of("create", "apps", "statefulsets"),
            Right::of("deletecollection", "apps", "statefulsets"),
            Right::of("list", "apps", "statefulsets"),
            Right::of("watch", "apps", "statefulsets"),
        ],
    ),
    (
        Held::Kind("Job"),
        &[
            Right::of("create", "batch", "jobs"),
            Right::of("deletecollection", "batch", "jobs"),
            Right::of("list", "batch", "jobs"),
            Right::of("watch", "batch", "jobs"),
        ],
    ),
    (Held::Field("/spec/ephemeralContainers"), &[Right::part("patch", "pods", "ephemeralcontainers")]),
    (Held::OfContainer("resizePolicy"), &[Right::part("patch", "pods", "resize")]),
];

/// Without these no cluster can be asked at all.
const OF_EVERY_RUN: [Right; 2] = [Right::of("get", "", "/version"), Right::of("list", "", "nodes")];

/// What is no condition of any case: without these less is known of a cluster, and its namespaces go later.
const OPTIONAL: [Right; 9] = [
    Right::of("get", "", "configmaps"),
    Right::of("get", "", "namespaces"),
    Right::of("patch", "", "namespaces"),
    Right::of("watch", "", "nodes"),
    Right::part("get", "nodes", "proxy"),
    Right::of("list", "coordination.k8s.io", "leases"),
    Right::of("watch", "coordination.k8s.io", "leases"),
    Right::of("list", "node.k8s.io", "runtimeclasses"),
    Right::of("get", "", "/metrics"),
];

/// What an object of a manifest may hold.
#[derive(Clone, Copy)]
enum Held {
    Kind(&'static str),
    /// A field at this JSON pointer.
    Field(&'static str),
    /// A field of one of its containers.
    OfContainer(&'static str),
}

impl Right {
    /// To reach a port of a pod from where the harness runs; opened as commands are.
    pub const PORT_FORWARD: [Self; 2] =
        [Self::part("get", "pods", "portforward"), Self::part("create", "pods", "portforward")];

    /// To see whether a cluster DNS is there.
    pub const CLUSTER_DNS: [Self; 1] = [Self::of("get", "", "endpoints")];

    const fn of(verb: &'static str, group: &'static str, resource: &'static str) -> Self {
        Self { verb, group, resource, subresource: "" }
    }

    const fn part(verb: &'static str, resource: &'static str, subresource: &'static str) -> Self {
        Self { verb, group: "", resource, subresource }
    }

    /// All that is asked of an API server, whatever is run. Beside these only the user's own rights are asked for, which
    /// every user may.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_some = OF_SOME.into_iter().flat_map(|(_, rights)| rights.iter().copied());
        let of_needs = Self::PORT_FORWARD.into_iter().chain(Self::CLUSTER_DNS);
        OF_EVERY_CASE.into_iter().chain(of_some).chain(of_needs).chain(OF_EVERY_RUN).chain(OPTIONAL)
    }

    /// Whether it is one on a path instead of objects.
    #[must_use]
    pub fn is_on_path(&self) -> bool {
        self.resource.starts_with('/')
    }

    /// What a case with these objects needs: first what every case does.
    #[must_use]
    pub fn for_manifest(manifest: &Manifest) -> Vec<Self> {
        let objects = || manifest.names().iter().filter_map(|name| manifest.object(name));
        let of_some = OF_SOME.into_iter().filter(|(held, _)| objects().any(|object| held.is_in(object)));
        OF_EVERY_CASE.into_iter().chain(of_some.flat_map(|(_, rights)| rights.iter().copied())).collect()
    }
}

impl Held {
    fn is_in(self, object: &Value) -> bool {
        match self {
            Self::Kind(kind) => object.get("kind").and_then(Value::as_str) == Some(kind),
            Self::Field(pointer) => object.pointer(pointer).is_some(),
            Self::OfContainer(field) => {
                let containers = object.pointer("/spec/containers").and_then(Value::as_array);
                containers.into_iter().flatten().any(|container| container.get(field).is_some())
            }
        }
    }
}

/// As `kubectl auth can-i` takes it: `create pods/exec`.
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
    fn a_manifest_needs_what_its_kinds_need() {
        let pod = needed("kind: Pod\nmetadata: { name: a }\n");
        assert_eq!(pod.len(), OF_EVERY_CASE.len());
        assert!(["get pods/exec", "create pods/exec"].iter().all(|right| pod.iter().any(|own| own == right)));
        let service = needed("kind: Service\nmetadata: { name: a }\n");
        assert_eq!(
            service[OF_EVERY_CASE.len()..],
            [
                "create services",
                "list services",
                "watch services",
                "list endpointslices",
                "watch endpointslices"
            ]
        );
        let debugged = needed("kind: Pod\nmetadata: { name: a }\nspec: { ephemeralContainers: [] }\n");
        assert_eq!(debugged[OF_EVERY_CASE.len()..], ["patch pods/ephemeralcontainers"]);
        let resized = needed(
            "kind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: b, resizePolicy: [] }, { name: c }] }\n",
        );
        assert_eq!(resized[OF_EVERY_CASE.len()..], ["patch pods/resize"]);
    }

    #[test]
    fn every_right_is_asked_for_once() {
        let all: Vec<_> = Right::all().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
