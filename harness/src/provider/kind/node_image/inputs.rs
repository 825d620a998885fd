//! The scripts, package lists and options that node images are made from.

use crate::provider::image::{RECIPE, SETUP, digest};

/// The script that turns plain Debian into the root file system of a node.
pub(super) const ROOT: &str = include_str!("node-root.sh");

/// The script that adds Kubernetes to it.
pub(super) const KUBERNETES: &str = include_str!("node-kubernetes.sh");

/// The Debian packages of a node.
pub(super) const PACKAGES: &str = "systemd systemd-sysv dbus containerd runc containernetworking-plugins conntrack \
     iptables nftables iproute2 ethtool mount kmod pigz socat ebtables ca-certificates curl jq procps";

/// Go build tags: without cloud providers and dockershim.
pub(super) const TAGS: &str = "providerless,dockerless,selinux";

/// The digest of a node image's inputs: podproof's part, and `found` on this host.
pub(super) fn node_digest(found: &[&[u8]]) -> String {
    let ours = [RECIPE, SETUP, ROOT, KUBERNETES, PACKAGES, TAGS].map(str::as_bytes);
    digest(&[&ours, found].concat())
}
