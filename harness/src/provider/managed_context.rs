//! Detects whether a kubeconfig context refers to one of podproof's own clusters, which must then be locked.

use std::path::Path;

use kube::Config;

use super::cluster_name::ClusterName;
use super::error::ClusterError;
use super::kind;
use super::own_cluster::kubeconfig;
use crate::cluster::configuration;
use crate::host::{Host, Lock, LockGuard, LockMode};

/// Locks the cluster of this context if it is podproof's own: exclusively if its nodes will be disturbed.
pub async fn lock_if_managed(
    host: &Host,
    file: Option<&Path>,
    context: &str,
    exclusive: bool,
) -> Result<Option<LockGuard>, ClusterError> {
    let Some(name) = managed_cluster(host, file, context) else { return Ok(None) };
    let what = format!("cluster `{}`", name.as_str());
    let mode = if exclusive { LockMode::Exclusive } else { LockMode::Shared };
    let lock = Lock::new(host.folders.cluster_lock(name.as_str()), &what);
    Ok(Some(lock.acquire(host, mode).await?))
}

/// The name of podproof's own cluster that this context refers to.
fn managed_cluster(host: &Host, file: Option<&Path>, context: &str) -> Option<ClusterName> {
    // `connect` reports errors in the context.
    let requested = configuration(file, context).ok()?;
    let names = host.folders.cluster_names();
    names.iter().filter_map(|name| name.parse::<ClusterName>().ok()).find(|name| {
        match configuration(Some(&kubeconfig(host, name)), &kind::context(name)) {
            Ok(known) => is_same(&known, &requested),
            // While a cluster is being created, or if its kubeconfig is missing, only its name is known.
            Err(_) => context == kind::context(name),
        }
    })
}

/// Compares the certificate authorities, which are unique for each cluster, whatever address is used.
fn is_same(known: &Config, requested: &Config) -> bool {
    match (&known.root_cert, &requested.root_cert) {
        (Some(known), Some(requested)) => known.iter().any(|certificate| requested.contains(certificate)),
        _ => known.cluster_url == requested.cluster_url,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use rstest::rstest;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::host::Folders;

    const OURS: &str = "QQ==";

    fn written(file: &Path, context: &str, server: &str, authority: &str) -> PathBuf {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let authority = match authority {
            "" => "insecure-skip-tls-verify: true".to_owned(),
            body => {
                let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
                let path = file.with_extension("pem");
                fs::write(&path, pem).unwrap();
                format!("certificate-authority: {}", path.display())
            }
        };
        let text = format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: '{server}', {authority}}}}}]\n\
             contexts: [{{name: {context}, context: {{cluster: c, user: nobody}}}}]\n"
        );
        fs::write(file, text).unwrap();
        file.to_owned()
    }

    #[rstest]
    #[case::same("kind-x", "https://127.0.0.1:1", OURS, true)]
    #[case::renamed("mine", "https://127.0.0.1:1", OURS, true)]
    #[case::by_another_address("mine", "https://x-control-plane:6443", OURS, true)]
    #[case::unverified("mine", "https://127.0.0.1:1", "", true)]
    #[case::other_cluster_with_the_same_context_name("kind-x", "https://127.0.0.1:2", "Qg==", false)]
    #[case::other_cluster_on_the_same_port("mine", "https://127.0.0.1:1", "Qg==", false)]
    #[case::unverified_elsewhere("kind-x", "https://127.0.0.1:2", "", false)]
    fn a_cluster_is_identified_by_its_certificate_authority(
        #[case] context: &str,
        #[case] server: &str,
        #[case] authority: &str,
        #[case] expected: bool,
    ) {
        let home = tempfile::tempdir().unwrap();
        let host = Host {
            folders: Folders::below(home.path()),
            program: "/bin/true".into(),
            cancel: CancellationToken::new(),
        };
        let name: ClusterName = "x".parse().unwrap();
        written(&kubeconfig(&host, &name), "kind-x", "https://127.0.0.1:1", OURS);
        let file = written(&home.path().join("users"), context, server, authority);
        assert_eq!(managed_cluster(&host, Some(&file), context), expected.then_some(name));
    }
}
