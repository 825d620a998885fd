//! The listed rights are those that podproof uses.

use std::collections::BTreeSet;
use std::fs;

use podproof::stage::{PodPatch, Removals, Stage, leftovers};
use podproof_core::plan::{Budgets, Manifest, Right};
use podproof_tests::rbac::rules;
use podproof_tests::root;

use tokio_util::sync::CancellationToken;

use crate::fake_api::{FakeApi, Fate, Request, claim, order};

/// One object of each kind, and the patches of pods.
const ALL: &str = "
kind: Pod
metadata: { name: pod }
spec: { containers: [{ name: main, image: debian, resizePolicy: [] }] }
---
kind: Pod
metadata: { name: debugged }
spec: { ephemeralContainers: [{ name: debugger, image: debian }] }
---
kind: Pod
metadata: { name: bigger }
spec: { containers: [{ name: main, resources: {} }] }
---
kind: ConfigMap
metadata: { name: files }
---
kind: Service
metadata: { name: server }
---
kind: StatefulSet
apiVersion: apps/v1
metadata: { name: set }
spec: { template: { spec: { containers: [] } } }
---
kind: Job
apiVersion: batch/v1
metadata: { name: job }
spec: { template: { spec: { containers: [] } } }
";

/// Loses some responses, so that the requests that follow a lost response are sent too.
fn policy(request: &Request, before: usize) -> Fate {
    match request.method.as_str() {
        "POST" if before.is_multiple_of(2) && !request.path.contains("selfsubject") => Fate::Lost,
        "GET" if request.path.ends_with("/exec") => Fate::Refused(403),
        _ => Fate::Answered,
    }
}

/// The right that an API server requires for this request, like `create pods/exec`.
fn right(request: &Request) -> Option<String> {
    let parts: Vec<_> = request.path.trim_start_matches('/').split('/').collect();
    let (["api", _, ref below @ ..] | ["apis", _, _, ref below @ ..]) = parts[..] else {
        return Some(format!("get {}", request.path));
    };
    // Namespaces are objects themselves.
    let (resource, name, part) = match *below {
        ["namespaces", _, resource] | [resource] => (resource, None, None),
        ["namespaces", _, resource, name, ref part @ ..] | [resource, name, ref part @ ..] => {
            (resource, Some(name), part.first())
        }
        [] => return None,
    };
    let verb = match request.method.as_str() {
        "POST" => "create",
        "PATCH" => "patch",
        "DELETE" if name.is_none() => "deletecollection",
        "DELETE" => "delete",
        _ if request.query.contains("watch=true") => "watch",
        _ if name.is_none() => "list",
        _ => "get",
    };
    let part = part.map(|part| format!("/{part}")).unwrap_or_default();
    // Every user may review their own rights.
    (!resource.starts_with("selfsubject")).then(|| format!("{verb} {resource}{part}"))
}

#[tokio::test]
async fn exactly_the_used_rights_are_listed() {
    let server = FakeApi::new(policy);
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", ALL), Budgets::stretched(0.1)).await.unwrap();
    let pod = stage.create("pod").await.unwrap();
    for name in ["files", "server", "set", "job"] {
        stage.apply(name).await.unwrap();
    }
    stage.patch_pod(&pod, "debugged", PodPatch::EphemeralContainers).await.unwrap();
    stage.patch_pod(&pod, "bigger", PodPatch::Resources).await.unwrap();
    stage.look_at_nodes().await.unwrap();
    // No pod answers, so all of these fail.
    let _ = stage.probe("x", &pod, "main", &["hold"]).await;
    let _ = stage.fetch("x", &pod, 80, "/").await;
    let _ = stage.snapshot_log("x", &pod, "main", false).await;
    let _ = stage.until_running(&pod).await;
    stage.delete(&pod).await.unwrap();
    drop(stage.close(claim(), None, Ok(()), None).await);
    let removals = Removals::new(access.client.clone(), Budgets::stretched(0.1), CancellationToken::new());
    removals.begin("one".to_owned()).await;
    assert_eq!(removals.finish(&CancellationToken::new()).await, Some(Vec::new()));
    leftovers(&access.client, Budgets::stretched(0.1).request()).await.unwrap();

    let used: BTreeSet<_> = server.requests().iter().filter_map(right).collect();
    let listed: BTreeSet<_> = Right::all().map(|right| right.to_string()).collect();
    let unlisted: Vec<_> = used.difference(&listed).collect();
    assert!(unlisted.is_empty(), "used and not listed: {unlisted:?}");
    // Some API servers require `create` as well as `get`. The others are for longer waits, and for kubelets and API
    // servers that are newer than this one.
    let others = [
        "get namespaces",
        "watch namespaces",
        "create pods/exec",
        "create pods/portforward",
        "watch nodes",
        "list leases",
        "watch leases",
        "get nodes/proxy",
        "get /metrics",
    ];
    let unlisted: Vec<_> = others.iter().filter(|right| !listed.contains(**right)).collect();
    assert!(unlisted.is_empty(), "expected to be listed: {unlisted:?}");
    let unused: Vec<_> = listed.difference(&used).filter(|right| !others.contains(&right.as_str())).collect();
    assert!(unused.is_empty(), "listed and not used: {unused:?}");
}

#[test]
fn optional_rights_are_not_required_by_a_case() {
    let manifest = Manifest::parse("x.yaml", ALL).unwrap();
    let needed: BTreeSet<_> = Right::for_manifest(&manifest).iter().map(Right::to_string).collect();
    for optional in Right::OPTIONAL {
        assert!(Right::all().any(|right| right == optional), "{optional}");
        assert!(!needed.contains(&optional.to_string()), "{optional}");
    }
}

#[test]
fn the_handbook_grants_exactly_the_listed_rights() {
    let handbook = fs::read_to_string(root().join("harness/HANDBOOK.md")).unwrap();
    let lines: Vec<_> = rules(Right::all()).iter().map(|rule| format!("- {rule}\n")).collect();
    let expected = lines.concat();
    assert!(
        handbook.contains(&format!("rules:\n{expected}```")),
        "the rules of its ClusterRole:\n{expected}"
    );
}
