//! How the pod profile changes a manifest's objects before they are sent to the API server.

use std::collections::BTreeMap;

use podproof::cluster::{Images, PullPolicy};
use podproof::stage::{PodContext, PodProfile, apply_profile};
use rstest::rstest;
use serde_json::{Value, json};

fn as_sent(object: &Value, namespace: &str) -> Value {
    let images = Images { references: BTreeMap::new(), pull: PullPolicy::Never };
    let labels = [("podproof.local/run".to_owned(), "r".to_owned())];
    let context = PodContext { namespace, labels: &labels, token: "t", images: &images, node: Some("n") };
    apply_profile(object, PodProfile::Restricted, &context)
}

fn controller(kind: &str) -> Value {
    json!({
        "kind": kind,
        "metadata": { "name": "controller" },
        "spec": { "template": { "spec": { "containers": [{ "name": "one", "image": "i" }] } } },
    })
}

#[rstest]
#[case::runs_until_deleted("StatefulSet", None)]
#[case::runs_to_completion("Job", Some(600))]
fn a_pod_template_gets_the_profile_too(#[case] kind: &str, #[case] deadline: Option<u64>) {
    let sent = as_sent(&controller(kind), "ns");
    let pod = &sent["spec"]["template"];
    assert_eq!(pod["metadata"]["labels"]["podproof.local/run"], "r");
    assert_eq!(pod["spec"]["nodeName"], "n");
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["spec"]["containers"][0]["env"][0], json!({ "name": "PODPROOF_TOKEN", "value": "t" }));
    // The API server refuses a deadline in a StatefulSet, whose pods never complete.
    assert_eq!(pod["spec"]["activeDeadlineSeconds"].as_u64(), deadline);
}

#[test]
fn other_objects_get_only_labels_and_a_namespace() {
    let service = json!({ "kind": "Service", "metadata": { "name": "echo" }, "spec": { "ports": [] } });
    let sent = as_sent(&service, "ns");
    assert_eq!(sent["metadata"]["labels"]["podproof.local/run"], "r");
    assert_eq!(sent["metadata"]["namespace"], "ns");
    assert_eq!(sent["spec"], service["spec"]);
}

#[test]
fn each_namespace_gets_its_own_host_port() {
    let ports = json!([{ "containerPort": 80, "hostPort": 20000 }]);
    let pod = json!({
        "kind": "Pod",
        "metadata": { "name": "p" },
        "spec": { "containers": [{ "name": "one", "image": "i", "ports": ports }] },
    });
    let port = |namespace| as_sent(&pod, namespace)["spec"]["containers"][0]["ports"][0]["hostPort"].as_u64();
    assert!(port("ns-1").is_some_and(|port| (20_000..30_000).contains(&port)));
    assert_eq!(port("ns-1"), port("ns-1"));
    assert_ne!(port("ns-1"), port("ns-2"));
}
