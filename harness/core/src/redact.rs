//! Removes secrets from the messages of errors and programs before they are shown or stored.

use std::borrow::Cow;

/// The replacement for a secret.
const HIDDEN: &str = "***";

/// Prefixes of client errors that quote all arguments and output of a credential plugin.
const QUOTES_PLUGIN: [&str; 2] = ["auth exec command '", "failed to parse auth exec output"];

/// Name endings whose values are secrets: `--client-secret=…`, `access_token: …`.
const SECRET_NAMES: [&str; 10] = [
    "key-data",
    "token",
    "password",
    "passwd",
    "secret",
    "apikey",
    "api-key",
    "api_key",
    "accesskey",
    "credential",
];

/// Prefixes of well-known kinds of tokens.
const TOKEN_STARTS: [&str; 9] =
    ["eyJ", "k8s-aws-v1.", "ya29.", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-"];

/// Replaces everything that looks like a secret: passwords in URLs, tokens, and values with a name such as `password`.
///
/// Every error of a client or a program must pass through here when it becomes text. Idempotent.
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    let cut = QUOTES_PLUGIN.iter().filter_map(|start| Some(text.find(start)? + start.len())).min();
    let text = match cut {
        Some(end) => Cow::Owned(format!("{}{HIDDEN}", &text[..end])),
        None => Cow::Borrowed(text),
    };
    let mut spans = secrets(&text);
    if spans.is_empty() {
        return text;
    }
    spans.sort_unstable();
    let (mut clean, mut from) = (String::with_capacity(text.len()), 0);
    for (start, end) in spans {
        if start >= from {
            clean.push_str(&text[from..start]);
            clean.push_str(HIDDEN);
        }
        from = from.max(end);
    }
    clean.push_str(&text[from..]);
    Cow::Owned(clean)
}

/// The byte ranges of all secrets.
fn secrets(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        found.extend(password_in_url(text, at + 3));
    }
    let mut before = "";
    for (start, word) in words(text) {
        let end = start + word.len();
        if is_token(word) || (announces(before) && looks_random(word)) {
            found.push((start, end));
        }
        before = word;
    }
    for (at, _) in text.match_indices(['=', ':']) {
        found.extend(value_of_secret(text, at));
    }
    found
}

/// The password of `user:password@` after a scheme.
fn password_in_url(text: &str, start: usize) -> Option<(usize, usize)> {
    let ends = |c: char| c.is_whitespace() || "/?#\"'<>`\\".contains(c);
    let authority = text[start..].split(ends).next()?;
    let user = &authority[..authority.rfind('@')?];
    let colon = user.find(':')?;
    (colon + 1 < user.len()).then_some((start + colon + 1, start + user.len()))
}

/// The words made of characters that tokens may contain, with their positions.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.~+/".contains(c);
    let start_of = move |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split(move |c| !is_part(c)).filter(|word| !word.is_empty()).map(move |word| (start_of(word), word))
}

fn is_token(word: &str) -> bool {
    TOKEN_STARTS.iter().any(|start| word.starts_with(start) && word.len() >= start.len() + 12)
}

/// True if the next word is a credential.
fn announces(word: &str) -> bool {
    ["bearer", "basic"].contains(&word.to_ascii_lowercase().as_str())
}

/// True if a word does not look like natural language.
fn looks_random(word: &str) -> bool {
    let has = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
    let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && word.len() >= 16;
    word.len() >= 6 && (has(char::is_ascii_digit) || mixed)
}

/// The value after the `=` or `:` at `at`, if the name before it denotes a secret.
fn value_of_secret(text: &str, at: usize) -> Option<(usize, usize)> {
    let quotes = ['"', '\'', '\\'];
    let before = text[..at].trim_end_matches(quotes);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name = before.rsplit(|c| !is_name(c)).next()?.to_ascii_lowercase();
    if !SECRET_NAMES.iter().any(|secret| name.ends_with(secret)) {
        return None;
    }
    let rest = &text[at + 1..];
    let said = rest.trim_start_matches(' ');
    let quote = opening_quote(said);
    let value = match quote {
        Some(quote) => until_closed(&said[quote.len()..], quote),
        None => {
            said.split(|c: char| quotes.contains(&c) || c.is_whitespace() || ",;&)}]".contains(c)).next()?
        }
    };
    let start = at + 1 + rest.len() - said.len() + quote.map_or(0, str::len);
    // `the token: not accepted` is a sentence, `"token": "…"` and `token=…` are not.
    let is_value = text[at..].starts_with('=') || before.len() < at || quote.is_some() || looks_random(value);
    (!value.is_empty() && is_value).then_some((start, start + value.len()))
}

