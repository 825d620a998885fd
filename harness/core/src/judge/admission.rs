//! Detects if the pods that ran differ from the pods that were sent, because admission may change their behavior.

use k8s_openapi::api::core::v1::{Pod, PodSpec};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::evidence::{Applied, Evidence, SeenPod};

/// The fields of a pod's spec that affect its containers, besides the containers and volumes themselves.
const POD_FIELDS: [&str; 10] = [
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "activeDeadlineSeconds",
    "shareProcessNamespace",
    "hostIPC",
    "hostPID",
    "hostNetwork",
    "hostUsers",
    "runtimeClassName",
    "hostname",
];

/// The fields of a container that affect it.
const CONTAINER_FIELDS: [&str; 11] = [
    "command",
    "args",
    "workingDir",
    "envFrom",
    "ports",
    "volumeMounts",
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "restartPolicy",
];

/// The defaults that the API server sets if the field was not sent.
const DEFAULTS: [(&str, &str); 3] =
    [("restartPolicy", "\"Always\""), ("terminationGracePeriodSeconds", "30"), ("procMount", "\"Default\"")];

/// Labels of the node's security modules, which do not affect permissions between containers.
const NODE_LABELS: [&str; 3] = ["seLinuxOptions", "appArmorProfile", "seccompProfile"];

/// Describes the first change of a pod by someone other than the drive, such as `spec.securityContext.fsGroup` by a
/// policy or a container added by a service mesh. Defaults of the API server do not count.
#[must_use]
pub fn changed_by_admission(seen: &Evidence) -> Option<String> {
    let mut known: Vec<&str> = Vec::new();
    for state in &seen.timeline {
        if known.contains(&state.uid()) {
            continue;
        }
        known.push(state.uid());
        let changed = sent(seen, state).and_then(|sent| difference(sent, &state.pod));
        if let Some(what) = changed {
            return Some(format!("admission changed {what} of pod {}", state.name()));
        }
    }
    None
}

/// The spec that was sent for this pod, directly or as the template of its controller.
fn sent<'e>(seen: &'e Evidence, state: &SeenPod) -> Option<&'e Value> {
    let is_pod = |applied: &&Applied| applied.uid == state.uid() && applied.object["kind"] == "Pod";
    if let Some(pod) = seen.applied.iter().find(is_pod) {
        return pod.object.get("spec");
    }
    let controller = seen.applied.iter().find(|applied| state.controller_uid() == Some(&applied.uid))?;
    controller.object.pointer("/spec/template/spec")
}

/// The path of the first difference between the sent spec and the stored pod.
fn difference(sent: &Value, pod: &Pod) -> Option<String> {
    let mut kept = serde_json::to_value(pod.spec.as_ref()?).ok()?;
    // Drop fields that are newer than the types: the stored pod does not have them either.
    let typed = PodSpec::deserialize(sent).and_then(serde_json::to_value);
    let sent = typed.as_ref().unwrap_or(sent);
    let name = pod.metadata.name.as_deref();
    if sent.get("hostname").is_none() && kept["hostname"].as_str() == name {
        // The StatefulSet controller sets the hostname of a pod to its name.
        kept["hostname"] = Value::Null;
    }
    compare(sent, &kept).err()
}

/// Compares two specs. Fails with the path of the first difference.
fn compare(sent: &Value, kept: &Value) -> Result<(), String> {
    for field in POD_FIELDS {
        compare_field("spec", field, sent, kept)?;
    }
    compare_context("spec", sent, kept)?;
    for (path, one, other) in pairs("spec.volumes", sent.get("volumes"), kept.get("volumes"))? {
        contains_sent(&path, one, other)?;
        compare_field(&format!("{path}.emptyDir"), "medium", &one["emptyDir"], &other["emptyDir"])?;
        compare_field(&format!("{path}.emptyDir"), "sizeLimit", &one["emptyDir"], &other["emptyDir"])?;
    }
    for list in ["initContainers", "containers"] {
        for (path, one, other) in pairs(&format!("spec.{list}"), sent.get(list), kept.get(list))? {
            for field in CONTAINER_FIELDS {
                compare_field(&path, field, one, other)?;
            }
            compare_image(&path, one, other)?;
            compare_environment(&path, one, other)?;
            compare_context(&path, one, other)?;
            // Limits that were sent must be kept. Added limits restrict resources but do not change the behavior.
            if let Some(limits) = one.pointer("/resources/limits") {
                contains_sent(&format!("{path}.resources.limits"), limits, &other["resources"]["limits"])?;
            }
        }
    }
    Ok(())
}

