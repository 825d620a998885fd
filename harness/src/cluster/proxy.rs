//! Chooses the proxy for a server like kubectl does.
//!
//! The cluster's `proxy-url` has precedence over the environment variables, which are interpreted by the rules of Go's
//! `httpproxy` package. Servers on this host are always accessed directly.

use std::env;
use std::net::IpAddr;

use http::Uri;

use podproof_core::redact::redacted;

/// The proxy settings of the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    /// The proxy for HTTPS servers: `HTTPS_PROXY`.
    https: Option<String>,
    /// The proxy for HTTP servers: `HTTP_PROXY`.
    http: Option<String>,
    /// The servers without a proxy: `NO_PROXY`.
    none: String,
}

impl Proxies {
    /// Reads the settings of this process.
    pub(super) fn from_environment() -> Self {
        Self::from_variables(|name| env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |upper: &str| {
            let names = [upper.to_owned(), upper.to_lowercase()];
            names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()))
        };
        Self {
            https: either("HTTPS_PROXY"),
            http: either("HTTP_PROXY"),
            none: either("NO_PROXY").unwrap_or_default(),
        }
    }

    /// Returns the proxy for `server`. `of_cluster` is the cluster's `proxy-url`. Fails if the setting is invalid.
    pub(super) fn choose(&self, server: &Uri, of_cluster: Option<&str>) -> Result<Option<Uri>, String> {
        let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
        let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return Ok(None);
        }
        if let Some(named) = of_cluster.filter(|named| !named.is_empty()) {
            return proxy(named).map(Some).map_err(|why| format!("its proxy-url {why}"));
        }
        let has_tls = server.scheme_str() != Some("http");
        let (variable, named) =
            if has_tls { ("HTTPS_PROXY", &self.https) } else { ("HTTP_PROXY", &self.http) };
        let Some(named) = named else { return Ok(None) };
        let port = server.port_u16().unwrap_or(if has_tls { 443 } else { 80 });
        if self.none.split(',').any(|rule| matches_rule(rule, &host, address, port)) {
            return Ok(None);
        }
        proxy(named).map(Some).map_err(|why| format!("{variable} {why}"))
    }
}

/// Parses the address of a proxy; the default scheme is `http`.
fn proxy(named: &str) -> Result<Uri, String> {
    let whole = if named.contains("://") { named.to_owned() } else { format!("http://{named}") };
    // In Go, both schemes leave name resolution to the proxy.
    let whole = whole.strip_prefix("socks5h://").map_or(whole.clone(), |rest| format!("socks5://{rest}"));
    let shown = redacted(&whole).into_owned();
    let uri = whole.parse::<Uri>().map_err(|error| format!("`{shown}` is not a URL: {error}"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(format!("`{shown}` has no host"));
    }
    match (uri.scheme_str(), uri.port()) {
        (Some("http" | "https"), _) | (Some("socks5"), Some(_)) => Ok(uri),
        // Add the default port, which the HTTP client does not know.
        (Some("socks5"), None) => {
            let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
            format!("socks5://{authority}:1080/").parse().map_err(|_| format!("`{shown}` is not a URL"))
        }
        _ => Err(format!("`{shown}` has a scheme other than http, https and socks5")),
    }
}

/// Returns whether a rule of `NO_PROXY` matches the server.
fn matches_rule(rule: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    let rule = rule.trim().to_lowercase();
    if rule == "*" {
        return true;
    }
    if let Some((network, bits)) = rule.split_once('/') {
        let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse()) else { return false };
        return address.is_some_and(|address| contains(network, bits, address));
    }
    let (name, its_port) = with_port(&rule);
    if name.is_empty() || its_port.is_some_and(|its_port| its_port != port) {
        return false;
    }
    if let Ok(its_address) = name.parse::<IpAddr>() {
        return address == Some(its_address.to_canonical());
    }
    match name.strip_prefix("*.").or_else(|| name.strip_prefix('.')) {
        // Matches subdomains only.
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// Splits `name:443`, `[::1]:443`, `[::1]`, or a name or address without a port.
fn with_port(rule: &str) -> (&str, Option<u16>) {
    let bare = |text: &str| !text.contains(':') || text.ends_with(']');
    match rule.rsplit_once(':') {
        Some((name, port)) if bare(name) && port.parse::<u16>().is_ok() => {
            (name.trim_matches(['[', ']']), port.parse().ok())
        }
        _ => (rule.trim_matches(['[', ']']), None),
    }
}

/// Returns whether `address` is in the network with a prefix of `bits` bits.
fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            bits <= 32 && same(network.to_bits().into(), address.to_bits().into(), 32 - bits)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            bits <= 128 && same(network.to_bits(), address.to_bits(), 128 - bits)
        }
        _ => false,
    }
}

