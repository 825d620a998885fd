//! Lists the runtime classes.

use serde_json::Value;

use super::detector::Detector;
use podproof_core::cluster_facts::RuntimeClassFacts;

/// The first exists since Kubernetes 1.20, the second until 1.24.
const PATHS: [&str; 2] = ["/apis/node.k8s.io/v1/runtimeclasses", "/apis/node.k8s.io/v1beta1/runtimeclasses"];

/// The runtime classes sorted by name; `None` if they cannot be read.
pub(super) async fn runtime_classes(detector: &Detector<'_>) -> Option<Vec<RuntimeClassFacts>> {
    for path in PATHS {
        if let Some(list) = detector.text(path).await {
            return classes_in(&list);
        }
    }
    None
}

fn classes_in(list: &str) -> Option<Vec<RuntimeClassFacts>> {
    let list: Value = serde_json::from_str(list).ok()?;
    let text = |class: &Value, pointer: &str| class.pointer(pointer)?.as_str().map(str::to_owned);
    let class = |class: &Value| {
        Some(RuntimeClassFacts { name: text(class, "/metadata/name")?, handler: text(class, "/handler")? })
    };
    // An empty list may be serialised as null.
    let items = match list.get("items")? {
        Value::Null => &[],
        items => items.as_array()?.as_slice(),
    };
    let mut classes: Vec<_> = items.iter().filter_map(class).collect();
    classes.sort_by(|a, b| a.name.cmp(&b.name));
    Some(classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_sorted_by_name() {
        let list = r#"{ "kind": "RuntimeClassList", "items": [
            { "metadata": { "name": "kata" }, "handler": "kata-qemu" },
            { "metadata": { "name": "gvisor" }, "handler": "runsc" },
            { "metadata": { "name": "odd" } } ] }"#;
        let class =
            |name: &str, handler: &str| RuntimeClassFacts { name: name.into(), handler: handler.into() };
        assert_eq!(classes_in(list), Some(vec![class("gvisor", "runsc"), class("kata", "kata-qemu")]));
    }

    #[test]
    fn an_empty_list_is_known_and_an_unexpected_response_is_unknown() {
        assert_eq!(classes_in(r#"{ "items": [] }"#), Some(Vec::new()));
        assert_eq!(classes_in(r#"{ "items": null }"#), Some(Vec::new()));
        assert_eq!(classes_in(r#"{ "kind": "Status" }"#), None);
        assert_eq!(classes_in("<html>"), None);
    }
}
