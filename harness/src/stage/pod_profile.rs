//! The fields that podproof adds to test pods: labels, resolved images, deadlines and an unprivileged user.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::cluster::Images;

/// The environment variable that carries the case's token.
pub(super) const TOKEN: &str = "PODPROOF_TOKEN";

/// The default `activeDeadlineSeconds`: the kubelet kills a hung test pod even if podproof no longer runs.
const DEADLINE_SECONDS: u32 = 600;

/// The set of fields that are added to a pod before it is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodProfile {
    /// The pod passes the Pod Security level `restricted`, runs as its own user and gets the token.
    Restricted,
    /// The pod stays as written, except for the fields that keep the cluster clean: images, labels, deadlines.
    AsTyped,
    /// As `Restricted`, but the manifest may ask for what Pod Security forbids: the namespace enforces nothing.
    Privileged,
}

/// The stage-specific values that a profile inserts into a pod.
#[derive(Clone, Debug)]
pub struct PodContext<'a> {
    /// The namespace of the pod.
    pub namespace: &'a str,
    /// The labels of every object.
    pub labels: &'a [(String, String)],
    /// The case's token.
    pub token: &'a str,
    /// The images that the cluster has.
    pub images: &'a Images,
    /// The node on which the pod must run; `None` leaves that to the scheduler.
    pub node: Option<&'a str>,
}

/// Returns the object as it is sent to the API server: a pod, or a controller whose pod template gets the same fields.
/// Values in the manifest are never overwritten, except host ports, which must be unique to the case.
#[must_use]
pub fn apply_profile(sent: &Value, pod_profile: PodProfile, context: &PodContext<'_>) -> Value {
    let mut sent = sent.clone();
    let name = sent.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    label(&mut sent, context);
    if let Some(metadata) = object(&mut sent, "metadata") {
        metadata.insert("namespace".to_owned(), json!(context.namespace));
    }
    match sent.get("kind").and_then(Value::as_str) {
        None | Some("Pod") => apply_to_pod(&mut sent, &name, pod_profile, context),
        Some(controller @ ("Job" | "StatefulSet")) => {
            // The pod of a StatefulSet must not end, so it gets no deadline.
            let ends = controller == "Job";
            if let Some(pod) = sent.pointer_mut("/spec/template") {
                label(pod, context);
                apply_to_pod(pod, &name, pod_profile, context);
                if let Some(spec) = object(pod, "spec").filter(|_| !ends) {
                    spec.remove("activeDeadlineSeconds");
                }
            }
        }
        Some(_) => {}
    }
    sent
}

fn label(sent: &mut Value, context: &PodContext<'_>) {
    let Some(sent) = sent.as_object_mut() else { return };
    let metadata = sent.entry("metadata").or_insert_with(|| json!({}));
    let labels =
        metadata.as_object_mut().map(|metadata| metadata.entry("labels").or_insert_with(|| json!({})));
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        labels.extend(context.labels.iter().map(|(key, value)| (key.clone(), json!(value))));
    }
}

fn apply_to_pod(pod: &mut Value, name: &str, pod_profile: PodProfile, context: &PodContext<'_>) {
    let Some(spec) = object(pod, "spec") else { return };
    default(spec, "automountServiceAccountToken", json!(false));
    default(spec, "enableServiceLinks", json!(false));
    default(spec, "terminationGracePeriodSeconds", json!(1));
    default(spec, "activeDeadlineSeconds", json!(DEADLINE_SECONDS));
    if let Some(node) = context.node {
        default(spec, "nodeName", json!(node));
    }
    if pod_profile != PodProfile::AsTyped {
        let security = spec.entry("securityContext").or_insert_with(|| json!({}));
        if let Some(security) = security.as_object_mut() {
            default(security, "runAsUser", json!(own_user(context.namespace, name)));
            default(security, "runAsNonRoot", json!(true));
            default(security, "seccompProfile", json!({ "type": "RuntimeDefault" }));
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                apply_to_container(container, pod_profile, context);
            }
        }
    }
}

fn apply_to_container(container: &mut Map<String, Value>, pod_profile: PodProfile, context: &PodContext<'_>) {
    if let Some(image) = container.get("image").and_then(Value::as_str) {
        let image = context.images.resolve(image).to_owned();
        container.insert("image".to_owned(), json!(image));
    }
    default(container, "imagePullPolicy", json!(context.images.pull.as_str()));
    if pod_profile == PodProfile::AsTyped {
        return;
    }
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(host_port) = port.get_mut("hostPort") {
            *host_port = json!(own_host_port(context.namespace));
        }
    }
    if let Some(variables) = container.entry("env").or_insert_with(|| json!([])).as_array_mut() {
        variables.push(json!({ "name": TOKEN, "value": context.token }));
    }
    let security = container.entry("securityContext").or_insert_with(|| json!({}));
    if let Some(security) = security.as_object_mut() {
        default(security, "allowPrivilegeEscalation", json!(false));
        default(security, "capabilities", json!({ "drop": ["ALL"] }));
    }
}

/// A user ID derived from a hash, so that test pods practically never share one.
///
/// The kernel counts POSIX message queues per user for the whole node (`RLIMIT_MSGQUEUE`), so pods with the same
/// user could exhaust each other's limit.
fn own_user(namespace: &str, pod: &str) -> u32 {
    const FIRST: u32 = 100_000;
    const COUNT: u32 = 2_000_000_000;
    FIRST + hash(&format!("{namespace}/{pod}")) % COUNT
}

/// A host port derived from a hash, so that cases practically never share one. It lies below the node port range and
/// below the ephemeral ports.
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