/// Compares two numbers without their lowest `ignored` bits.
fn same(one: u128, other: u128, ignored: u32) -> bool {
    ignored == 128 || one >> ignored == other >> ignored
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
        Proxies::from_variables(|name| find(name).map(ToString::to_string))
    }

    fn chosen(proxies: &Proxies, server: &str, of_cluster: Option<&str>) -> Option<String> {
        let chosen = proxies.choose(&server.parse().unwrap(), of_cluster).unwrap();
        chosen.map(|uri| uri.to_string())
    }

    #[rstest]
    #[case("https://127.0.0.1:6443")]
    #[case("https://127.9.9.9")]
    #[case("https://localhost:6443")]
    #[case("https://[::1]:6443")]
    #[case("https://[::ffff:127.0.0.1]")]
    #[case("http://LOCALHOST")]
    fn this_host_is_always_accessed_directly(#[case] server: &str) {
        let all = proxies(&[("HTTPS_PROXY", "http://p:1"), ("HTTP_PROXY", "http://p:2")]);
        assert_eq!(chosen(&all, server, None), None);
        assert_eq!(chosen(&all, server, Some("http://of.cluster:3")), None);
    }

    #[rstest]
    #[case(&[("HTTPS_PROXY", "http://p:1")], "https://api:6443", Some("http://p:1/"))]
    #[case(&[("https_proxy", "http://p:1")], "https://api:6443", Some("http://p:1/"))]
    #[case(&[("HTTPS_PROXY", ""), ("https_proxy", "http://p:1")], "https://api", Some("http://p:1/"))]
    #[case(&[("HTTPS_PROXY", "http://p:1"), ("https_proxy", "http://q")], "https://api", Some("http://p:1/"))]
    #[case(&[("HTTPS_PROXY", "p:1")], "https://api", Some("http://p:1/"))]
    #[case(&[("HTTPS_PROXY", "socks5://p")], "https://api", Some("socks5://p:1080/"))]
    #[case(&[("HTTPS_PROXY", "socks5h://p:9")], "https://api", Some("socks5://p:9/"))]
    #[case(&[("HTTP_PROXY", "http://p:1")], "https://api", None)]
    #[case(&[("HTTP_PROXY", "http://p:1")], "http://api", Some("http://p:1/"))]
    #[case(&[("HTTPS_PROXY", "http://p:1")], "http://api", None)]
    #[case(&[], "https://api", None)]
    fn the_environment_selects_the_proxy(
        #[case] variables: &[(&str, &str)],
        #[case] server: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(chosen(&proxies(variables), server, None).as_deref(), expected);
    }

    #[test]
    fn the_proxy_url_of_the_cluster_overrides_no_proxy() {
        let proxies = proxies(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "*")]);
        assert_eq!(chosen(&proxies, "https://api", Some("http://own:2")).as_deref(), Some("http://own:2/"));
        assert_eq!(chosen(&proxies, "https://api", Some("")), None);
    }

    #[rstest]
    #[case("api.example.org", true)]
    #[case("API.Example.ORG", true)]
    #[case("example.org", true)]
    #[case(".example.org", true)]
    #[case("*.example.org", true)]
    #[case("xample.org", false)]
    #[case(".api.example.org", false)]
    #[case("example.com, ,api.example.org,", true)]
    #[case("*", true)]
    #[case("api.example.org:6443", true)]
    #[case("api.example.org:443", false)]
    #[case("<local>,no/host,[", false)]
    #[case("", false)]
    fn no_proxy_matches_names(#[case] none: &str, #[case] direct: bool) {
        let proxies = proxies(&[("HTTPS_PROXY", "http://p:1"), ("no_proxy", none)]);
        assert_eq!(chosen(&proxies, "https://api.example.org:6443", None).is_none(), direct);
    }

    #[rstest]
    #[case("10.1.2.3", "10.1.2.3", true)]
    #[case("10.1.2.3", "10.1.2.3:6443", true)]
    #[case("10.1.2.3", "10.1.2.3:443", false)]
    #[case("10.1.2.3", "10.0.0.0/8", true)]
    #[case("10.1.2.3", "0.0.0.0/0", true)]
    #[case("10.1.2.3", "10.1.2.4/31", false)]
    #[case("10.1.2.3", "10.0.0.0/33", false)]
    #[case("[fd00::5]", "fd00::5", true)]
    #[case("[fd00::5]", "[fd00::5]:6443", true)]
    #[case("[fd00::5]", "fd00::/8", true)]
    #[case("[fd00::5]", "10.0.0.0/8", false)]
    fn no_proxy_matches_addresses(#[case] host: &str, #[case] none: &str, #[case] direct: bool) {
        let proxies = proxies(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", none)]);
        assert_eq!(chosen(&proxies, &format!("https://{host}:6443"), None).is_none(), direct);
    }

    #[rstest]
    #[case(
        "ftp://me:secret@p",
        "HTTPS_PROXY `ftp://me:***@p` has a scheme other than http, https and socks5"
    )]
    #[case("http://", "HTTPS_PROXY `http://` is not a URL: empty string")]
    fn an_invalid_proxy_is_reported_without_its_password(#[case] named: &str, #[case] expected: &str) {
        let proxies = proxies(&[("HTTPS_PROXY", named)]);
        assert_eq!(proxies.choose(&"https://api".parse().unwrap(), None).unwrap_err(), expected);
    }
}
