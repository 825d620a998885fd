//! The script and options that the nginx image is made from.

/// The script that installs nginx in plain Debian.
pub(super) const NGINX: &str = include_str!("nginx.sh");

/// The default command of the nginx image.
pub(super) const NGINX_RUNS: &str = r#"CMD ["/usr/sbin/nginx","-g","daemon off;"]"#;
