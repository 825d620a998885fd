//! The capabilities of a cluster as a whole.

use std::collections::BTreeMap;

use futures::join;
use podproof_core::cluster_facts::Capabilities;
use podproof_core::plan::MinorVersion;

use super::admission::enforces_pod_security;
use super::classes::runtime_classes;
use super::detector::Detector;
use super::gates::gates_in;
use super::proxy::node_port_addresses;
use super::rights::missing_rights;

/// The first version whose metrics include the feature gates.
const HAS_GATE_METRICS: MinorVersion = MinorVersion::new(1, 26);

impl Detector<'_> {
    /// Detects the cluster-wide capabilities.
    pub(in crate::cluster) async fn capabilities(&self) -> Capabilities {
        // Sequential requests are faster than a second connection.
        let sequential = async {
            let (runtime_classes, pod_security) =
                (runtime_classes(self).await, enforces_pod_security(self).await);
            (runtime_classes, pod_security, node_port_addresses(self).await)
        };
        let (gates, (runtime_classes, pod_security, node_port_addresses), missing_rights) =
            join!(self.gates(), sequential, missing_rights(self));
        Capabilities { gates, runtime_classes, pod_security, missing_rights, node_port_addresses }
    }

    async fn gates(&self) -> BTreeMap<String, bool> {
        if !self.is_at_least(HAS_GATE_METRICS) {
            return BTreeMap::new();
        }
        self.text("/metrics").await.map(|metrics| gates_in(&metrics)).unwrap_or_default()
    }
}
