//! What a kubelet tells through the API server, for which a user needs `get nodes/proxy`.

use std::collections::BTreeMap;

use futures::future::OptionFuture;
use futures::join;
use k8s_openapi::api::core::v1::Node;
use serde_json::Value;

use super::super::capabilities::{HandlerFacts, NodeCapabilities};
use super::super::facts::NodeFacts;
use super::asker::Asker;
use super::gates::{cgroup_in, gates_in};
use crate::plan::MinorVersion;

/// The first version whose metrics tell feature gates, and later the version of control groups.
const TELLS: MinorVersion = MinorVersion::new(1, 26);

impl Asker<'_> {
    /// Adds to `node` what its kubelet tells.
    pub(in crate::cluster) async fn ask_kubelet(&self, node: &mut NodeFacts) {
        let proxied = |path: &str| format!("/api/v1/nodes/{}/proxy/{path}", node.name);
        let (configuration, metrics) = (proxied("configz"), proxied("metrics"));
        let tells = MinorVersion::of_release(&node.kubelet).is_some_and(|version| version >= TELLS);
        let (configuration, metrics) =
            join!(self.text(&configuration), OptionFuture::from(tells.then(|| self.text(&metrics))));
        let told = &mut node.capabilities;
        if let Some(metrics) = metrics.flatten() {
            told.gates = gates_in(&metrics);
            told.cgroup = cgroup_in(&metrics);
        }
        if let Some(configuration) = configuration {
            add_configuration(told, &configuration);
        }
    }
}

/// Adds what the configuration of a kubelet says, as `configz` shows it: without what is left to its default.
fn add_configuration(told: &mut NodeCapabilities, configz: &str) {
    let Ok(configz) = serde_json::from_str::<Value>(configz) else { return };
    let Some(kubelet) = configz.get("kubeletconfig").and_then(Value::as_object) else { return };
    let gates = kubelet.get("featureGates").and_then(Value::as_object).into_iter().flatten();
    let gates: BTreeMap<_, _> = gates.filter_map(|(name, on)| Some((name.clone(), on.as_bool()?))).collect();
    told.gates.extend(gates);
    let sysctls = kubelet.get("allowedUnsafeSysctls").and_then(Value::as_array).into_iter().flatten();
    told.unsafe_sysctls = Some(sysctls.filter_map(|name| name.as_str().map(str::to_owned)).collect());
    let longest =
        kubelet.get("crashLoopBackOff").and_then(|backoff| backoff.get("maxContainerRestartPeriod"));
    told.longest_backoff = longest.and_then(Value::as_str).map(str::to_owned);
    told.local_storage = kubelet.get("localStorageCapacityIsolation").and_then(Value::as_bool);
}

/// The handlers that the status of a node names.
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

    fn told(configz: &str) -> NodeCapabilities {
        let mut told = NodeCapabilities::default();
        add_configuration(&mut told, configz);
        told
    }

    #[test]
    fn a_configuration_is_read() {
        let told = told(
            r#"{ "kubeletconfig": {
                "featureGates": { "EphemeralContainers": true, "SidecarContainers": false, "Odd": "yes" },
                "allowedUnsafeSysctls": ["fs.mqueue.*", "kernel.msgmax"],
                "crashLoopBackOff": { "maxContainerRestartPeriod": "2s" },
                "localStorageCapacityIsolation": false,
                "maxPods": 110 } }"#,
        );
        let gates = [("EphemeralContainers".to_owned(), true), ("SidecarContainers".to_owned(), false)];
        assert_eq!(told.gates, gates.into());
        assert_eq!(
            told.unsafe_sysctls.as_deref(),
            Some(&["fs.mqueue.*".to_owned(), "kernel.msgmax".to_owned()][..])
        );
        assert_eq!(told.longest_backoff.as_deref(), Some("2s"));
        assert_eq!(told.local_storage, Some(false));
    }

    #[test]
    fn a_configuration_that_names_no_unsafe_parameter_allows_none() {
        assert_eq!(told(r#"{ "kubeletconfig": {} }"#).unsafe_sysctls, Some(Vec::new()));
    }

    #[test]
    fn what_is_no_configuration_tells_nothing() {
        for text in ["", "<html>", "[]", "null", r#"{ "kubeletconfig": 1 }"#, r#"{ "kind": "Status" }"#] {
            assert_eq!(told(text), NodeCapabilities::default(), "{text}");
        }
    }

    #[test]
    fn handlers_are_read_from_the_status() {
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
