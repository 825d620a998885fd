//! The HTTP server and client.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use serde_json::json;

use crate::support::{Running, report, run};

/// Starts a server on a free port. Returns the port too.
fn serve(what: &str) -> (Running, u64) {
    let server = Running::start(&format!("serve --port 0 --bind 127.0.0.1 {what}"));
    let listening = server.report();
    assert_eq!(listening["state"], "listening");
    (server, listening["port"].as_u64().expect("a port"))
}

#[test]
fn a_text_is_served() {
    let (_server, port) = serve("--text canary");
    for _ in 0..3 {
        let page = report(&run(&format!("fetch --host 127.0.0.1 --port {port}")));
        assert_eq!(
            [&page["ok"], &page["status"], &page["body"]],
            [&json!(true), &json!(200), &json!("canary")]
        );
    }
}

#[test]
fn files_are_read_at_each_request_unless_cached() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = folder.path().join("index.html");
    fs::write(&index, "old").expect("written");
    let (_live, live) = serve(&format!("--root {}", folder.path().display()));
    let (_copy, copy) = serve(&format!("--root {} --cached", folder.path().display()));
    fs::write(&index, "new").expect("written");
    let get = |port, path| report(&run(&format!("fetch --host localhost --port {port} --path {path}")));
    assert_eq!(
        [&get(live, "/")["body"], &get(live, "/index.html")["body"], &get(copy, "/")["body"]],
        ["new", "new", "old"]
    );
    assert_eq!([&get(live, "/none")["status"], &get(live, "/../../etc/passwd")["status"]], [404, 404]);
}

#[test]
fn a_refused_connection_does_not_end_the_chain() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let output = run(&format!("fetch --host 127.0.0.1 --port {port}"));
    assert!(output.status.success());
    let page = report(&output);
    assert_eq!([&page["ok"], &page["errno"]], [&json!(false), &json!("ECONNREFUSED")]);
}

#[test]
fn fetch_retries_until_the_server_starts() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let client = Running::start(&format!("fetch --host 127.0.0.1 --port {port} --retry-for 60"));
    let server = Running::start(&format!("serve --port {port} --bind 127.0.0.1 --text late"));
    assert_eq!(server.report()["state"], "listening");
    assert_eq!(client.report()["body"], "late");
}

#[test]
fn a_port_in_use_is_a_failure() {
    let (_server, port) = serve("--text x");
    let second = run(&format!("serve --port {port} --bind 127.0.0.1 --text x"));
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(report(&second)["errno"], "EADDRINUSE");
}

#[test]
fn the_peer_address_is_returned_and_responses_are_counted() {
    let (server, port) = serve("--text me --peer");
    let many = report(&run(&format!("fetch --host 127.0.0.1 --port {port} --count 3")));
    assert_eq!([&many["ok"], &many["count"], &many["failures"]], [&json!(true), &json!(3), &json!(0)]);
    assert_eq!(many["bodies"], json!({ "me 127.0.0.1": 3 }));
    assert!(many.get("errno").is_none() && many.get("body").is_none());
    drop(server);
    let none = report(&run(&format!("fetch --host 127.0.0.1 --port {port} --count 2")));
    assert_eq!(
        [&none["ok"], &none["failures"], &none["errno"]],
        [&json!(true), &json!(2), &json!("ECONNREFUSED")]
    );
    assert_eq!(none["bodies"], json!({}));
    assert_eq!(run("fetch --host 127.0.0.1 --port 1 --count 0").status.code(), Some(64));
    assert_eq!(run("serve --port 0 --root / --peer").status.code(), Some(64));
}

#[test]
fn a_server_that_does_not_respond_is_eagain() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let page = report(&run(&format!("fetch --host 127.0.0.1 --port {port} --timeout-ms 100")));
    assert_eq!([&page["ok"], &page["errno"]], [&json!(false), &json!("EAGAIN")]);
}

#[test]
fn addresses_are_listed_with_their_interfaces() {
    let seen = report(&run("addresses"));
    let listed = seen["addresses"].as_array().expect("a list");
    assert_eq!(seen["count"].as_u64(), u64::try_from(listed.len()).ok());
    assert!(listed.contains(&json!({ "interface": "lo", "address": "127.0.0.1" })), "{seen}");
}

#[test]
fn a_server_on_all_addresses_responds_over_ipv4_and_ipv6() {
    let server = Running::start("serve --port 0 --text me --peer");
    let listening = server.report();
    let port = listening["port"].as_u64().expect("a port");
    let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert!(has_ipv6 || listening["bind"] == "0.0.0.0" || listening["bind"] == "::", "{listening}");
    for host in ["127.0.0.1", "::1"].into_iter().take(1 + usize::from(has_ipv6)) {
        let page = report(&run(&format!("fetch --host {host} --port {port}")));
        assert_eq!(page["body"], format!("me {host}"), "{page}");
    }
    let taken = run(&format!("serve --port {port} --text x"));
    assert_eq!((taken.status.code(), &report(&taken)["errno"]), (Some(1), &json!("EADDRINUSE")));
}

#[test]
fn a_name_is_resolved_with_etc_hosts() {
    let (_server, port) = serve("--text canary");
    let file = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let named = |line: &&str| line.split_whitespace().skip(1).any(|word| word == "localhost");
    let addresses: Vec<_> =
        file.lines().filter(named).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(addresses.contains(&"127.0.0.1"), "{file}");
    let page = report(&run(&format!("fetch --host localhost --port {port}")));
    assert_eq!([&page["host"], &page["body"]], ["localhost", "canary"]);
    assert_eq!(page["addresses"], json!(addresses));
    let nobody = report(&run(&format!("fetch --host nobody.invalid --port {port}")));
    assert_eq!([&nobody["ok"], &nobody["addresses"]], [&json!(false), &json!([])]);
    assert!(nobody.get("errno").is_none(), "{nobody}");
    assert_eq!(run("fetch --host no/name --port 1").status.code(), Some(64));
}
