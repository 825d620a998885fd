//! Why a drive cannot go on.

use std::error::Error;
use std::iter::successors;
use std::time::Duration;

use kube::client::AuthError;
use thiserror::Error;

/// What is said instead of what a failed way to credentials says.
const NO_CREDENTIALS: &str = "no credentials for the API server could be obtained";

/// Why a drive cannot go on. Never a verdict: what was seen until then is judged.
#[derive(Debug, Error)]
pub enum Blocked {
    /// What was awaited had not come when the budget ran out.
    #[error("{what} did not come in {} s; last seen: {last}", waited.as_secs())]
    TimedOut {
        /// What was awaited.
        what: String,
        /// How long.
        waited: Duration,
        /// The last state seen.
        last: String,
    },
    /// What was awaited cannot come any more.
    #[error("{what} cannot come: {why}")]
    Hopeless {
        /// What was awaited.
        what: String,
        /// Why it cannot come.
        why: String,
    },
    /// Observing broke.
    #[error("{what} could not be observed: {why}")]
    Unobserved {
        /// What was awaited.
        what: String,
        /// Why not.
        why: String,
    },
    /// The run was interrupted.
    #[error("interrupted")]
    Interrupted,
    /// The drive panicked: a fault of the case.
    #[error("the drive panicked")]
    Panicked,
    /// The API server refused something.
    #[error("{action}: {}", brief(source))]
    Api {
        /// What was asked for.
        action: String,
        /// What it said.
        source: Box<kube::Error>,
    },
    /// The API server did not answer in time.
    #[error("{action}: no answer in {} s", waited.as_secs())]
    Silent {
        /// What was asked for.
        action: String,
        /// How long.
        waited: Duration,
    },
    /// A command in a container did not end as it must for the drive to go on.
    #[error("command {label}: {problem}")]
    Exec {
        /// The drive's name for it.
        label: String,
        /// What went wrong.
        problem: String,
    },
    /// The nodes of this cluster cannot be treated in this way.
    #[error("there is no way to {what}")]
    NoDoor {
        /// What was asked for.
        what: String,
    },
    /// The manifest does not hold what the drive needs.
    #[error("the manifest has no object named `{name}`")]
    NoObject {
        /// The name.
        name: String,
    },
    /// The manifest holds something that this program does not know how to apply.
    #[error("object `{name}` of the manifest is of a kind that is not applied here")]
    UnknownKind {
        /// The name.
        name: String,
    },
}

impl Blocked {
    /// Why a request failed, without what it was for.
    pub(super) fn of_request(&self) -> String {
        match self {
            Self::Api { source, .. } => brief(source),
            Self::Silent { waited, .. } => format!("no answer in {} s", waited.as_secs()),
            other => other.to_string(),
        }
    }
}

/// The API server's own words without the structure around them, or what broke and why.
fn brief(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => without_passwords(&format!("{} ({})", status.message, status.code)),
        other => with_causes(other),
    }
}

/// An error and its causes. What a program says that was to give credentials may hold them, and is left out.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let chain = || successors(Some(error), |&error| error.source());
    if chain().any(<dyn Error>::is::<AuthError>) {
        return NO_CREDENTIALS.to_owned();
    }
    let mut text = String::new();
    for error in chain() {
        let said = error.to_string();
        // Many errors repeat their cause.
        if !text.contains(&said) {
            let colon = if text.is_empty() { "" } else { ": " };
            text = text + colon + &said;
        }
    }
    without_passwords(&text)
}

/// The same text without what stands before the `@` of a URL.
fn without_passwords(text: &str) -> String {
    const SCHEME_ENDS: &str = "://";
    let mut parts = text.split(SCHEME_ENDS);
    let mut safe = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = part.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(part.len());
        let user_ends = part[..ends].rfind('@').map_or(0, |at| at + 1);
        safe = safe + SCHEME_ENDS + &part[user_ends..];
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::io;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("connect to http://user:secret@proxy:3128/: refused", "connect to http://proxy:3128/: refused")]
    #[case("two: https://a@b, socks5://c:d@e", "two: https://b, socks5://e")]
    #[case("no scheme a:b@c", "no scheme a:b@c")]
    #[case("https://host/path@v1", "https://host/path@v1")]
    #[case("https://u:p@", "https://")]
    fn a_url_is_shown_without_its_user(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(without_passwords(text), shown);
    }

    #[test]
    fn what_broke_is_said_with_its_cause() {
        #[derive(Debug, Error)]
        #[error("client error (SendRequest)")]
        struct Outer(#[source] io::Error);
        let cause = io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by http://u:p@x");
        let error = kube::Error::Service(Box::new(Outer(cause)));
        let said = "ServiceError: client error (SendRequest): connection reset by http://x";
        assert_eq!(brief(&error), said);
    }

    #[test]
    fn what_a_program_for_credentials_says_is_not_shown() {
        let error = kube::Error::Auth(AuthError::AuthExec("token=secret".to_owned()));
        assert_eq!(brief(&error), NO_CREDENTIALS);
        let inside = kube::Error::Service(Box::new(AuthError::AuthExec("token=secret".to_owned())));
        assert_eq!(brief(&inside), NO_CREDENTIALS);
    }
}
