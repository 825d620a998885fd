//! The client and time limit for capability requests.

use std::pin::pin;

use futures::AsyncReadExt as _;
use kube::Client;
use tokio::time::{Instant, timeout_at};

use podproof_core::plan::MinorVersion;

/// The maximum number of bytes read of a response; the metrics of very large clusters are several dozen MiB.
const LARGEST_ANSWER: u64 = 64 << 20;

/// Detects a cluster's capabilities until a deadline.
pub(in crate::cluster) struct Detector<'c> {
    pub(super) client: &'c Client,
    version: Option<MinorVersion>,
    until: Instant,
}

impl<'c> Detector<'c> {
    /// `version` is the API server's version. No request continues after `until`.
    pub(in crate::cluster) fn new(client: &'c Client, version: &str, until: Instant) -> Self {
        Self { client, version: MinorVersion::of_release(version), until }
    }

    /// Returns whether the API server's version is known and at least `version`.
    pub(super) fn is_at_least(&self, version: MinorVersion) -> bool {
        self.version.is_some_and(|own| own >= version)
    }

    /// Awaits a request; `None` after the deadline.
    pub(super) async fn before_deadline<T>(&self, request: impl Future<Output = Option<T>>) -> Option<T> {
        timeout_at(self.until, request).await.ok().flatten()
    }

    /// Reads the text at this path of the API server.
    pub(super) async fn text(&self, path: &str) -> Option<String> {
        self.before_deadline(async {
            let request = http::Request::get(path).body(Vec::new()).ok()?;
            let stream = self.client.request_stream(request).await.ok()?;
            let mut text = String::new();
            pin!(stream.take(LARGEST_ANSWER)).read_to_string(&mut text).await.ok()?;
            Some(text)
        })
        .await
    }
}
