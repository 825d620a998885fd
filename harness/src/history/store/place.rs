//! Where a store is: in a file, or in a database.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file of SQLite.
    File(PathBuf),
    /// In a database of PostgreSQL.
    Database(Url),
}

/// The URL of a database. It may hold a password: what is shown of it never does.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// The whole of it.
    #[cfg(feature = "postgres")]
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl From<OsString> for Place {
    /// What begins like the URL of a database is one, all else is a file.
    fn from(words: OsString) -> Self {
        match words.into_string() {
            Ok(words) if words.starts_with("postgres://") || words.starts_with("postgresql://") => {
                Self::Database(Url(words))
            }
            Ok(words) => Self::File(words.into()),
            Err(words) => Self::File(words.into()),
        }
    }
}

impl From<&Path> for Place {
    fn from(file: &Path) -> Self {
        Self::File(file.to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Database(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for Url {
    /// Scheme, user, host and database. A password may stand before the last `@`, whatever else stands there by
    /// mistake, and in the parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", ""));
        let (who, rest) = match rest.rsplit_once('@') {
            Some((who, rest)) => (Some(who), rest),
            None => (None, rest),
        };
        write!(f, "{scheme}://")?;
        if let Some(who) = who {
            let user = who.split([':', '/', '?', '@', '#']).next().unwrap_or_default();
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

    use super::Place;

    #[rstest]
    #[case("postgres://me:secret@db.example:5433/runs", "postgres://me@db.example:5433/runs")]
    #[case("postgresql://me:secret@/runs?host=/run/secret", "postgresql://me@/runs")]
    #[case("postgres://db/runs?user=me&password=secret", "postgres://db/runs")]
    #[case("postgres://me:a@secret/b?c#d@db/runs", "postgres://me@db/runs")]
    #[case("postgres://me:a/secret@db/runs?password=b@secret/c", "postgres://me@secret/c")]
    #[case("postgres://:secret@db", "postgres://@db")]
    fn no_password_is_shown(#[case] url: &str, #[case] shown: &str) {
        let place = Place::from(std::ffi::OsString::from(url));
        assert_eq!(place.to_string(), shown);
        assert!(format!("{place:?}").contains(shown));
    }

    #[test]
    fn what_is_no_url_is_a_file() {
        for words in ["history.db", "/var/lib/postgres://x", "mysql://me:secret@db/runs"] {
            assert!(matches!(Place::from(std::ffi::OsString::from(words)), Place::File(_)), "{words}");
        }
    }
}