/// Pairs the entries of two lists by name. Fails if the lists have different names.
fn pairs<'v>(
    path: &str,
    sent: Option<&'v Value>,
    kept: Option<&'v Value>,
) -> Result<Vec<(String, &'v Value, &'v Value)>, String> {
    let list =
        |value: Option<&'v Value>| value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |value: &'v Value| value["name"].as_str().unwrap_or_default();
    let (sent, kept) = (list(sent), list(kept));
    if let Some(new) = kept.iter().map(name).find(|name| !sent.iter().any(|one| one["name"] == *name)) {
        return Err(format!("{path} (it added {new})"));
    }
    let pair = |one: &'v Value| {
        let other = kept.iter().find(|other| other["name"] == one["name"]);
        let other = other.ok_or_else(|| format!("{path} (it removed {})", name(one)))?;
        Ok((format!("{path}[{}]", name(one)), one, other))
    };
    sent.iter().map(pair).collect()
}

/// Compares two security contexts. Fails if a field is missing, added or different.
fn compare_context(path: &str, sent: &Value, kept: &Value) -> Result<(), String> {
    let none = Value::Object(Map::new());
    let of = |value: &Value| value.get("securityContext").filter(|context| context.is_object()).cloned();
    let (sent, kept) = (of(sent).unwrap_or_else(|| none.clone()), of(kept).unwrap_or(none));
    let path = format!("{path}.securityContext");
    let fields = [&sent, &kept].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
    for field in fields.filter(|field| !NODE_LABELS.contains(&field.as_str())) {
        if field != "capabilities" || !only_drops_more(&sent[field], &kept[field]) {
            compare_field(&path, field, &sent, &kept)?;
        }
    }
    Ok(())
}

/// Returns whether the sent capabilities drop `ALL`, and the stored ones only drop more by name, which has no effect.
fn only_drops_more(sent: &Value, kept: &Value) -> bool {
    let drops =
        |value: &Value, what: &Value| value["drop"].as_array().is_some_and(|dropped| dropped.contains(what));
    let sent_drops = sent["drop"].as_array().map(Vec::as_slice).unwrap_or_default();
    let all = Value::from("ALL");
    drops(sent, &all) && sent_drops.iter().all(|one| drops(kept, one)) && kept["add"] == sent["add"]
}

/// Compares two environments. The sent variables must be present in order. An added variable matters only if the
/// dynamic loader or the probe reads it.
fn compare_environment(path: &str, sent: &Value, kept: &Value) -> Result<(), String> {
    let list = |value: &Value| value["env"].as_array().cloned().unwrap_or_default();
    let (sent, kept) = (list(sent), list(kept));
    let name = |one: &Value| one["name"].as_str().unwrap_or_default().to_owned();
    let is_new = |one: &Value| !sent.iter().any(|other| name(other) == name(one));
    let (new, same): (Vec<_>, Vec<_>) = kept.into_iter().partition(is_new);
    let matters = |one: &&Value| ["LD_", "PODPROOF_"].iter().any(|start| name(one).starts_with(start));
    if let Some(new) = new.iter().find(matters) {
        return Err(format!("{path}.env (it added {})", name(new)));
    }
    contains_sent(&format!("{path}.env"), &Value::from(sent), &Value::from(same))
}

/// Compares two images. Only the name must agree, because another registry may serve the same image; its content shows
/// in the output of the program.
fn compare_image(path: &str, sent: &Value, kept: &Value) -> Result<(), String> {
    let name_of = |value: &Value| {
        let whole = value["image"].as_str().unwrap_or_default();
        let name = whole.rsplit('/').next().unwrap_or_default();
        name.split(['@', ':']).next().unwrap_or_default().to_owned()
    };
    if name_of(sent) == name_of(kept) { Ok(()) } else { Err(format!("{path}.image")) }
}

