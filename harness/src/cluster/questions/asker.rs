//! Who asks: with which client, and how long.

use std::collections::BTreeMap;
use std::pin::pin;

use futures::{AsyncReadExt as _, join};
use kube::Client;
use tokio::time::{Instant, timeout_at};

use super::super::capabilities::Capabilities;
use super::admission::enforces_pod_security;
use super::classes::runtime_classes;
use super::gates::gates_in;
use super::proxy::node_port_addresses;
use super::rights::missing_rights;
use crate::plan::MinorVersion;

/// More than this of an answer is not read: the metrics of the largest clusters are some dozen MiB.
const LARGEST_ANSWER: u64 = 64 << 20;

/// The first version whose metrics tell the feature gates.
const TELLS_GATES: MinorVersion = MinorVersion::new(1, 26);

/// Asks a cluster; every question is over when its time is.
pub(in crate::cluster) struct Asker<'c> {
    pub(super) client: &'c Client,
    version: Option<MinorVersion>,
    until: Instant,
}

impl<'c> Asker<'c> {
    /// `version` is that of the API server; nobody is asked for longer than `until`.
    pub(in crate::cluster) fn new(client: &'c Client, version: &str, until: Instant) -> Self {
        Self { client, version: MinorVersion::of_release(version), until }
    }

    /// What can be done in the cluster.
    pub(in crate::cluster) async fn capabilities(&self) -> Capabilities {
        // Two after each other are faster than a second connection.
        let one_by_one = async {
            let (runtime_classes, pod_security) =
                (runtime_classes(self).await, enforces_pod_security(self).await);
            (runtime_classes, pod_security, node_port_addresses(self).await)
        };
        let (gates, (runtime_classes, pod_security, node_port_addresses), missing_rights) =
            join!(self.gates(), one_by_one, missing_rights(self));
        Capabilities { gates, runtime_classes, pod_security, missing_rights, node_port_addresses }
    }

    async fn gates(&self) -> BTreeMap<String, bool> {
        if !self.is_since(TELLS_GATES) {
            return BTreeMap::new();
        }
        self.text("/metrics").await.map(|metrics| gates_in(&metrics)).unwrap_or_default()
    }

    /// Whether the API server is of `version` or later; one that cannot be read is not.
    pub(super) fn is_since(&self, version: MinorVersion) -> bool {
        self.version.is_some_and(|own| own >= version)
    }

    /// The answer to a question, where there is one in time.
    pub(super) async fn in_time<T>(&self, question: impl Future<Output = Option<T>>) -> Option<T> {
        timeout_at(self.until, question).await.ok().flatten()
    }

    /// The text at `path` of the API server.
    pub(super) async fn text(&self, path: &str) -> Option<String> {
        self.in_time(async {
            let request = http::Request::get(path).body(Vec::new()).ok()?;
            let stream = self.client.request_stream(request).await.ok()?;
            let mut text = String::new();
            pin!(stream.take(LARGEST_ANSWER)).read_to_string(&mut text).await.ok()?;
            Some(text)
        })
        .await
    }
}
