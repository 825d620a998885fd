//! Reads on which node addresses kube-proxy opens node ports.

use serde_json::Value;

use super::detector::Detector;

/// The `ConfigMap` in which kubeadm (and kind) stores kube-proxy's configuration.
const PATH: &str = "/api/v1/namespaces/kube-system/configmaps/kube-proxy";

/// kube-proxy's `nodePortAddresses`; empty for all addresses, `None` if the configuration cannot be read.
pub(super) async fn node_port_addresses(detector: &Detector<'_>) -> Option<Vec<String>> {
    addresses_in(&detector.text(PATH).await?)
}

fn addresses_in(config_map: &str) -> Option<Vec<String>> {
    let config_map: Value = serde_json::from_str(config_map).ok()?;
    let configuration = config_map.pointer("/data/config.conf")?.as_str()?;
    let configuration: Value = serde_yaml::from_str(configuration).ok()?;
    let addresses = configuration.as_object()?.get("nodePortAddresses").and_then(Value::as_array);
    Some(addresses.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(configuration: &str) -> Option<Vec<String>> {
        addresses_in(&serde_json::json!({ "data": { "config.conf": configuration } }).to_string())
    }

    #[test]
    fn node_port_addresses_are_parsed() {
        assert_eq!(
            read("mode: iptables\nnodePortAddresses: [127.0.0.0/8]\n"),
            Some(vec!["127.0.0.0/8".to_owned()])
        );
        for all in ["mode: iptables\n", "nodePortAddresses: null\n", "nodePortAddresses: []\n"] {
            assert_eq!(read(all), Some(Vec::new()), "{all}");
        }
    }

    #[test]
    fn an_unexpected_response_is_unknown() {
        for text in ["", "- a", "a: [", "text"] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["", "<html>", "{}", r#"{ "data": {} }"#, r#"{ "kind": "Status" }"#] {
            assert_eq!(addresses_in(text), None, "{text}");
        }
    }
}
