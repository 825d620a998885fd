//! The scripts, package lists and options that images are made from.

/// The script that turns plain Debian into the root file system of a node.
pub(super) const ROOT: &str = include_str!("node-root.sh");

/// The script that adds Kubernetes to it.
pub(super) const KUBERNETES: &str = include_str!("node-kubernetes.sh");

/// The Debian packages of a node.
pub(super) const PACKAGES: &str = "systemd systemd-sysv dbus containerd runc containernetworking-plugins conntrack \
     iptables nftables iproute2 ethtool mount kmod pigz socat ebtables ca-certificates curl jq procps";

/// The script that installs nginx in plain Debian.
pub(super) const NGINX: &str = include_str!("nginx.sh");

/// The default command of the nginx image.
pub(super) const NGINX_RUNS: &str = r#"CMD ["/usr/sbin/nginx","-g","daemon off;"]"#;

/// Go build tags: without cloud providers and dockershim.
pub(super) const TAGS: &str = "providerless,dockerless,selinux";
