//! The rights that are listed are those that are used.

use std::collections::BTreeSet;

use podproof::plan::{Budgets, Manifest, Right};
use podproof::stage::{Amendment, Removals, Stage, leftovers};

use crate::fake_api::{Asked, FakeApi, Fate, claim, order};

/// One object of each kind, and what is changed of pods.
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

/// Answers are lost, so that what is asked only then is asked as well.
fn weather(asked: &Asked, before: usize) -> Fate {
    match asked.method.as_str() {
        "POST" if before.is_multiple_of(2) && !asked.path.contains("selfsubject") => Fate::Lost,
        "GET" if asked.path.ends_with("/exec") => Fate::Refused(403),
        _ => Fate::Answered,
    }
}

/// What a user must be allowed to do for this request, as API servers read it: `create pods/exec`.
fn right(asked: &Asked) -> Option<String> {
    let parts: Vec<_> = asked.path.trim_start_matches('/').split('/').collect();
    let (["api", _, ref below @ ..] | ["apis", _, _, ref below @ ..]) = parts[..] else {
        return Some(format!("get {}", asked.path));
    };
    // Namespaces are objects themselves.
    let (resource, name, part) = match *below {
        ["namespaces", _, resource] | [resource] => (resource, None, None),
        ["namespaces", _, resource, name, ref part @ ..] | [resource, name, ref part @ ..] => {
            (resource, Some(name), part.first())
        }
        [] => return None,
    };
    let verb = match asked.method.as_str() {
        "POST" => "create",
        "PATCH" => "patch",
        "DELETE" if name.is_none() => "deletecollection",
        "DELETE" => "delete",
        _ if asked.query.contains("watch=true") => "watch",
        _ if name.is_none() => "list",
        _ => "get",
    };
    let part = part.map(|part| format!("/{part}")).unwrap_or_default();
    // Every user may ask for the own rights.
    (!resource.starts_with("selfsubject")).then(|| format!("{verb} {resource}{part}"))
}

#[tokio::test]
async fn what_is_asked_of_an_api_server_is_listed_and_nothing_else() {
    let server = FakeApi::new(weather);
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", ALL), Budgets::stretched(0.1)).await.unwrap();
    let pod = stage.create("pod").await.unwrap();
    for name in ["files", "server", "set", "job"] {
        stage.apply(name).await.unwrap();
    }
    stage.amend(&pod, "debugged", Amendment::EphemeralContainers).await.unwrap();
    stage.amend(&pod, "bigger", Amendment::Resources).await.unwrap();
    stage.look_at_nodes().await.unwrap();
    // None of these has a pod that answers.
    let _ = stage.probe("x", &pod, "main", &["hold"]).await;
    let _ = stage.fetch("x", &pod, 80, "/").await;
    let _ = stage.recall("x", &pod, "main", false).await;
    let _ = stage.until_running(&pod).await;
    stage.delete(&pod).await.unwrap();
    drop(stage.close(claim(), None, Ok(()), None).await);
    let removals = Removals::new(access.client.clone(), Budgets::stretched(0.1));
    removals.begin("one".to_owned()).await;
    assert_eq!(removals.finish().await, [""; 0]);
    leftovers(&access.client, Budgets::stretched(0.1).request()).await.unwrap();

    let used: BTreeSet<_> = server.asked().iter().filter_map(right).collect();
    let listed: BTreeSet<_> = Right::all().map(|right| right.to_string()).collect();
    let unlisted: Vec<_> = used.difference(&listed).collect();
    assert!(unlisted.is_empty(), "used and not listed: {unlisted:?}");
    // API servers ask for `create` beside `get`; the others are for what takes longer, and for kubelets and API servers
    // that are newer than this one.
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
    let unused: Vec<_> = listed.difference(&used).filter(|right| !others.contains(&right.as_str())).collect();
    assert!(unused.is_empty(), "listed and not used: {unused:?}");
}

#[test]
fn what_is_optional_is_no_condition_of_a_case() {
    let manifest = Manifest::parse("x.yaml", ALL).unwrap();
    let needed: BTreeSet<_> = Right::for_manifest(&manifest).iter().map(Right::to_string).collect();
    for optional in ["get nodes/proxy", "watch nodes", "list leases", "patch namespaces", "get /metrics"] {
        assert!(Right::all().any(|right| right.to_string() == optional), "{optional}");
        assert!(!needed.contains(optional), "{optional}");
    }
}
