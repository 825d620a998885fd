//! Capabilities of a cluster's pods and of the user, as the cluster reports them. Anything else is unknown, never
//! guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Cluster-wide capabilities that the API server reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// The API server's feature gates by name, and whether they are enabled; empty if unknown.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<String, bool>,
    /// The runtime classes that pods can use; `None` if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_classes: Option<Vec<RuntimeClassFacts>>,
    /// True if Pod Security admission enforces the levels that namespaces request. It can still exempt the current
    /// user. `None` if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_security: Option<bool>,
    /// The permissions that cases need and the user does not have, for example `create pods/exec`; `None` if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_rights: Option<Vec<String>>,
    /// The node address ranges on which kube-proxy opens node ports (`nodePortAddresses`); empty for all addresses,
    /// `None` if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port_addresses: Option<Vec<String>>,
}

/// A `RuntimeClass` object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeClassFacts {
    /// The name that pods use.
    pub name: String,
    /// The handler in the container runtime's configuration, for example `runsc` or `kata-qemu`.
    pub handler: String,
}

/// Capabilities of a node, as it reports them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeCapabilities {
    /// The kubelet's feature gates by name, and whether they are enabled: all of them since 1.26, before that only
    /// those that its configuration sets; empty if unknown.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<String, bool>,
    /// The unsafe sysctls that pods may set; a trailing `*` matches any suffix. `None` if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsafe_sysctls: Option<Vec<String>>,
    /// The maximum restart back-off of the kubelet, as its configuration writes it (`300s`); `None` if the
    /// configuration does not set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_backoff: Option<String>,
    /// True if the kubelet isolates local ephemeral storage (`localStorageCapacityIsolation`); `None` if its
    /// configuration does not set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_storage: Option<bool>,
    /// The cgroup version, 1 or 2. Kubelets report it since 1.31.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<u8>,
    /// The container runtime's handlers. Nodes report them since 1.31.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handlers: Option<Vec<HandlerFacts>>,
}

/// A runtime handler of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlerFacts {
    /// The handler's name; empty for the default handler, which runs pods without a runtime class.
    pub name: String,
    /// True if it supports user namespaces; `None` if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_namespaces: Option<bool>,
}

impl NodeCapabilities {
    /// Returns whether the kubelet lets pods set the unsafe sysctl `name`; `None` if unknown.
    #[must_use]
    pub fn allows_sysctl(&self, name: &str) -> Option<bool> {
        let covers = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern == name,
        };
        Some(self.unsafe_sysctls.as_ref()?.iter().any(covers))
    }

    /// Returns whether pods without a runtime class can use user namespaces; `None` if unknown.
    #[must_use]
    pub fn supports_user_namespaces(&self) -> Option<bool> {
        self.handlers.as_ref()?.iter().find(|handler| handler.name.is_empty())?.user_namespaces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_star_matches_any_suffix() {
        let allows = |patterns: &[&str], name: &str| {
            let patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            NodeCapabilities { unsafe_sysctls: Some(patterns), ..NodeCapabilities::default() }
                .allows_sysctl(name)
        };
        assert_eq!(allows(&["fs.mqueue.*"], "fs.mqueue.msg_max"), Some(true));
        assert_eq!(allows(&["kernel.msg*", "fs.mqueue.msg_max"], "fs.mqueue.msg_max"), Some(true));
        assert_eq!(allows(&["kernel.msg*"], "fs.mqueue.msg_max"), Some(false));
        assert_eq!(allows(&[], "fs.mqueue.msg_max"), Some(false));
        assert_eq!(NodeCapabilities::default().allows_sysctl("fs.mqueue.msg_max"), None);
    }

    #[test]
    fn the_handler_with_an_empty_name_is_the_default() {
        let handler = |name: &str, user_namespaces| HandlerFacts { name: name.to_owned(), user_namespaces };
        let of = |handlers| NodeCapabilities { handlers: Some(handlers), ..NodeCapabilities::default() };
        assert_eq!(
            of(vec![handler("", Some(false)), handler("runsc", Some(true))]).supports_user_namespaces(),
            Some(false)
        );
        assert_eq!(of(vec![handler("runsc", Some(true))]).supports_user_namespaces(), None);
        assert_eq!(NodeCapabilities::default().supports_user_namespaces(), None);
    }
}
