//! Unix sockets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::support::{Running, own_number, report, run};

#[test]
fn a_socket_echoes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s");
    let abstract_name = format!("podproof-{}", own_number());
    for place in [format!("--path {}", path.display()), format!("--abstract {abstract_name}")] {
        let connect = || report(&run(&format!("sock-connect {place} --text hello")));
        let server = Running::start(&format!("sock-serve {place}"));
        assert_eq!(server.report()["state"], "listening");
        for _ in 0..2 {
            let seen = connect();
            assert_eq!(
                [&seen["ok"], &seen["connected"], &seen["echo"]],
                [&json!(true), &json!(true), &json!("hello")]
            );
        }
        let second = run(&format!("sock-serve {place}"));
        assert_eq!((second.status.code(), &report(&second)["errno"]), (Some(1), &json!("EADDRINUSE")));
        drop(server);
        let refused = connect();
        assert_eq!([&refused["ok"], &refused["connected"]], [true, false]);
        assert_eq!(refused["errno"], "ECONNREFUSED");
    }
    // The socket file of the dead server still exists.
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o777);
    let again = Running::start(&format!("sock-serve --path {} --unlink-first", path.display()));
    assert_eq!(again.report()["state"], "listening");
    let absent = report(&run("sock-connect --path /nowhere --text x"));
    assert_eq!(
        [&absent["ok"], &absent["connected"], &absent["errno"]],
        [&json!(true), &json!(false), &json!("ENOENT")]
    );
}

#[test]
fn a_socket_needs_either_a_path_or_an_abstract_name() {
    for wrong in ["sock-serve", "sock-serve --path /x --abstract x", "sock-serve --abstract x --unlink-first"]
    {
        assert_eq!(run(wrong).status.code(), Some(64), "{wrong}");
    }
    let long = report(&run(&format!("sock-connect --path /{} --text x", "x".repeat(200))));
    assert_eq!([&long["ok"], &long["connected"]], [false, false]);
}
