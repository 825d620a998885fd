//! The location of a store: a file or a database.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The location of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Database(Url),
}

/// The URL of a database. It may contain a password, which `Display` and `Debug` leave out.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// The complete URL, with its password.
    #[cfg(feature = "postgres")]
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl From<OsString> for StoreLocation {
    /// Text with the scheme of PostgreSQL is a database URL, all other text is a file name.
    fn from(text: OsString) -> Self {
        match text.into_string() {
            Ok(text) if text.starts_with("postgres://") || text.starts_with("postgresql://") => {
                Self::Database(Url(text))
            }
            Ok(text) => Self::File(text.into()),
            Err(text) => Self::File(text.into()),
        }
    }
}

impl From<&Path> for StoreLocation {
    fn from(file: &Path) -> Self {
        Self::File(file.to_owned())
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Database(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for Url {
    /// Shows scheme, user, host and database. Leaves out everything that may contain a password: the text between the
    /// user and the last `@`, and the parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", ""));
        let (credentials, rest) = match rest.rsplit_once('@') {
            Some((credentials, rest)) => (Some(credentials), rest),
            None => (None, rest),
        };
        write!(f, "{scheme}://")?;
        if let Some(credentials) = credentials {
            let user = credentials.split([':', '/', '?', '@', '#']).next().unwrap_or_default();
            write!(f, "{user}@")?;
        }
        f.write_str(rest.split(['?', '#']).next().unwrap_or_default())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::StoreLocation;

    #[rstest]
    #[case("postgres://me:secret@db.example:5433/runs", "postgres://me@db.example:5433/runs")]
    #[case("postgresql://me:secret@/runs?host=/run/secret", "postgresql://me@/runs")]
    #[case("postgres://db/runs?user=me&password=secret", "postgres://db/runs")]
    #[case("postgres://me:a@secret/b?c#d@db/runs", "postgres://me@db/runs")]
    #[case("postgres://me:a/secret@db/runs?password=b@secret/c", "postgres://me@secret/c")]
    #[case("postgres://:secret@db", "postgres://@db")]
    fn no_password_is_shown(#[case] url: &str, #[case] shown: &str) {
        let place = StoreLocation::from(std::ffi::OsString::from(url));
        assert_eq!(place.to_string(), shown);
        assert!(format!("{place:?}").contains(shown));
    }

    #[test]
    fn text_without_a_postgres_scheme_is_a_file() {
        for text in ["history.db", "/var/lib/postgres://x", "mysql://me:secret@db/runs"] {
            assert!(
                matches!(StoreLocation::from(std::ffi::OsString::from(text)), StoreLocation::File(_)),
                "{text}"
            );
        }
    }
}