/// The quote at the start of a value, including the escapes before it if the whole text is quoted.
fn opening_quote(said: &str) -> Option<&str> {
    let escapes = said.len() - said.trim_start_matches('\\').len();
    said[escapes..].starts_with(['"', '\'']).then(|| &said[..=escapes])
}

/// The value up to its closing quote. A quote with another number of escapes is part of the value.
fn until_closed<'t>(value: &'t str, quote: &str) -> &'t str {
    let escapes = quote.len() - 1;
    let closes = |at: usize| {
        let run = at - value[..at].trim_end_matches('\\').len();
        // Each level of quoting doubles the backslashes and adds one.
        (run % (2 * quote.len()) == escapes).then(|| at - escapes)
    };
    let end = value.match_indices(&quote[escapes..]).find_map(|(at, _)| closes(at));
    &value[..end.unwrap_or(value.len())]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::redacted;

    #[rstest]
    #[case(
        "connect to http://me:pa%40ss@proxy:3128/x failed",
        "connect to http://me:***@proxy:3128/x failed"
    )]
    #[case("\"socks5://u:p@ss@h\" is bad", "\"socks5://u:***@h\" is bad")]
    #[case("Authorization: Bearer AbCd1234ef", "Authorization: Bearer ***")]
    #[case("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl from it", "got *** from it")]
    #[case("k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdz", "***")]
    #[case("./x --oidc-client-secret=ARG-SECRET y", "./x --oidc-client-secret=*** y")]
    #[case("AAD_CLIENT_SECRET=\"ENV SECRET\" \"x\"", "AAD_CLIENT_SECRET=\"***\" \"x\"")]
    #[case("{\"token\":\"SECRET-TOKEN-1\",\"a\":1}", "{\"token\":\"***\",\"a\":1}")]
    #[case("  token: SECRET-TOKEN-2\n  other: x", "  token: ***\n  other: x")]
    #[case("{\\\"password\\\": \\\"a b\\\"}", "{\\\"password\\\": \\\"***\\\"}")]
    #[case("{\"token\": 12345, \"user\": \"me\"}", "{\"token\": ***, \"user\": \"me\"}")]
    #[case("{\"token\":\"\",\"a\":\"b c\"}", "{\"token\":\"\",\"a\":\"b c\"}")]
    #[case("{\"password\": \"a\\\"b\", \"x\": 1}", "{\"password\": \"***\", \"x\": 1}")]
    #[case("{\\\"password\\\": \\\"a\\\\\\\"b\\\", 1}", "{\\\"password\\\": \\\"***\\\", 1}")]
    #[case("{\"password\":\"a\\\\\",\"x\":\"b\"}", "{\"password\":\"***\",\"x\":\"b\"}")]
    #[case("password='it\"s it' x", "password='***' x")]
    #[case("the \"token\": not accepted by me", "the \"token\": *** accepted by me")]
    #[case("https://h/?access_token=abc&x=1", "https://h/?access_token=***&x=1")]
    #[case("auth exec command 'A=\"B\" \"x\"' failed with status: stdout", "auth exec command '***")]
    fn secrets_are_hidden(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(redacted(text), expected);
        assert_eq!(redacted(expected), expected, "once more");
    }

    #[rstest]
    #[case("token expired")]
    #[case("get the token: permission denied")]
    #[case("mount the secret: Secret not found")]
    #[case("read the token: /var/run/secrets/token is empty")]
    #[case("the server has asked for the client to provide credentials (Unauthorized)")]
    #[case("secrets \"x\" is forbidden: User \"a@b.org\" cannot get resource")]
    #[case("use basic authentication or a bearer token")]
    #[case("docker.io/library/nginx@sha256:0123456789abcdef")]
    #[case("https://127.0.0.1:6443/api?timeout=5s")]
    #[case("https://user@host and https://user:@host")]
    #[case("größe ä=ö: ü://")]
    fn text_without_secrets_stays_unchanged(#[case] text: &str) {
        assert_eq!(redacted(text), text);
    }
}
