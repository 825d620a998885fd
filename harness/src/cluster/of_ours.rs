//! Whether a context that was named leads to a cluster of ours: whoever uses it that way holds it too.

use std::path::Path;

use kube::Config;

use super::Host;
use super::error::Error;
use super::kubeconfig::configuration;
use super::lock::{Hold, Lock, Use};
use super::ownership::ClusterName;
use super::up::kubeconfig;

/// Holds the cluster of ours to which this context leads, if it is one: `alone` where its nodes will be disturbed.
pub async fn hold_if_ours(
    host: &Host,
    file: Option<&Path>,
    context: &str,
    alone: bool,
) -> Result<Option<Hold>, Error> {
    let Some(name) = ours(host, file, context) else { return Ok(None) };
    let what = format!("cluster `{}`", name.as_str());
    let how = if alone { Use::Alone } else { Use::Shared };
    Lock::new(host.folders.cluster_lock(name.as_str()), &what).hold(host, how).await.map(Some)
}

/// The name of the cluster of ours to which this context leads.
fn ours(host: &Host, file: Option<&Path>, context: &str) -> Option<ClusterName> {
    // What is wrong with a context is for whoever connects to say.
    let meant = configuration(file, context).ok()?;
    let names = host.folders.cluster_names();
    names.iter().filter_map(|name| name.parse::<ClusterName>().ok()).find(|name| {
        match configuration(Some(&kubeconfig(host, name)), &name.context()) {
            Ok(known) => is_same(&known, &meant),
            // One that is being made, or whose file is gone, is known by its name alone.
            Err(_) => context == name.context(),
        }
    })
}

/// Each cluster has an authority of its own, by whatever address it is reached.
fn is_same(known: &Config, meant: &Config) -> bool {
    match (&known.root_cert, &meant.root_cert) {
        (Some(known), Some(meant)) => known.iter().any(|certificate| meant.contains(certificate)),
        _ => known.cluster_url == meant.cluster_url,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use rstest::rstest;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::cluster::Folders;

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
    #[case::another_of_this_name("kind-x", "https://127.0.0.1:2", "Qg==", false)]
    #[case::another_behind_the_port("mine", "https://127.0.0.1:1", "Qg==", false)]
    #[case::unverified_elsewhere("kind-x", "https://127.0.0.1:2", "", false)]
    fn a_cluster_is_known_by_its_authority(
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
        assert_eq!(ours(&host, Some(&file), context), expected.then_some(name));
    }
}
