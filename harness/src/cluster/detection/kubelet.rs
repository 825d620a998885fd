//! Reads a kubelet's configuration and metrics through the API server. This needs the permission `get nodes/proxy`.

use std::collections::BTreeMap;

use futures::future::OptionFuture;
use futures::join;
use k8s_openapi::api::core::v1::Node;
use serde_json::Value;

use super::detector::Detector;
use super::gates::{cgroup_in, gates_in};
use podproof_core::cluster_facts::{HandlerFacts, NodeCapabilities, NodeFacts};
use podproof_core::plan::MinorVersion;

/// The first version whose metrics include the feature gates; the cgroup version followed later.
const HAS_METRICS: MinorVersion = MinorVersion::new(1, 26);

impl Detector<'_> {
    /// Adds the capabilities that the node's kubelet reports.
    pub(in crate::cluster) async fn read_kubelet(&self, node: &mut NodeFacts) {
        let proxied = |path: &str| format!("/api/v1/nodes/{}/proxy/{path}", node.name);
        let (configuration, metrics) = (proxied("configz"), proxied("metrics"));
        let has_metrics =
            MinorVersion::of_release(&node.kubelet).is_some_and(|version| version >= HAS_METRICS);
        let (configuration, metrics) =
            join!(self.text(&configuration), OptionFuture::from(has_metrics.then(|| self.text(&metrics))));
        let capabilities = &mut node.capabilities;
        if let Some(metrics) = metrics.flatten() {
            capabilities.gates = gates_in(&metrics);
            capabilities.cgroup = cgroup_in(&metrics);
        }
        if let Some(configuration) = configuration {
            add_configuration(capabilities, &configuration);
        }
    }
}

/// Adds the settings in a kubelet's `configz` response, which omits some settings that have their default value.
fn add_configuration(capabilities: &mut NodeCapabilities, configz: &str) {
    let Ok(configz) = serde_json::from_str::<Value>(configz) else { return };
    let Some(kubelet) = configz.get("kubeletconfig").and_then(Value::as_object) else { return };
    let gates = kubelet.get("featureGates").and_then(Value::as_object).into_iter().flatten();
    let gates: BTreeMap<_, _> = gates.filter_map(|(name, on)| Some((name.clone(), on.as_bool()?))).collect();
    capabilities.gates.extend(gates);
    let sysctls = kubelet.get("allowedUnsafeSysctls").and_then(Value::as_array).into_iter().flatten();
    capabilities.unsafe_sysctls = Some(sysctls.filter_map(|name| name.as_str().map(str::to_owned)).collect());
    let longest =
        kubelet.get("crashLoopBackOff").and_then(|backoff| backoff.get("maxContainerRestartPeriod"));
    capabilities.longest_backoff = longest.and_then(Value::as_str).map(str::to_owned);
    capabilities.local_storage = kubelet.get("localStorageCapacityIsolation").and_then(Value::as_bool);
}

/// Reads the runtime handlers in a node's status.
pub(in crate::cluster) fn handlers(node: &Node) -> Option<Vec<HandlerFacts>> {
    let handlers = node.status.as_ref()?.runtime_handlers.as_ref()?;
    let facts = handlers.iter().map(|handler| HandlerFacts {
        name: handler.name.clone().unwrap_or_default(),
        user_namespaces: handler.features.as_ref().and_then(|features| features.user_namespaces),
    });
    Some(facts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities_in(configz: &str) -> NodeCapabilities {
        let mut capabilities = NodeCapabilities::default();
        add_configuration(&mut capabilities, configz);
        capabilities
    }

    #[test]
    fn a_kubelet_configuration_is_parsed() {
        let capabilities = capabilities_in(
            r#"{ "kubeletconfig": {
                "featureGates": { "EphemeralContainers": true, "SidecarContainers": false, "Odd": "yes" },
                "allowedUnsafeSysctls": ["fs.mqueue.*", "kernel.msgmax"],
                "crashLoopBackOff": { "maxContainerRestartPeriod": "2s" },
                "localStorageCapacityIsolation": false,
                "maxPods": 110 } }"#,
        );
        let gates = [("EphemeralContainers".to_owned(), true), ("SidecarContainers".to_owned(), false)];
        assert_eq!(capabilities.gates, gates.into());
        assert_eq!(
            capabilities.unsafe_sysctls.as_deref(),
            Some(&["fs.mqueue.*".to_owned(), "kernel.msgmax".to_owned()][..])
        );
        assert_eq!(capabilities.longest_backoff.as_deref(), Some("2s"));
        assert_eq!(capabilities.local_storage, Some(false));
    }

    #[test]
    fn a_configuration_without_unsafe_sysctls_allows_none() {
        assert_eq!(capabilities_in(r#"{ "kubeletconfig": {} }"#).unsafe_sysctls, Some(Vec::new()));
    }

    #[test]
    fn an_unexpected_response_adds_nothing() {
        for text in ["", "<html>", "[]", "null", r#"{ "kubeletconfig": 1 }"#, r#"{ "kind": "Status" }"#] {
            assert_eq!(capabilities_in(text), NodeCapabilities::default(), "{text}");
        }
    }

    #[test]
    fn handlers_are_read_from_the_node_status() {
        let node = serde_json::json!({ "status": { "runtimeHandlers": [
            { "name": "", "features": { "recursiveReadOnlyMounts": true, "userNamespaces": false } },
            { "name": "runsc", "features": null },
        ] } });
        let node: Node = serde_json::from_value(node).expect("a node");
        let handler = |name: &str, user_namespaces| HandlerFacts { name: name.to_owned(), user_namespaces };
        assert_eq!(handlers(&node), Some(vec![handler("", Some(false)), handler("runsc", None)]));
        assert_eq!(handlers(&Node::default()), None);
    }
}
