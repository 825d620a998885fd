//! `podproof sweep` on a cluster with its own clock.

use podproof_tests::{Ended, kubeconfig, podproof, run};
use serde_json::json;

use crate::facts::{Request, answer_basics, ok, serve};

/// A cluster where it is noon, with the namespaces of two runs: one made at ten, one a second later.
#[expect(clippy::unnecessary_wraps, reason = "the fake server may also give no answer")]
fn noon(request: &Request) -> Option<(u16, String)> {
    let namespace = |run: &str, created: &str| {
        let labels = json!({ "podproof.local/run": run, "podproof.local/lifetime": "7200" });
        json!({ "metadata": { "name": format!("podproof-{run}"), "labels": labels, "creationTimestamp": created } })
    };
    let of_runs =
        request.line.starts_with("GET /api/v1/namespaces?") && request.line.contains("podproof.local");
    Some(if of_runs {
        ok(&json!({ "kind": "NamespaceList", "apiVersion": "v1", "metadata": {}, "items": [
            namespace("killed", "2026-11-29T10:00:00Z"), namespace("going-on", "2026-11-29T10:00:01Z"),
        ] }))
    } else {
        answer_basics(request)
    })
}

/// A cluster where no run has a namespace.
#[expect(clippy::unnecessary_wraps, reason = "the fake server may also give no answer")]
fn without_namespaces(request: &Request) -> Option<(u16, String)> {
    Some(if request.line.starts_with("GET /api/v1/namespaces?") {
        ok(&json!({ "kind": "NamespaceList", "apiVersion": "v1", "metadata": {}, "items": [] }))
    } else {
        answer_basics(request)
    })
}

fn swept(answer: fn(&Request) -> Option<(u16, String)>, args: &[&str]) -> Ended {
    let (server, _requests) = serve(answer);
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = kubeconfig(folder.path(), &server);
    run(podproof(["sweep", "--context", "x", "--dry-run"]).args(args).env("KUBECONFIG", kubeconfig))
}

#[test]
fn the_clock_of_the_cluster_decides_what_has_expired() {
    // The clock of this host shows another time.
    let ended = swept(noon, &[]).exits(0);
    assert_eq!(ended.stdout, "WOULD REMOVE podproof-killed of run killed ()\n", "{ended}");
    let ended = swept(noon, &["--run", "going-on"]).exits(0);
    assert_eq!(ended.stdout, "WOULD REMOVE podproof-going-on of run going-on ()\n", "{ended}");
}

#[test]
fn sweep_says_so_if_there_is_nothing_to_remove() {
    let ended = swept(without_namespaces, &[]).exits(0);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("nothing to remove"), "{ended}");
}

#[test]
fn a_refusal_is_reported_once_as_text() {
    let ended = swept(|request| Some(answer_basics(request)), &[]).exits(97);
    assert!(!ended.stderr.contains("Status {"), "{ended}");
    assert_eq!(ended.stderr.matches("you may not").count(), 1, "{ended}");
}
