//! The small server and the small client.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use serde_json::json;

use crate::bench::{Running, report, run};

/// A server on a port of its own.
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
fn files_are_served_as_they_are_and_copies_as_they_were() {
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
fn nobody_there_is_an_answer_and_no_end() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let output = run(&format!("fetch --host 127.0.0.1 --port {port}"));
    assert!(output.status.success());
    let page = report(&output);
    assert_eq!([&page["ok"], &page["errno"]], [&json!(false), &json!("ECONNREFUSED")]);
}

#[test]
fn a_taken_port_is_a_failure() {
    let (_server, port) = serve("--text x");
    let second = run(&format!("serve --port {port} --bind 127.0.0.1 --text x"));
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(report(&second)["errno"], "EADDRINUSE");
}
