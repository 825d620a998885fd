//! A stage whose API server loses responses leaves nothing behind and does nothing twice.

use std::time::{Duration, Instant};

use assert_matches::assert_matches;
use podproof::cluster::Access;
use podproof::stage::{Removals, Stage, StageError, delete_namespace, leftovers};
use podproof_core::plan::Budgets;
use rstest::rstest;
use tokio_util::sync::CancellationToken;

use crate::fake_api::{FakeApi, Fate, FatePolicy, Request, claim, order};

const POD: &str = "kind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: main, image: debian }] }\n";

/// Short, so that a test does not take long for a wait that cannot succeed.
fn budgets() -> Budgets {
    Budgets::stretched(0.1)
}

/// Answers every request.
fn answer_all(_: &Request, _: usize) -> Fate {
    Fate::Answered
}

/// Loses the responses to the first of every four equal changes.
fn lose_a_quarter(request: &Request, before: usize) -> Fate {
    let changes = ["POST", "DELETE"].contains(&request.method.as_str());
    if changes && before.is_multiple_of(4) { Fate::Lost } else { Fate::Answered }
}

/// Refuses to delete pods.
fn refuse_pod_deletions(request: &Request, _: usize) -> Fate {
    if request.method == "DELETE" && request.path.ends_with("/pods") {
        Fate::Refused(500)
    } else {
        Fate::Answered
    }
}

/// Accepts the deletion of pods, which then stay.
fn ignore_pod_deletions(request: &Request, _: usize) -> Fate {
    if request.method == "DELETE" && request.path.ends_with("/pods") { Fate::Ignored } else { Fate::Answered }
}

/// Refuses three of every four equal deletions.
fn refuse_most_deletions(request: &Request, before: usize) -> Fate {
    if request.method == "DELETE" && before % 4 != 3 { Fate::Refused(500) } else { Fate::Answered }
}

#[rstest]
#[case::answer_all(answer_all)]
#[case::lose_a_quarter(lose_a_quarter)]
#[case::refuse_pod_deletions(refuse_pod_deletions)]
#[case::refuse_most_deletions(refuse_most_deletions)]
#[tokio::test]
async fn no_namespace_is_left(#[case] policy: FatePolicy) {
    let server = FakeApi::new(policy);
    let access = server.access().await;
    let removals = Removals::new(access.client.clone(), budgets(), CancellationToken::new());
    for name in ["one", "two", "three", "four", "five"] {
        let stage = Stage::open(&access, order(name, POD), Budgets::default()).await.unwrap();
        let pod = stage.create("a").await.unwrap();
        stage.delete(&pod).await.unwrap();
        let (_, faults) = stage.close(claim(), None, Ok(()), None).await;
        assert_eq!(faults, [""; 0]);
        removals.begin(name.to_owned()).await;
    }
    assert_eq!(removals.finish(&CancellationToken::new()).await, Some(Vec::new()));
    assert_eq!(server.namespaces(), [""; 0]);
}

/// Leaves the ended case `one`, with its pod.
async fn end_a_case(access: &Access) {
    let stage = Stage::open(access, order("one", POD), budgets()).await.unwrap();
    stage.create("a").await.unwrap();
    stage.close(claim(), None, Ok(()), None).await;
}

const PODS: &str = "/api/v1/namespaces/one/pods";
const NAMESPACE: &str = "/api/v1/namespaces/one";

/// With pods in a namespace, the namespace controller deletes the objects of every kind more than once. A pod that is
/// deleted by force disappears while its containers may still run, so it has its grace period first.
#[rstest]
#[case::pods_go(answer_all, &[PODS, NAMESPACE])]
#[case::pods_stay(ignore_pod_deletions, &[PODS, PODS, NAMESPACE])]
#[case::pods_may_not_be_deleted(refuse_pod_deletions, &[PODS, NAMESPACE])]
#[tokio::test]
async fn a_namespace_is_deleted_after_its_pods(#[case] policy: FatePolicy, #[case] expected: &[&str]) {
    let server = FakeApi::new(policy);
    let access = server.access().await;
    end_a_case(&access).await;
    let removals = Removals::new(access.client.clone(), budgets(), CancellationToken::new());
    removals.begin("one".to_owned()).await;
    assert_eq!(removals.finish(&CancellationToken::new()).await, Some(Vec::new()));
    let requests = server.requests().into_iter().filter(|request| request.method == "DELETE");
    let deletions: Vec<_> = requests.map(|request| request.path).collect();
    assert_eq!(deletions, expected);
}

