//! On which addresses of nodes the ports of services are taken.

use serde_json::Value;

use super::asker::Asker;

/// Where kubeadm, and kind with it, keeps the configuration of kube-proxy.
const PATH: &str = "/api/v1/namespaces/kube-system/configmaps/kube-proxy";

/// The addresses to which kube-proxy is limited, none for all of them; absent where nothing says so.
pub(super) async fn node_port_addresses(asker: &Asker<'_>) -> Option<Vec<String>> {
    addresses_in(&asker.text(PATH).await?)
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
    fn limits_are_read() {
        assert_eq!(
            read("mode: iptables\nnodePortAddresses: [127.0.0.0/8]\n"),
            Some(vec!["127.0.0.0/8".to_owned()])
        );
        for all in ["mode: iptables\n", "nodePortAddresses: null\n", "nodePortAddresses: []\n"] {
            assert_eq!(read(all), Some(Vec::new()), "{all}");
        }
    }

    #[test]
    fn what_is_no_configuration_is_unknown() {
        for text in ["", "- a", "a: [", "text"] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["", "<html>", "{}", r#"{ "data": {} }"#, r#"{ "kind": "Status" }"#] {
            assert_eq!(addresses_in(text), None, "{text}");
        }
    }
}
