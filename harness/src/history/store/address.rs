//! The way to a database, by its URL.
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
use super::place::{Place, Url};

/// How long a server may take to answer at all, where the URL does not say so.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a URL says.
#[derive(Debug)]
struct Address {
    config: Config,
    /// Roots to trust instead of the system's.
    roots: Option<PathBuf>,
}

/// Connects to the database. Who asks for TLS gets a server whose certificate is good for its name, or none.
pub(super) fn connect(url: &Url) -> Result<Client, StoreError> {
    let store = Place::Database(url.clone());
    let Address { config, roots } =
        Address::of(url).ok_or_else(|| StoreError::Address { store: store.clone() })?;
    let is_local = |host: &Host| matches!(host, Host::Unix(_));
    let without = config.get_ssl_mode() == SslMode::Disable || config.get_hosts().iter().all(is_local);
    let connected = if without {
        config.connect(NoTls)
    } else {
        config.connect(MakeRustlsConnect::new(tls(roots.as_deref())?))
    };
    connected.map_err(|source| StoreError::Unreachable { store, source: source.into() })
}

impl Address {
    /// None where it is not understood. Why is not told: the words of an error may be those of a password.
    fn of(url: &Url) -> Option<Self> {
        let (way, parameters) = match url.secret().split_once('?') {
            Some((way, parameters)) => (way, parameters),
            None => (url.secret(), ""),
        };
        // More than one, and it is guessed where the password ends.
        if url.secret().matches('@').count() > 1 {
            return None;
        }
        let (ours, theirs): (Vec<_>, Vec<_>) =
            parameters.split('&').filter(|parameter| !parameter.is_empty()).partition(|parameter| {
                parameter.starts_with("sslmode=") || parameter.starts_with("sslrootcert=")
            });
        let mut config: Config = format!("{way}?{}", theirs.join("&")).parse().ok()?;
        let mut roots = None;
        for parameter in ours {
            match parameter.split_once('=')? {
                ("sslmode", "disable") => config.ssl_mode(SslMode::Disable),
                ("sslmode", "prefer") => config.ssl_mode(SslMode::Prefer),
                // Whoever is required to prove what he is does so with his name.
                ("sslmode", "require" | "verify-full") => config.ssl_mode(SslMode::Require),
                ("sslrootcert", file) => {
                    roots = Some(PathBuf::from(file));
                    &mut config
                }
                _ => return None,
            };
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("podproof");
        }
        Some(Self { config, roots })
    }
}

/// TLS with the roots in `file`, or with the system's.
fn tls(file: Option<&Path>) -> Result<ClientConfig, StoreError> {
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
            // A root that cannot be read is one that is not trusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    // The library chooses no provider for the whole program.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(StoreError::Tls)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