/// Compares a field: a sent value must be kept, and a missing one must not be added, except with its default.
fn compare_field(path: &str, field: &str, sent: &Value, kept: &Value) -> Result<(), String> {
    let path = format!("{path}.{field}");
    let kept = kept.get(field).filter(|value| !is_absent(value));
    match (sent.get(field).filter(|value| !is_absent(value)), kept) {
        (None, None) => Ok(()),
        (None, Some(kept)) if DEFAULTS.contains(&(field, kept.to_string().as_str())) => Ok(()),
        (None, Some(_)) | (Some(_), None) => Err(path),
        (Some(sent), Some(kept)) => contains_sent(&path, sent, kept),
    }
}

/// Checks that everything that was sent is present. Additional fields are defaults of the API server.
fn contains_sent(path: &str, sent: &Value, kept: &Value) -> Result<(), String> {
    match (sent, kept) {
        (Value::Object(sent), _) => {
            sent.iter().filter(|(_, value)| !is_absent(value)).try_for_each(|(field, value)| {
                contains_sent(&format!("{path}.{field}"), value, &kept[field.as_str()])
            })
        }
        (Value::Array(sent), Value::Array(kept)) if sent.len() == kept.len() => sent
            .iter()
            .zip(kept)
            .enumerate()
            .try_for_each(|(at, (one, other))| contains_sent(&format!("{path}[{at}]"), one, other)),
        _ if text(sent) == text(kept) => Ok(()),
        _ => Err(path.to_owned()),
    }
}

