//! Connects to a PostgreSQL database by URL.
#![cfg(feature = "postgres")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use rustls::pki_types::{CertificateDer, pem, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::StoreError;
use super::location::{StoreLocation, Url};

/// The connection timeout, unless the URL sets one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A parsed URL.
#[derive(Debug)]
struct Address {
    config: Config,
    /// A PEM file with root certificates to trust instead of the system's.
    roots: Option<PathBuf>,
}

/// Connects to a database. With TLS, the server's certificate must be valid for its host name.
pub(super) fn connect(url: &Url) -> Result<Client, StoreError> {
    let store = StoreLocation::Database(url.clone());
    let Address { config, roots } =
        Address::parse(url).ok_or_else(|| StoreError::Address { store: store.clone() })?;
    let is_local = |host: &Host| matches!(host, Host::Unix(_));
    let without_tls = config.get_ssl_mode() == SslMode::Disable || config.get_hosts().iter().all(is_local);
    let connected = if without_tls {
        config.connect(NoTls)
    } else {
        config.connect(MakeRustlsConnect::new(tls_config(roots.as_deref())?))
    };
    connected.map_err(|source| StoreError::Unreachable { store, source: source.into() })
}

impl Address {
    /// `None` if the URL is invalid. There is no error value, because its text might contain the password.
    fn parse(url: &Url) -> Option<Self> {
        let (base, parameters) = match url.secret().split_once('?') {
            Some((base, parameters)) => (base, parameters),
            None => (url.secret(), ""),
        };
        // With more than one `@` the end of the password would be a guess.
        if url.secret().matches('@').count() > 1 {
            return None;
        }
        let (tls, others): (Vec<_>, Vec<_>) =
            parameters.split('&').filter(|parameter| !parameter.is_empty()).partition(|parameter| {
                parameter.starts_with("sslmode=") || parameter.starts_with("sslrootcert=")
            });
        let mut config: Config = format!("{base}?{}", others.join("&")).parse().ok()?;
        let mut roots = None;
        for parameter in tls {
            match parameter.split_once('=')? {
                ("sslmode", "disable") => config.ssl_mode(SslMode::Disable),
                ("sslmode", "prefer") => config.ssl_mode(SslMode::Prefer),
                // podproof always verifies the host name, so these two are the same.
                ("sslmode", "require" | "verify-full") => config.ssl_mode(SslMode::Require),
                ("sslrootcert", file) => {
                    roots = Some(PathBuf::from(file));
                    &mut config
                }
                _ => return None,
            };
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("podproof");
        }
        Some(Self { config, roots })
    }
}

/// The TLS configuration with the root certificates in `file`, or with the system's.
fn tls_config(file: Option<&Path>) -> Result<ClientConfig, StoreError> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let unread = |source| StoreError::Roots { file: file.to_owned(), source };
            let certificates = CertificateDer::pem_file_iter(file).map_err(unread)?;
            let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(unread)?;
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(unread(pem::Error::NoItemsFound));
            }
        }
        None => {
            // Ignore errors: a root that cannot be read is not trusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    // Choose the provider here: the process has no default provider.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(StoreError::Tls)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
