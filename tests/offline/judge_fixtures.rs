//! Copies the recorded evidence for the tests of verdicts from a run of `podproof prove`.

use std::fs;
use std::path::Path;

use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use podproof_core::evidence::{Evidence, read_evidence};
use podproof_core::record::{evidence_folder, read_record};

use crate::judge::fixtures;

/// The largest size of a fixture in bytes.
const LIMIT: usize = 60_000;

/// The reasons of the events, and the conditions, that judges read.
const EVENTS: [&str; 5] = ["Started", "Killing", "BackOff", "FailedPostStartHook", "FailedPreStopHook"];
const CONDITIONS: [&str; 2] = ["Ready", "AllContainersRestarting"];

#[test]
#[ignore = "overwrites the fixtures: set PODPROOF_FIXTURES_FROM to the folder of a run of `podproof prove`"]
fn copy_fixtures_from_a_run() {
    let run = std::env::var("PODPROOF_FIXTURES_FROM").unwrap();
    let run = Path::new(&run);
    for case in read_record(run).unwrap().cases {
        let evidence = slim(read_evidence(&evidence_folder(run, &case.slug)).unwrap());
        let name = case.mutant.map_or_else(|| "green".to_owned(), |mutant| mutant.name);
        let file = fixtures().join(case.claim.as_str()).join(format!("{name}.json"));
        let text = serde_json::to_string(&evidence).unwrap();
        assert!(text.len() <= LIMIT, "{} would have {} bytes", file.display(), text.len());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text + "\n").unwrap();
    }
}

/// Removes the fields that no judge reads: most of each pod's specification and metadata, and the times of the lines of
/// an exchange.
fn slim(mut evidence: Evidence) -> Evidence {
    for seen in &mut evidence.timeline {
        slim_pod(&mut seen.pod);
    }
    for applied in &mut evidence.applied {
        applied.object = serde_json::json!({ "metadata": applied.object["metadata"]["name"] });
    }
    evidence
        .events
        .retain(|seen| seen.event.reason.as_deref().is_some_and(|reason| EVENTS.contains(&reason)));
    for refusal in &mut evidence.refusals {
        refusal.object = serde_json::json!({ "metadata": refusal.object["metadata"]["name"] });
    }
    for log in &mut evidence.logs {
        if log.texts().any(|text| text.starts_with("Produced: ") || text.starts_with("Consumed: ")) {
            log.lines.iter_mut().for_each(|line| line.at = None);
        }
    }
    evidence
}

fn slim_pod(pod: &mut Pod) {
    pod.metadata.labels = None;
    pod.metadata.creation_timestamp = None;
    if let Some(spec) = pod.spec.take() {
        let name = |container: Container| Container {
            name: container.name,
            restart_policy: container.restart_policy,
            ..Container::default()
        };
        pod.spec = Some(PodSpec {
            node_name: spec.node_name,
            containers: spec.containers.into_iter().map(name).collect(),
            restart_policy: spec.restart_policy,
            ..PodSpec::default()
        });
    }
    if let Some(status) = &mut pod.status
        && let Some(conditions) = &mut status.conditions
    {
        conditions.retain(|condition| CONDITIONS.contains(&condition.type_.as_str()));
    }
}
