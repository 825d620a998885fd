//! How this container finds names: servers, search list and dots, as its `/etc/resolv.conf` says.

use std::fs;
use std::io;
use std::net::IpAddr;

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The first server.
    pub(crate) server: Option<IpAddr>,
    search: Vec<String>,
    dots: usize,
}

impl Configuration {
    /// What the container's file says.
    pub(crate) fn load() -> io::Result<Self> {
        fs::read("/etc/resolv.conf").map(|bytes| Self::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// What is so without a file.
    pub(crate) fn empty() -> Self {
        Self { server: None, search: Vec::new(), dots: 1 }
    }

    fn parse(text: &str) -> Self {
        let mut found = Self::empty();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if found.server.is_none() => {
                    found.server = words.next().and_then(|word| word.parse().ok());
                }
                // The last of these lines counts.
                Some("search" | "domain") => found.search = words.map(String::from).collect(),
                Some("options") => {
                    for number in words.filter_map(|word| word.strip_prefix("ndots:")?.parse().ok()) {
                        found.dots = number;
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The full names to ask for, one after another.
    ///
    /// A name that ends in a dot is full. Any other is tried with every suffix of the search list, and as it
    /// is: first if it has enough dots, else last.
    pub(crate) fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.into()];
        }
        let mut names: Vec<String> =
            self.search.iter().map(|suffix| format!("{name}.{}.", suffix.trim_end_matches('.'))).collect();
        let enough = name.matches('.').count() >= self.dots;
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
    fn a_pods_file_is_read() {
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
    fn an_empty_file_leaves_the_name_as_it_is() {
        assert_eq!(Configuration::parse(""), Configuration::empty());
        assert_eq!(Configuration::parse("nameserver\noptions ndots:x\n"), Configuration::empty());
        assert_eq!(Configuration::empty().candidates("web"), ["web."]);
    }
}
