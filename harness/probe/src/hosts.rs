//! Resolves names with the container's `/etc/hosts`.
//!
//! A static binary has no system resolver that reads the container's configuration.

use std::fs;
use std::io;
use std::net::IpAddr;

/// The addresses of a name, in file order. Empty if the name is not in the file or the file does not exist.
pub(crate) fn addresses_of(name: &str) -> io::Result<Vec<IpAddr>> {
    match fs::read("/etc/hosts") {
        Ok(bytes) => Ok(addresses_in(&String::from_utf8_lossy(&bytes), name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn addresses_in(text: &str, name: &str) -> Vec<IpAddr> {
    let address = |line: &str| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    };
    text.lines().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const POD: &str = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n\
        ::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n10.244.0.9\tpair\n";

    #[test]
    fn the_hosts_file_of_a_pod_is_parsed() {
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
        assert_eq!(addresses_in(POD, "localhost"), loopback);
        assert_eq!(addresses_in(POD, "LocalHost"), loopback);
        assert_eq!(addresses_in(POD, "pair"), [IpAddr::from([10, 244, 0, 9])]);
    }

    #[test]
    fn a_name_that_is_not_in_the_file_has_no_address() {
        for text in
            ["", "127.0.0.1", "# 127.0.0.1 localhost", "127.0.0.1 local # localhost", "here localhost"]
        {
            assert!(addresses_in(text, "localhost").is_empty(), "{text}");
        }
    }
}
