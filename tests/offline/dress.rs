//! What is sent for what a manifest says.

use std::collections::BTreeMap;

use podproof::cluster::{Images, PullPolicy};
use podproof::stage::{Attire, Wearer, dress};
use rstest::rstest;
use serde_json::{Value, json};

fn dressed(object: &Value, namespace: &str) -> Value {
    let images = Images { references: BTreeMap::new(), pull: PullPolicy::Never };
    let labels = [("podproof.local/run".to_owned(), "r".to_owned())];
    let wearer = Wearer { namespace, labels: &labels, token: "t", images: &images, node: Some("n") };
    dress(object, Attire::Restricted, &wearer)
}

fn controller(kind: &str) -> Value {
    json!({
        "kind": kind,
        "metadata": { "name": "keeper" },
        "spec": { "template": { "spec": { "containers": [{ "name": "one", "image": "i" }] } } },
    })
}

#[rstest]
#[case::forever("StatefulSet", None)]
#[case::to_an_end("Job", Some(600))]
fn a_pod_that_a_controller_makes_is_dressed_as_any_other(#[case] kind: &str, #[case] deadline: Option<u64>) {
    let sent = dressed(&controller(kind), "ns");
    let pod = &sent["spec"]["template"];
    assert_eq!(pod["metadata"]["labels"]["podproof.local/run"], "r");
    assert_eq!(pod["spec"]["nodeName"], "n");
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["spec"]["containers"][0]["env"][0], json!({ "name": "PODPROOF_TOKEN", "value": "t" }));
    // The API server refuses a deadline of pods that are to be there for ever.
    assert_eq!(pod["spec"]["activeDeadlineSeconds"].as_u64(), deadline);
}

#[test]
fn other_objects_are_labelled_and_nothing_else() {
    let service = json!({ "kind": "Service", "metadata": { "name": "echo" }, "spec": { "ports": [] } });
    let sent = dressed(&service, "ns");
    assert_eq!(sent["metadata"]["labels"]["podproof.local/run"], "r");
    assert_eq!(sent["metadata"]["namespace"], "ns");
    assert_eq!(sent["spec"], service["spec"]);
}

#[test]
fn a_host_port_is_the_cases_own() {
    let ports = json!([{ "containerPort": 80, "hostPort": 20000 }]);
    let pod = json!({
        "kind": "Pod",
        "metadata": { "name": "p" },
        "spec": { "containers": [{ "name": "one", "image": "i", "ports": ports }] },
    });
    let port = |namespace| dressed(&pod, namespace)["spec"]["containers"][0]["ports"][0]["hostPort"].as_u64();
    assert!(port("ns-1").is_some_and(|port| (20_000..30_000).contains(&port)));
    assert_eq!(port("ns-1"), port("ns-1"));
    assert_ne!(port("ns-1"), port("ns-2"));
}
