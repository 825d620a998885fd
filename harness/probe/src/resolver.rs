//! The container's resolver configuration: nameserver, search list and `ndots` from `/etc/resolv.conf`.

use std::fs;
use std::io;
use std::net::IpAddr;

/// The settings that the probe uses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The first nameserver.
    pub(crate) server: Option<IpAddr>,
    search: Vec<String>,
    ndots: usize,
}

impl Configuration {
    /// Reads `/etc/resolv.conf`.
    pub(crate) fn load() -> io::Result<Self> {
        fs::read("/etc/resolv.conf").map(|bytes| Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// The defaults.
    pub(crate) fn empty() -> Self {
        Self { server: None, search: Vec::new(), ndots: 1 }
    }

    fn parse(text: &str) -> Self {
        let mut found = Self::empty();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if found.server.is_none() => {
                    found.server = words.next().and_then(|word| word.parse().ok());
                }
                // The last of these lines wins.
                Some("search" | "domain") => found.search = words.map(String::from).collect(),
                Some("options") => {
                    for number in words.filter_map(|word| word.strip_prefix("ndots:")?.parse().ok()) {
                        found.ndots = number;
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The full names to query, in order.
    ///
    /// A name with a trailing dot is fully qualified. Any other name is tried with each search suffix and as given:
    /// first if it has at least `ndots` dots, last if it has fewer.
    pub(crate) fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.into()];
        }
        let mut names: Vec<String> =
            self.search.iter().map(|suffix| format!("{name}.{}.", suffix.trim_end_matches('.'))).collect();
        let enough = name.matches('.').count() >= self.ndots;
        names.insert(if enough { 0 } else { names.len() }, format!("{name}."));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "search ns.svc.cluster.local svc.cluster.local\n\
        nameserver 10.96.0.10\nnameserver 8.8.8.8\n# no\noptions ndots:5 timeout:1\n";

    #[test]
    fn the_resolv_conf_of_a_pod_is_parsed() {
        let pod = Configuration::parse(POD);
        assert_eq!(pod.server, Some(IpAddr::from([10, 96, 0, 10])));
        assert_eq!(
            pod.candidates("web.ns"),
            ["web.ns.ns.svc.cluster.local.", "web.ns.svc.cluster.local.", "web.ns."]
        );
        assert_eq!(pod.candidates("a.b.c.d.e.f")[0], "a.b.c.d.e.f.");
        assert_eq!(pod.candidates("web."), ["web."]);
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(Configuration::parse(""), Configuration::empty());
        assert_eq!(Configuration::parse("nameserver\noptions ndots:x\n"), Configuration::empty());
        assert_eq!(Configuration::empty().candidates("web"), ["web."]);
    }
}
