//! `podproof sweep` on a cluster with a clock of its own.

use podproof_tests::{Ended, kubeconfig, podproof, run};
use serde_json::json;

use crate::facts::{Asked, reticent, serve, told};

/// A cluster where it is noon, with what two runs have made: one at ten, one after ten.
#[expect(clippy::unnecessary_wraps, reason = "the fake server may also give no answer")]
fn noon(asked: &Asked) -> Option<(u16, String)> {
    let namespace = |run: &str, created: &str| {
        let labels = json!({ "podproof.local/run": run, "podproof.local/lifetime": "7200" });
        json!({ "metadata": { "name": format!("podproof-{run}"), "labels": labels, "creationTimestamp": created } })
    };
    let of_runs = asked.line.starts_with("GET /api/v1/namespaces?") && asked.line.contains("podproof.local");
    Some(if of_runs {
        told(&json!({ "kind": "NamespaceList", "apiVersion": "v1", "metadata": {}, "items": [
            namespace("killed", "2026-11-29T10:00:00Z"), namespace("going-on", "2026-11-29T10:00:01Z"),
        ] }))
    } else {
        reticent(asked)
    })
}

/// The same without any.
#[expect(clippy::unnecessary_wraps, reason = "the fake server may also give no answer")]
fn tidy(asked: &Asked) -> Option<(u16, String)> {
    Some(if asked.line.starts_with("GET /api/v1/namespaces?") {
        told(&json!({ "kind": "NamespaceList", "apiVersion": "v1", "metadata": {}, "items": [] }))
    } else {
        reticent(asked)
    })
}

fn swept(answer: fn(&Asked) -> Option<(u16, String)>, args: &[&str]) -> Ended {
    let (server, _asked) = serve(answer);
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = kubeconfig(folder.path(), &server);
    run(podproof(["sweep", "--context", "x", "--dry-run"]).args(args).env("KUBECONFIG", kubeconfig))
}

#[test]
fn the_cluster_s_clock_decides_and_not_ours() {
    // Our own clock is not at that noon, whatever it says.
    let ended = swept(noon, &[]).exits(0);
    assert_eq!(ended.stdout, "WOULD REMOVE podproof-killed of run killed ()\n", "{ended}");
    let ended = swept(noon, &["--run", "going-on"]).exits(0);
    assert_eq!(ended.stdout, "WOULD REMOVE podproof-going-on of run going-on ()\n", "{ended}");
}

#[test]
fn where_there_is_nothing_to_remove_it_says_so() {
    let ended = swept(tidy, &[]).exits(0);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("nothing to remove"), "{ended}");
}

#[test]
fn a_refusal_is_told_in_words_and_once() {
    let ended = swept(|asked| Some(reticent(asked)), &[]).exits(97);
    assert!(!ended.stderr.contains("Status {"), "{ended}");
    assert_eq!(ended.stderr.matches("you may not").count(), 1, "{ended}");
}
