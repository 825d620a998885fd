//! Which proxy leads to a server, as kubectl chooses it.
//!
//! `proxy-url` of the cluster comes first; else the environment says it by the rules of Go's `httpproxy`. A server on
//! this very host is always reached directly.

use std::env;
use std::net::IpAddr;

use http::Uri;

use crate::redact::redacted;

/// What the environment says of proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    /// For servers with TLS: `HTTPS_PROXY`.
    https: Option<String>,
    /// For servers without: `HTTP_PROXY`.
    http: Option<String>,
    /// The servers that are reached directly: `NO_PROXY`.
    none: String,
}

impl Proxies {
    /// What this process's environment says.
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

    /// The proxy for `server`, given the `proxy-url` of its cluster; an error says what is wrong with it.
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
        if self.none.split(',').any(|rule| excepts(rule, &host, address, port)) {
            return Ok(None);
        }
        proxy(named).map(Some).map_err(|why| format!("{variable} {why}"))
    }
}

/// The address of a proxy; without a scheme it is one for HTTP.
fn proxy(named: &str) -> Result<Uri, String> {
    let whole = if named.contains("://") { named.to_owned() } else { format!("http://{named}") };
    // For Go both leave the look-up of names to the proxy.
    let whole = whole.strip_prefix("socks5h://").map_or(whole.clone(), |rest| format!("socks5://{rest}"));
    let shown = redacted(&whole).into_owned();
    let uri = whole.parse::<Uri>().map_err(|error| format!("`{shown}` is no URL: {error}"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(format!("`{shown}` has no host"));
    }
    match (uri.scheme_str(), uri.port()) {
        (Some("http" | "https"), _) | (Some("socks5"), Some(_)) => Ok(uri),
        // Nothing else knows the usual port.
        (Some("socks5"), None) => {
            let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
            format!("socks5://{authority}:1080/").parse().map_err(|_| format!("`{shown}` is no URL"))
        }
        _ => Err(format!("`{shown}` is of another kind than http, https and socks5")),
    }
}

/// Whether a rule of `NO_PROXY` is about this server.
fn excepts(rule: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
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
        // Of a domain only what is below it.
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

/// `name:443`, `[::1]:443`, `[::1]`, or an address or a name without a port.
fn with_port(rule: &str) -> (&str, Option<u16>) {
    let bare = |text: &str| !text.contains(':') || text.ends_with(']');
    match rule.rsplit_once(':') {
        Some((name, port)) if bare(name) && port.parse::<u16>().is_ok() => {
            (name.trim_matches(['[', ']']), port.parse().ok())
        }
        _ => (rule.trim_matches(['[', ']']), None),
    }
}

/// Whether the first `bits` of two addresses are the same.
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

/// Whether two numbers are the same but for their last `ignored` bits.
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
    fn this_host_is_always_reached_directly(#[case] server: &str) {
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
    fn the_environment_says_which(
        #[case] variables: &[(&str, &str)],
        #[case] server: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(chosen(&proxies(variables), server, None).as_deref(), expected);
    }

    #[test]
    fn what_the_kubeconfig_says_comes_first_and_knows_no_exceptions() {
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
    fn names_are_excepted(#[case] none: &str, #[case] direct: bool) {
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
    fn addresses_are_excepted(#[case] host: &str, #[case] none: &str, #[case] direct: bool) {
        let proxies = proxies(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", none)]);
        assert_eq!(chosen(&proxies, &format!("https://{host}:6443"), None).is_none(), direct);
    }

    #[rstest]
    #[case(
        "ftp://me:secret@p",
        "HTTPS_PROXY `ftp://me:***@p` is of another kind than http, https and socks5"
    )]
    #[case("http://", "HTTPS_PROXY `http://` is no URL: empty string")]
    fn a_proxy_that_cannot_be_is_named_without_its_password(#[case] named: &str, #[case] expected: &str) {
        let proxies = proxies(&[("HTTPS_PROXY", named)]);
        assert_eq!(proxies.choose(&"https://api".parse().unwrap(), None).unwrap_err(), expected);
    }
}
