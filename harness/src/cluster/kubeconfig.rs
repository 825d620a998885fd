//! Creates a client configuration for a context of a kubeconfig, as kubectl does.

use std::env;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{AuthInfo, Cluster, ExecInteractiveMode, Kubeconfig, KubeconfigError};

use super::access_error::AccessError;
use super::proxy::Proxies;

/// Reads the context from `file`, or from the files in `KUBECONFIG` if `file` is `None`.
pub(crate) fn configuration(file: Option<&Path>, context: &str) -> Result<Config, AccessError> {
    let unreadable = |source: KubeconfigError| AccessError::Kubeconfig {
        file: file.map(Path::to_owned),
        source: source.into(),
    };
    let kubeconfig = match file {
        Some(file) => Kubeconfig::read_from(file),
        None => read_named(env::var_os("KUBECONFIG").map(|named| env::split_paths(&named).collect())),
    }
    .map_err(unreadable)?;
    of_context(kubeconfig, context, &Proxies::from_environment())
}

/// Merges those of the given files that exist. Reads the default file if none is given.
fn read_named(files: Option<Vec<PathBuf>>) -> Result<Kubeconfig, KubeconfigError> {
    let files: Vec<_> =
        files.unwrap_or_default().into_iter().filter(|file| !file.as_os_str().is_empty()).collect();
    if files.is_empty() {
        return Kubeconfig::read();
    }
    files.iter().try_fold(Kubeconfig::default(), |merged, file| match Kubeconfig::read_from(file) {
        // kubectl ignores missing files too.
        Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == io::ErrorKind::NotFound => Ok(merged),
        read => merged.merge(read?),
    })
}

fn of_context(kubeconfig: Kubeconfig, context: &str, proxies: &Proxies) -> Result<Config, AccessError> {
    let unfit = |why: String| AccessError::Unfit { context: context.to_owned(), why };
    let known: Vec<_> = kubeconfig.contexts.iter().map(|named| named.name.clone()).collect();
    let found = kubeconfig.contexts.into_iter().find(|named| named.name == context);
    let Some(found) = found.and_then(|named| named.context) else {
        return Err(AccessError::NoContext { context: context.to_owned(), known });
    };
    let cluster = kubeconfig.clusters.into_iter().find(|named| named.name == found.cluster);
    let cluster = cluster
        .and_then(|named| named.cluster)
        .ok_or_else(|| unfit(format!("there is no cluster `{}`", found.cluster)))?;
    let user = kubeconfig.auth_infos.into_iter().find(|named| Some(&named.name) == found.user.as_ref());
    // Like kubectl, treat an unknown user as anonymous.
    let user = user.and_then(|named| named.auth_info).unwrap_or_default();

    let server = cluster.server.clone().filter(|server| !server.is_empty());
    let server = server.ok_or_else(|| unfit(format!("cluster `{}` has no server", found.cluster)))?;
    let server = server.parse().map_err(|error| unfit(format!("its server is not a URL: {error}")))?;
    let mut config = Config::new(server);
    config.proxy_url = proxies.choose(&config.cluster_url, cluster.proxy_url.as_deref()).map_err(unfit)?;
    config.root_cert = authorities(&cluster).map_err(unfit)?;
    config.auth_info = with_cluster(user, &cluster).map_err(unfit)?;
    config.default_namespace = found.namespace.unwrap_or_else(|| "default".to_owned());
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
    config.disable_compression = cluster.disable_compression.unwrap_or_default();
    config.tls_server_name = cluster.tls_server_name;
    Ok(config)
}

/// The trusted certificate authorities, in DER; `None` for the system's.
fn authorities(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, String> {
    let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let bytes = match (named(&cluster.certificate_authority_data), named(&cluster.certificate_authority)) {
        (Some(data), _) => STANDARD
            .decode(data.split_whitespace().collect::<String>())
            .map_err(|error| format!("its certificate-authority-data is not base64: {error}"))?,
        (None, Some(file)) => {
            fs::read(&file).map_err(|error| format!("its certificate-authority {file}: {error}"))?
        }
        (None, None) => return Ok(None),
    };
    let found = certificates(&String::from_utf8_lossy(&bytes));
    match found {
        Some(found) if !found.is_empty() => Ok(Some(found)),
        _ => Err("its certificate authority is not a certificate".to_owned()),
    }
}

/// Decodes the certificates of a PEM text; `None` if one of them is invalid.
fn certificates(text: &str) -> Option<Vec<Vec<u8>>> {
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let decoded = blocks.map(|block| {
        let (body, _) = block.split_once("-----END CERTIFICATE-----")?;
        STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
    });
    decoded.collect()
}

/// Completes the settings of the user's credential plugin.
fn with_cluster(mut user: AuthInfo, cluster: &Cluster) -> Result<AuthInfo, String> {
    if let Some(plugin) = &mut user.exec {
        if plugin.provide_cluster_info {
            let about = cluster.try_into().map_err(|error: KubeconfigError| error.to_string())?;
            plugin.cluster = Some(about);
        }
        // Without a terminal, podproof captures the plugin's output and shows it without secrets.
        let is_interactive = matches!(plugin.interactive_mode, Some(ExecInteractiveMode::Always));
        if !is_interactive && !io::stdin().is_terminal() {
            plugin.interactive_mode = Some(ExecInteractiveMode::Never);
        }
    }
    Ok(user)
}

#[cfg(test)]
mod tests {
    use assert_matches::assert_matches;

    use super::*;

    const ONE: &str = "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://api.example'}}]\n\
                       contexts: [{name: one, context: {cluster: c, user: nobody}}]\n";

    fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        file
    }

    #[test]
    fn missing_files_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let one = written(folder.path(), "one", ONE);
        let files = vec![folder.path().join("gone"), PathBuf::new(), one];
        let config = of_context(read_named(Some(files)).unwrap(), "one", &Proxies::default()).unwrap();
        assert_eq!(config.cluster_url, "https://api.example/");
        let none = read_named(Some(vec![folder.path().join("gone")])).unwrap();
        assert_matches!(of_context(none, "one", &Proxies::default()), Err(AccessError::NoContext { .. }));
    }

    #[test]
    fn unreadable_files_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let bad = written(folder.path(), "bad", "clusters: 7\n");
        assert!(read_named(Some(vec![bad])).is_err());
        assert!(read_named(Some(vec![folder.path().to_owned()])).is_err());
    }

    #[test]
    fn an_unknown_context_is_reported_with_the_known_ones() {
        let kubeconfig = Kubeconfig::from_yaml(ONE).unwrap();
        let error = of_context(kubeconfig, "two", &Proxies::default()).unwrap_err();
        assert_eq!(error.to_string(), "there is no context `two` in the kubeconfig, only `one`");
    }

    #[test]
    fn text_around_certificates_is_ignored() {
        let text = "x\n-----BEGIN CERTIFICATE-----\nAQI=\n-----END CERTIFICATE-----\n\
                    -----BEGIN CERTIFICATE-----\nAw==\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(text), Some(vec![vec![1, 2], vec![3]]));
        assert_eq!(certificates("-----BEGIN CERTIFICATE-----\nAQI=\n"), None);
    }
}
