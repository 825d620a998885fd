//! What every test pod wears: labels, images that are there, bounds, and an unprivileged identity of its own.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::cluster::Images;

/// The environment variable that carries the case's token.
pub(super) const TOKEN: &str = "PODPROOF_TOKEN";

/// A test pod that hangs is ended by the kubelet after this many seconds, whatever becomes of the harness.
const DEADLINE_SECONDS: u32 = 600;

/// How much a pod is changed before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attire {
    /// The pod passes Pod Security `restricted`, runs as a user of its own and gets the token.
    Restricted,
    /// The pod stays as its author typed it, but for what keeps the cluster clean: images, labels, bounds.
    AsTyped,
    /// As `Restricted`, but for what its manifest asks for and Pod Security forbids: the namespace lets everything in.
    Privileged,
}

/// For whom a pod is dressed.
#[derive(Clone, Debug)]
pub struct Wearer<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The labels that every object gets.
    pub labels: &'a [(String, String)],
    /// The case's token.
    pub token: &'a str,
    /// The images of the cluster.
    pub images: &'a Images,
    /// The node it must run on, where that matters.
    pub node: Option<&'a str>,
}

/// The object as it is sent: a pod, or another with the pod that it is to make. What the manifest says itself is
/// never overwritten, but for host ports, which must be the case's own.
#[must_use]
pub fn dress(sent: &Value, attire: Attire, wearer: &Wearer<'_>) -> Value {
    let mut sent = sent.clone();
    let name = sent.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    label(&mut sent, wearer);
    if let Some(metadata) = object(&mut sent, "metadata") {
        metadata.insert("namespace".to_owned(), json!(wearer.namespace));
    }
    match sent.get("kind").and_then(Value::as_str) {
        None | Some("Pod") => dress_pod(&mut sent, &name, attire, wearer),
        Some(controller @ ("Job" | "StatefulSet")) => {
            // A pod that must always be there may have no deadline.
            let ends = controller == "Job";
            if let Some(pod) = sent.pointer_mut("/spec/template") {
                label(pod, wearer);
                dress_pod(pod, &name, attire, wearer);
                if let Some(spec) = object(pod, "spec").filter(|_| !ends) {
                    spec.remove("activeDeadlineSeconds");
                }
            }
        }
        Some(_) => {}
    }
    sent
}

fn label(sent: &mut Value, wearer: &Wearer<'_>) {
    let Some(sent) = sent.as_object_mut() else { return };
    let metadata = sent.entry("metadata").or_insert_with(|| json!({}));
    let labels =
        metadata.as_object_mut().map(|metadata| metadata.entry("labels").or_insert_with(|| json!({})));
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        labels.extend(wearer.labels.iter().map(|(key, value)| (key.clone(), json!(value))));
    }
}

fn dress_pod(pod: &mut Value, name: &str, attire: Attire, wearer: &Wearer<'_>) {
    let Some(spec) = object(pod, "spec") else { return };
    default(spec, "automountServiceAccountToken", json!(false));
    default(spec, "enableServiceLinks", json!(false));
    default(spec, "terminationGracePeriodSeconds", json!(1));
    default(spec, "activeDeadlineSeconds", json!(DEADLINE_SECONDS));
    if let Some(node) = wearer.node {
        default(spec, "nodeName", json!(node));
    }
    if attire != Attire::AsTyped {
        let context = spec.entry("securityContext").or_insert_with(|| json!({}));
        if let Some(context) = context.as_object_mut() {
            default(context, "runAsUser", json!(own_user(wearer.namespace, name)));
            default(context, "runAsNonRoot", json!(true));
            default(context, "seccompProfile", json!({ "type": "RuntimeDefault" }));
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                dress_container(container, attire, wearer);
            }
        }
    }
}

fn dress_container(container: &mut Map<String, Value>, attire: Attire, wearer: &Wearer<'_>) {
    if let Some(image) = container.get("image").and_then(Value::as_str) {
        let image = wearer.images.resolve(image).to_owned();
        container.insert("image".to_owned(), json!(image));
    }
    default(container, "imagePullPolicy", json!(wearer.images.pull.as_str()));
    if attire == Attire::AsTyped {
        return;
    }
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(host_port) = port.get_mut("hostPort") {
            *host_port = json!(own_host_port(wearer.namespace));
        }
    }
    if let Some(variables) = container.entry("env").or_insert_with(|| json!([])).as_array_mut() {
        variables.push(json!({ "name": TOKEN, "value": wearer.token }));
    }
    let context = container.entry("securityContext").or_insert_with(|| json!({}));
    if let Some(context) = context.as_object_mut() {
        default(context, "allowPrivilegeEscalation", json!(false));
        default(context, "capabilities", json!({ "drop": ["ALL"] }));
    }
}

/// A user id that no other test pod has, as far as a hash can tell.
///
/// The kernel counts POSIX message queues per user over the whole node (`RLIMIT_MSGQUEUE`), so pods that share
/// a user can starve each other.
fn own_user(namespace: &str, pod: &str) -> u32 {
    const FIRST: u32 = 100_000;
    const COUNT: u32 = 2_000_000_000;
    FIRST + hash(&format!("{namespace}/{pod}")) % COUNT
}

/// A port of the node that no other case uses, as far as a hash can tell: below those of services, and below
/// those that clients get.
fn own_host_port(namespace: &str) -> u32 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 10_000;
    FIRST + hash(namespace) % COUNT
}

fn hash(text: &str) -> u32 {
    let digest = Sha256::digest(text);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn object<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Map<String, Value>> {
    value.get_mut(key).and_then(Value::as_object_mut)
}

fn default(map: &mut Map<String, Value>, key: &str, value: Value) {
    map.entry(key).or_insert(value);
}
