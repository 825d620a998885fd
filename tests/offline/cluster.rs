//! `podproof cluster` without a container engine and without clusters.

use podproof_tests::{podproof, run};

#[test]
fn without_a_container_engine_the_error_names_make_setup() {
    let empty = tempfile::tempdir().unwrap();
    let mut up = podproof(["cluster", "up"]);
    let end = run(up.env("PATH", empty.path()).env("HOME", empty.path())).exits(97);
    assert!(end.stdout.is_empty(), "{end}");
    assert!(end.stderr.contains("no container engine is installed"), "{end}");
    assert!(end.stderr.contains("make setup"), "{end}");
}

#[test]
fn an_invalid_cluster_name_is_a_usage_error() {
    let end = run(&mut podproof(["cluster", "up", "--name", "../x"])).exits(2);
    assert!(end.stderr.contains("is not a cluster name"), "{end}");
}

#[test]
fn without_clusters_the_status_is_empty() {
    let empty = tempfile::tempdir().unwrap();
    let end = run(podproof(["cluster", "status"]).env("HOME", empty.path())).exits(0);
    assert!(end.stdout.is_empty(), "{end}");
}
