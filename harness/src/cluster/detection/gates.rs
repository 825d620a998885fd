//! Parses the metrics `kubernetes_feature_enabled` and `kubelet_cgroup_version`.

use std::collections::BTreeMap;

/// Parses the feature gates in a component's metrics, and whether they are enabled.
pub(super) fn gates_in(metrics: &str) -> BTreeMap<String, bool> {
    let gate = |line: &str| {
        let (labels, value) = line.strip_prefix("kubernetes_feature_enabled{")?.rsplit_once('}')?;
        let name =
            labels.split(',').find_map(|label| label.trim().strip_prefix("name=\"")?.strip_suffix('"'))?;
        let on = match first_word(value)? {
            "1" => true,
            "0" => false,
            _ => return None,
        };
        Some((name.to_owned(), on))
    };
    metrics.lines().filter_map(gate).collect()
}

/// Parses the cgroup version in a kubelet's metrics.
pub(super) fn cgroup_in(metrics: &str) -> Option<u8> {
    let value = |line: &str| {
        let value = line.strip_prefix("kubelet_cgroup_version")?;
        // Kubelets on other systems than Linux report 0.
        first_word(value.strip_prefix(' ')?)?.parse().ok().filter(|version| matches!(version, 1 | 2))
    };
    metrics.lines().find_map(value)
}

/// Drops the timestamp that may follow a value.
fn first_word(text: &str) -> Option<&str> {
    text.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
# HELP kubelet_cgroup_version [ALPHA] cgroup version on the hosts.
# TYPE kubelet_cgroup_version gauge
kubelet_cgroup_version 2
# TYPE kubernetes_feature_enabled gauge
kubernetes_feature_enabled{name=\"SidecarContainers\",stage=\"\"} 1
kubernetes_feature_enabled{name=\"ContainerRestartRules\",stage=\"ALPHA\"} 0
kubernetes_feature_enabled{stage=\"BETA\",name=\"UserNamespacesSupport\"} 1 1764000000000
kubernetes_feature_enabled{name=\"Odd\",stage=\"BETA\"} NaN
kubernetes_feature_enabled{name=\"Cut
other_total{name=\"SidecarContainers\"} 0
";

    #[test]
    fn feature_gates_are_parsed_from_metrics() {
        let gates = gates_in(METRICS);
        let expected =
            [("ContainerRestartRules", false), ("SidecarContainers", true), ("UserNamespacesSupport", true)];
        assert_eq!(gates, expected.map(|(name, on)| (name.to_owned(), on)).into());
        assert_eq!(gates_in(""), BTreeMap::new());
    }

    #[test]
    fn the_cgroup_version_is_parsed_from_metrics_or_unknown() {
        assert_eq!(cgroup_in(METRICS), Some(2));
        assert_eq!(cgroup_in("kubelet_cgroup_version 0\n"), None);
        assert_eq!(cgroup_in("kubelet_cgroup_versions 1\n"), None);
        assert_eq!(cgroup_in("<html>"), None);
    }
}
