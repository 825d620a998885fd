//! What a cluster lets pods do, and us: as far as it tells. What it does not tell is unknown, never guessed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the API server tells of what can be done in its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// The API server's feature gates by name, and whether they are on; empty where it does not tell.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<String, bool>,
    /// The runtime classes that pods can name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_classes: Option<Vec<RuntimeClassFacts>>,
    /// Whether it has the admission that enforces Pod Security in namespaces that ask for it. It can still exempt
    /// the user that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_security: Option<bool>,
    /// What the catalogue needs and the user may not do: `create pods/exec`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_rights: Option<Vec<String>>,
    /// The addresses of nodes to which its proxies are limited where they take ports for services, as kube-proxy's
    /// configuration lists them; empty for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port_addresses: Option<Vec<String>>,
}

/// A runtime class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeClassFacts {
    /// Its name.
    pub name: String,
    /// What the container runtime calls it: `runsc`, `kata-qemu`.
    pub handler: String,
}

/// What a node tells of what its pods can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeCapabilities {
    /// The kubelet's feature gates by name, and whether they are on: all since 1.26, before that only those that its
    /// configuration names; empty where it does not tell.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<String, bool>,
    /// The kernel parameters that pods may set although they are not safe; a trailing `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsafe_sysctls: Option<Vec<String>>,
    /// The longest time for which the kubelet puts off a restart, as its configuration has it (`300s`); absent where
    /// the configuration leaves the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_backoff: Option<String>,
    /// Whether the kubelet limits how much of the node's disk pods use, where its configuration says; absent where it
    /// leaves the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_storage: Option<bool>,
    /// The version of control groups, 1 or 2; kubelets tell it since 1.31.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<u8>,
    /// The container runtime's handlers; nodes tell them since 1.31.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handlers: Option<Vec<HandlerFacts>>,
}

/// A handler of a container runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlerFacts {
    /// Its name; empty for the one that runs pods without a runtime class.
    pub name: String,
    /// Whether it can give pods users of their own, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_namespaces: Option<bool>,
}

impl NodeCapabilities {
    /// Whether the kubelet lets pods set the unsafe kernel parameter `name`, where it tells.
    #[must_use]
    pub fn allows_sysctl(&self, name: &str) -> Option<bool> {
        let covers = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern == name,
        };
        Some(self.unsafe_sysctls.as_ref()?.iter().any(covers))
    }

    /// Whether pods without a runtime class can have users of their own, where the runtime tells.
    #[must_use]
    pub fn gives_users(&self) -> Option<bool> {
        self.handlers.as_ref()?.iter().find(|handler| handler.name.is_empty())?.user_namespaces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_ending() {
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
    fn the_handler_without_a_name_runs_ordinary_pods() {
        let handler = |name: &str, user_namespaces| HandlerFacts { name: name.to_owned(), user_namespaces };
        let of = |handlers| NodeCapabilities { handlers: Some(handlers), ..NodeCapabilities::default() };
        assert_eq!(
            of(vec![handler("", Some(false)), handler("runsc", Some(true))]).gives_users(),
            Some(false)
        );
        assert_eq!(of(vec![handler("runsc", Some(true))]).gives_users(), None);
        assert_eq!(NodeCapabilities::default().gives_users(), None);
    }
}