#[rstest]
#[case::first(1)]
#[case::second(2)]
#[tokio::test]
async fn after_a_signal_namespaces_are_deleted_without_waiting_for_their_pods(#[case] signals: u32) {
    let server = FakeApi::new(ignore_pod_deletions);
    let access = server.access().await;
    end_a_case(&access).await;
    let (stop, interrupt) = (CancellationToken::new(), CancellationToken::new());
    let removals = Removals::new(access.client.clone(), Budgets::stretched(10.0), stop.clone());
    removals.begin("one".to_owned()).await;
    match signals {
        1 => stop.cancel(),
        _ => interrupt.cancel(),
    }
    let began = Instant::now();
    // The deletion is requested, even if the pods remain.
    let finishing = removals.finish(&interrupt);
    let deleted = async {
        while !server.namespaces().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { biased; () = deleted => {} finished = finishing => assert_eq!(finished, None) }
    assert_eq!(server.namespaces(), [""; 0]);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_deletion_that_is_never_accepted_is_reported_and_not_awaited() {
    let server = FakeApi::new(
        |request, _| if request.method == "DELETE" { Fate::Refused(500) } else { Fate::Answered },
    );
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), budgets()).await.unwrap();
    drop(stage);
    let removals = Removals::new(access.client.clone(), budgets(), CancellationToken::new());
    removals.begin("one".to_owned()).await;
    let faults = removals.finish(&CancellationToken::new()).await.unwrap();
    assert_matches!(&faults[..], [fault] if fault.contains("namespace one is left over") && fault.contains("podproof sweep"));
    let requests = server.requests();
    let deletions = requests.iter().filter(|request| request.is("DELETE", "/api/v1/namespaces/one")).count();
    assert!(deletions > 1, "it was requested {deletions} times");
    let looks = requests.iter().filter(|request| request.is("GET", "/api/v1/namespaces")).count();
    assert_eq!(looks, 0, "a deletion that was not accepted is not awaited");
    assert_eq!(leftovers(&access.client, Duration::from_secs(5)).await.unwrap().namespaces.len(), 1);
}

#[tokio::test]
async fn a_forbidden_deletion_is_not_retried() {
    let server = FakeApi::new(
        |request, _| if request.method == "DELETE" { Fate::Refused(403) } else { Fate::Answered },
    );
    let client = server.access().await.client;
    let began = Instant::now();
    let refused = delete_namespace(&client, "one", Duration::from_secs(60)).await;
    assert_matches!(refused, Err(StageError::Api { .. }));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

/// The namespace is created, but the response is lost.
#[tokio::test]
async fn a_namespace_whose_creation_was_never_answered_is_removed() {
    let server =
        FakeApi::new(|request, _| if request.method == "POST" { Fate::Lost } else { Fate::Answered });
    let access = server.access().await;
    let removals = Removals::new(access.client.clone(), budgets(), CancellationToken::new());
    let opened = Stage::open(&access, order("one", POD), budgets()).await.map(drop);
    let error = opened.unwrap_err().to_string();
    // The error includes its cause.
    assert!(error.contains("client error (SendRequest): connection"), "{error}");
    removals.begin("one".to_owned()).await;
    assert_eq!(removals.finish(&CancellationToken::new()).await, Some(Vec::new()));
    assert_eq!(server.namespaces(), [""; 0]);
}

#[tokio::test]
async fn a_pod_that_already_exists_is_not_taken_for_the_new_one() {
    let server = FakeApi::new(answer_all);
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), budgets()).await.unwrap();
    stage.create("a").await.unwrap();
    assert_matches!(stage.create("a").await, Err(StageError::Api { .. }), "it is there already");
}

/// The first bytes of a frame of a WebSocket stream: `begun` on the channel of stdout.
const BEGUN: &[u8] = b"\x82\x06\x01begun";

/// The end of a command with exit code 0, on the channel of its status.
const SUCCEEDED: &[u8] = b"\x82\x15\x03{\"status\":\"Success\"}\x88\x00";

fn execs(server: &FakeApi) -> usize {
    server.requests().iter().filter(|request| request.path.ends_with("/exec")).count()
}

#[tokio::test]
async fn a_command_whose_stream_is_cut_ends_at_once_and_is_not_run_again() {
    let server =
        FakeApi::new(
            |request, _| {
                if request.path.ends_with("/exec") { Fate::Cut(BEGUN) } else { Fate::Answered }
            },
        );
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), Budgets::default()).await.unwrap();
    let pod = stage.create("a").await.unwrap();
    let began = Instant::now();
    let error = stage.probe("x", &pod, "main", &["hold"]).await.unwrap_err().to_string();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}: {error}", began.elapsed());
    assert!(error.contains("its exit status did not arrive: "), "{error}");
    let (evidence, _) = stage.close(claim(), None, Ok(()), None).await;
    assert_eq!((execs(&server), evidence.execs[0].stdout.as_str()), (1, "begun"));
}

#[tokio::test]
async fn a_command_whose_stream_could_not_be_opened_is_retried() {
    let server = FakeApi::new(|request, before| match request.path.ends_with("/exec") {
        // The server refuses every other attempt to open the stream.
        true if before.is_multiple_of(2) => Fate::Refused(500),
        true => Fate::Cut(SUCCEEDED),
        false => Fate::Answered,
    });
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), Budgets::default()).await.unwrap();
    let pod = stage.create("a").await.unwrap();
    for label in ["first", "second"] {
        stage.probe(label, &pod, "main", &["hold"]).await.unwrap();
    }
    assert!(execs(&server) > 2, "{}", execs(&server));
}

#[tokio::test]
async fn a_stalled_watch_is_reported() {
    // The watch never sends a state of the pod.
    let server = FakeApi::new(answer_all);
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), Budgets::stretched(0.1)).await.unwrap();
    let pod = stage.create("a").await.unwrap();
    let error = stage.until_running(&pod).await.unwrap_err().to_string();
    assert!(error.contains("the watch on pods is behind"), "{error}");
}