/// The text of a value. The API treats a number and a string with the same text alike.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns whether a value is equivalent to an absent one.
fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn spec() -> Value {
        json!({
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": false,
            "securityContext": { "runAsUser": 100_001, "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
            "volumes": [{ "name": "data", "emptyDir": {} }],
            "containers": [{
                "name": "main",
                "image": "probe",
                "args": ["hold"],
                "ports": [{ "containerPort": 80 }],
                "env": [{ "name": "PODPROOF_TOKEN", "value": "abc" }],
                "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
                "readinessProbe": { "httpGet": { "port": "8080", "path": "/" } },
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        })
    }

    /// The spec with the defaults that an API server sets.
    fn defaulted() -> Value {
        let mut kept = spec();
        kept["dnsPolicy"] = json!("ClusterFirst");
        kept["nodeName"] = json!("one");
        kept["tolerations"] = json!([{ "operator": "Exists" }]);
        kept["preemptionPolicy"] = json!("PreemptLowerPriority");
        let main = &mut kept["containers"][0];
        main["ports"][0]["protocol"] = json!("TCP");
        main["readinessProbe"]["httpGet"]["port"] = json!(8080);
        main["readinessProbe"]["httpGet"]["scheme"] = json!("HTTP");
        main["readinessProbe"]["periodSeconds"] = json!(10);
        main["imagePullPolicy"] = json!("Always");
        main["resources"] = json!({});
        main["terminationMessagePath"] = json!("/dev/termination-log");
        kept
    }

    fn difference_of(kept: &Value) -> Option<String> {
        let pod: Pod =
            serde_json::from_value(json!({ "metadata": { "name": "web-0" }, "spec": *kept })).unwrap();
        difference(&spec(), &pod)
    }

    #[test]
    fn defaults_of_the_api_server_are_not_a_change() {
        assert_eq!(difference_of(&defaulted()), None);
    }

    #[rstest]
    #[case::of_a_stateful_set("web-0", None)]
    #[case::another("stranger", Some("spec.hostname"))]
    fn the_hostname_may_be_set_to_the_pods_name(#[case] hostname: &str, #[case] expected: Option<&str>) {
        let mut kept = defaulted();
        kept["hostname"] = json!(hostname);
        assert_eq!(difference_of(&kept).as_deref(), expected);
    }

    #[rstest]
    #[case("/securityContext/fsGroup", json!(2000), "spec.securityContext.fsGroup")]
    #[case("/securityContext/supplementalGroups", json!([7]), "spec.securityContext.supplementalGroups")]
    #[case("/securityContext/runAsUser", json!(5), "spec.securityContext.runAsUser")]
    #[case("/hostIPC", json!(true), "spec.hostIPC")]
    #[case("/shareProcessNamespace", json!(true), "spec.shareProcessNamespace")]
    #[case("/restartPolicy", json!("Always"), "spec.restartPolicy")]
    #[case("/activeDeadlineSeconds", json!(60), "spec.activeDeadlineSeconds")]
    #[case("/terminationGracePeriodSeconds", json!(30), "spec.terminationGracePeriodSeconds")]
    #[case("/initContainers", json!([{ "name": "istio-init" }]), "spec.initContainers (it added istio-init)")]
    #[case("/volumes/0/emptyDir", json!({ "medium": "Memory" }), "spec.volumes[data].emptyDir.medium")]
    #[case("/volumes", json!([]), "spec.volumes (it removed data)")]
    #[case("/containers/0/image", json!("mirror/other"), "spec.containers[main].image")]
    #[case("/containers/0/env/1", json!({ "name": "LD_PRELOAD", "value": "/x" }), "spec.containers[main].env (it added LD_PRELOAD)")]
    #[case("/containers/0/securityContext/capabilities/drop", json!(["MKNOD"]), "spec.containers[main].securityContext.capabilities.drop[0]")]
    #[case("/containers/0/args", json!(["hold", "on"]), "spec.containers[main].args")]
    #[case("/containers/0/command", json!(["sh"]), "spec.containers[main].command")]
    #[case("/containers/0/env/0/value", json!("b"), "spec.containers[main].env[0].value")]
    #[case("/containers/0/securityContext/runAsUser", json!(0), "spec.containers[main].securityContext.runAsUser")]
    #[case("/containers/0/livenessProbe", json!({ "tcpSocket": { "port": 1 } }), "spec.containers[main].livenessProbe")]
    fn a_change_by_admission_is_named(#[case] path: &str, #[case] value: Value, #[case] expected: &str) {
        let mut kept = defaulted();
        let (parent, field) = path.rsplit_once('/').unwrap();
        let parent = if parent.is_empty() { &mut kept } else { kept.pointer_mut(parent).unwrap() };
        match parent {
            Value::Array(list) => match list.get_mut(field.parse::<usize>().unwrap()) {
                Some(old) => *old = value,
                None => list.push(value),
            },
            parent => parent[field] = value,
        }
        assert_eq!(difference_of(&kept).as_deref(), Some(expected));
    }

    #[rstest]
    #[case::mirrored("/containers/0/image", json!("mirror.example/all/probe:1@sha256:ab"))]
    #[case::a_variable_of_an_agent("/containers/0/env", json!([
        { "name": "AGENT_HOST", "value": "10.0.0.1" }, { "name": "PODPROOF_TOKEN", "value": "abc" },
    ]))]
    #[case::drops_more("/containers/0/securityContext/capabilities/drop", json!(["ALL", "MKNOD"]))]
    fn a_change_without_effect_on_the_program_is_ignored(#[case] path: &str, #[case] value: Value) {
        let mut kept = defaulted();
        *kept.pointer_mut(path).unwrap() = value;
        assert_eq!(difference_of(&kept), None);
    }

    #[test]
    fn a_field_newer_than_the_types_is_not_a_change() {
        let mut sent = spec();
        sent["volumes"][0]["emptyDir"] = json!({ "fieldOfTomorrow": 1023 });
        let pod: Pod = serde_json::from_value(json!({ "spec": defaulted() })).unwrap();
        assert_eq!(difference(&sent, &pod), None);
    }

    #[test]
    fn a_container_added_by_a_service_mesh_is_named() {
        let mut kept = defaulted();
        kept["containers"].as_array_mut().unwrap().insert(0, json!({ "name": "istio-proxy" }));
        assert_eq!(difference_of(&kept).as_deref(), Some("spec.containers (it added istio-proxy)"));
    }
}
