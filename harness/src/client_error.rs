//! Messages for errors of the Kubernetes client: one sentence with its causes, without secrets.

use std::error::Error as StdError;
use std::fmt::Write as _;

use kube::client::AuthError;

use podproof_core::redact::redacted;

/// The number of last lines of a credential plugin's stderr that are shown.
const SHOWN_LINES: usize = 5;
/// The number of characters of each of these lines that are shown.
const SHOWN_CHARACTERS: usize = 300;

/// An error of the Kubernetes client as a message without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ClientError(String);

impl From<kube::Error> for ClientError {
    fn from(error: kube::Error) -> Self {
        Self(in_words(&error))
    }
}

impl From<kube::config::KubeconfigError> for ClientError {
    fn from(error: kube::config::KubeconfigError) -> Self {
        Self(with_causes(&error))
    }
}

/// The message of a client error, with its causes: the API server's message, or the name and last output of a plugin.
#[must_use]
pub fn in_words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => {
            let said = if status.message.is_empty() { &status.reason } else { &status.message };
            redacted(&format!("{} ({})", said.trim(), status.code)).into_owned()
        }
        other => with_causes(other),
    }
}

/// An error and its causes, each once. Errors of a credential plugin are described without its arguments and output.
#[must_use]
pub fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut causes: Vec<&(dyn StdError + 'static)> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    let auth = causes.iter().find_map(|cause| match cause.downcast_ref::<kube::Error>() {
        Some(kube::Error::Auth(auth)) => Some(auth),
        _ => cause.downcast_ref::<AuthError>(),
    });
    if let Some(said) = auth.and_then(plugin) {
        return said;
    }
    let mut text = String::new();
    for cause in causes {
        let said = cause.to_string();
        if text.is_empty() {
            text = said;
        } else if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
    }
    redacted(&text).into_owned()
}

/// Describes the failure of a credential plugin: its name, its exit and its last lines of stderr, but neither its
/// arguments nor its stdout.
fn plugin(error: &AuthError) -> Option<String> {
    match error {
        AuthError::AuthExecRun { cmd, out } => {
            let name = program_of(cmd);
            let mut text = match out.status.code() {
                Some(code) => format!("the credential plugin `{name}` ended with exit code {code}"),
                None => format!("the credential plugin `{name}` was ended by a signal"),
            };
            let said = String::from_utf8_lossy(&out.stderr);
            let lines: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
                let line: String = redacted(line).chars().take(SHOWN_CHARACTERS).collect();
                // Writing into a string cannot fail.
                let _ = write!(text, ": {line}");
            }
            Some(text)
        }
        AuthError::AuthExecParse(_) => {
            Some("the credential plugin's output is not an ExecCredential".to_owned())
        }
        AuthError::MalformedTokenExpirationDate(_) => {
            Some("the credential plugin's output has an invalid expiry time".to_owned())
        }
        AuthError::AuthExecStart(source) => {
            Some(format!("the credential plugin could not be started: {source}"))
        }
        _ => None,
    }
}

/// The program of a command in the `Debug` format of the standard library: `NAME="value" "program" "argument"`.
fn program_of(command: &str) -> String {
    let mut rest = command.trim_start();
    loop {
        let Some((name, quoted)) = rest.split_once('"') else {
            // Another format: only the first word can be the name.
            return redacted(rest.split_whitespace().next().unwrap_or_default()).into_owned();
        };
        let Some(end) = closing(quoted) else { return "unknown".to_owned() };
        if !name.trim_end().ends_with('=') {
            return quoted[..end].to_owned();
        }
        rest = quoted[end + 1..].trim_start();
    }
}

/// The position of the next quotation mark that is not escaped.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{ExitStatus, Output};

    use kube::core::Status;
    use rstest::rstest;

    use super::*;

    #[test]
    fn an_api_error_becomes_one_sentence() {
        let status =
            Status::failure("nodes is forbidden: User \"x\" cannot list", "Forbidden").with_code(403);
        let said = in_words(&kube::Error::Api(status.boxed()));
        assert_eq!(said, "nodes is forbidden: User \"x\" cannot list (403)");
    }

    #[test]
    fn a_failed_plugin_shows_only_its_name_its_exit_code_and_its_last_lines() {
        let command =
            r#"A_SECRET="x \" \"fake\" y" KUBERNETES_EXEC_INFO="{\"a\":1}" "./plug in.sh" "--secret=ARG""#;
        let out = Output {
            status: ExitStatus::from_raw(3 << 8),
            stdout: b"OUT".to_vec(),
            stderr: b"token expired\n\npassword=ERR\n".to_vec(),
        };
        let error = AuthError::AuthExecRun { cmd: command.to_owned(), out: Box::new(out) };
        let said = in_words(&kube::Error::Auth(error));
        let expected =
            "the credential plugin `./plug in.sh` ended with exit code 3: token expired: password=***";
        assert_eq!(said, expected);
    }

    #[test]
    fn a_plugin_is_found_behind_other_errors() {
        let out = Output { status: ExitStatus::from_raw(1 << 8), stdout: Vec::new(), stderr: Vec::new() };
        let error = AuthError::AuthExecRun { cmd: "\"p\" \"ARG-SECRET\"".to_owned(), out: Box::new(out) };
        let said = in_words(&kube::Error::Service(Box::new(error)));
        assert_eq!(said, "the credential plugin `p` ended with exit code 1");
    }

    #[rstest]
    #[case("\"a\"", "a")]
    #[case("gcloud config --secret x", "gcloud")]
    #[case("A=\"unfinished", "unknown")]
    fn programs_are_named(#[case] command: &str, #[case] expected: &str) {
        assert_eq!(program_of(command), expected);
    }
}
