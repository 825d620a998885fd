//! Which runtime classes pods can name.

use serde_json::Value;

use super::super::capabilities::RuntimeClassFacts;
use super::asker::Asker;

/// The second until Kubernetes 1.24, the first since 1.20.
const PATHS: [&str; 2] = ["/apis/node.k8s.io/v1/runtimeclasses", "/apis/node.k8s.io/v1beta1/runtimeclasses"];

/// The runtime classes by name, where the API server tells them.
pub(super) async fn runtime_classes(asker: &Asker<'_>) -> Option<Vec<RuntimeClassFacts>> {
    for path in PATHS {
        if let Some(list) = asker.text(path).await {
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
    // An empty list can be written as null.
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
    fn classes_are_read_by_name() {
        let list = r#"{ "kind": "RuntimeClassList", "items": [
            { "metadata": { "name": "kata" }, "handler": "kata-qemu" },
            { "metadata": { "name": "gvisor" }, "handler": "runsc" },
            { "metadata": { "name": "odd" } } ] }"#;
        let class =
            |name: &str, handler: &str| RuntimeClassFacts { name: name.into(), handler: handler.into() };
        assert_eq!(classes_in(list), Some(vec![class("gvisor", "runsc"), class("kata", "kata-qemu")]));
    }

    #[test]
    fn no_classes_are_known_and_what_is_no_list_is_unknown() {
        assert_eq!(classes_in(r#"{ "items": [] }"#), Some(Vec::new()));
        assert_eq!(classes_in(r#"{ "items": null }"#), Some(Vec::new()));
        assert_eq!(classes_in(r#"{ "kind": "Status" }"#), None);
        assert_eq!(classes_in("<html>"), None);
    }
}
