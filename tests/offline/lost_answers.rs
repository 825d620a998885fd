//! What becomes of a stage whose API server loses its answers: nothing is left, and nothing is done twice.

use std::time::{Duration, Instant};

use assert_matches::assert_matches;
use podproof::plan::Budgets;
use podproof::stage::{Blocked, Removals, Stage, delete_namespace, leftovers};
use rstest::rstest;

use crate::fake_api::{Asked, FakeApi, Fate, Weather, claim, order};

const POD: &str = "kind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: main, image: debian }] }\n";

/// Short, so that what is waited for in vain shows.
fn budgets() -> Budgets {
    Budgets::stretched(0.1)
}

/// Everything goes well.
fn fair(_: &Asked, _: usize) -> Fate {
    Fate::Answered
}

/// Of four equal changes the answer to one is lost, and the first is among them.
fn a_quarter_lost(asked: &Asked, before: usize) -> Fate {
    let changes = ["POST", "DELETE"].contains(&asked.method.as_str());
    if changes && before.is_multiple_of(4) { Fate::Lost } else { Fate::Answered }
}

/// Pods cannot be deleted.
fn pods_stay(asked: &Asked, _: usize) -> Fate {
    if asked.method == "DELETE" && asked.path.ends_with("/pods") {
        Fate::Refused(500)
    } else {
        Fate::Answered
    }
}

/// Of four equal deletions three are refused.
fn mostly_unable(asked: &Asked, before: usize) -> Fate {
    if asked.method == "DELETE" && before % 4 != 3 { Fate::Refused(500) } else { Fate::Answered }
}

#[rstest]
#[case::fair(fair)]
#[case::a_quarter_lost(a_quarter_lost)]
#[case::pods_stay(pods_stay)]
#[case::mostly_unable(mostly_unable)]
#[tokio::test]
async fn no_namespace_is_left(#[case] weather: Weather) {
    let server = FakeApi::new(weather);
    let access = server.access().await;
    let removals = Removals::new(access.client.clone(), budgets());
    for name in ["one", "two", "three", "four", "five"] {
        let stage = Stage::open(&access, order(name, POD), Budgets::default()).await.unwrap();
        let pod = stage.create("a").await.unwrap();
        stage.delete(&pod).await.unwrap();
        let (_, faults) = stage.close(claim(), None, Ok(()), None).await;
        assert_eq!(faults, [""; 0]);
        removals.begin(name.to_owned()).await;
    }
    assert_eq!(removals.finish().await, [""; 0]);
    assert_eq!(server.namespaces(), [""; 0]);
}

#[tokio::test]
async fn a_deletion_that_is_never_accepted_is_named_and_not_waited_for() {
    let server =
        FakeApi::new(|asked, _| if asked.method == "DELETE" { Fate::Refused(500) } else { Fate::Answered });
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), budgets()).await.unwrap();
    drop(stage);
    let removals = Removals::new(access.client.clone(), budgets());
    removals.begin("one".to_owned()).await;
    let faults = removals.finish().await;
    assert_matches!(&faults[..], [fault] if fault.contains("namespace one is left over") && fault.contains("podproof sweep"));
    let asked = server.asked();
    let deletions = asked.iter().filter(|asked| asked.is("DELETE", "/api/v1/namespaces/one")).count();
    assert!(deletions > 1, "it was asked for {deletions} times");
    let looks = asked.iter().filter(|asked| asked.is("GET", "/api/v1/namespaces")).count();
    assert_eq!(looks, 0, "nobody waits for what nobody accepted");
    assert_eq!(leftovers(&access.client, Duration::from_secs(5)).await.unwrap().namespaces.len(), 1);
}

#[tokio::test]
async fn a_deletion_that_is_forbidden_is_not_asked_for_again() {
    let server =
        FakeApi::new(|asked, _| if asked.method == "DELETE" { Fate::Refused(403) } else { Fate::Answered });
    let client = server.access().await.client;
    let began = Instant::now();
    let refused = delete_namespace(&client, "one", Duration::from_secs(60)).await;
    assert_matches!(refused, Err(Blocked::Api { .. }));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

/// The namespace is made, and nothing else is answered.
#[tokio::test]
async fn a_namespace_whose_creation_was_never_answered_is_removed() {
    let server = FakeApi::new(|asked, _| if asked.method == "POST" { Fate::Lost } else { Fate::Answered });
    let access = server.access().await;
    let removals = Removals::new(access.client.clone(), budgets());
    let opened = Stage::open(&access, order("one", POD), budgets()).await.map(drop);
    let said = opened.unwrap_err().to_string();
    // Not only that it broke, but why.
    assert!(said.contains("client error (SendRequest): connection"), "{said}");
    removals.begin("one".to_owned()).await;
    assert_eq!(removals.finish().await, [""; 0]);
    assert_eq!(server.namespaces(), [""; 0]);
}

#[tokio::test]
async fn a_namesake_of_an_earlier_pod_is_not_taken_for_it() {
    let server = FakeApi::new(fair);
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), budgets()).await.unwrap();
    stage.create("a").await.unwrap();
    assert_matches!(stage.create("a").await, Err(Blocked::Api { .. }), "it is there already");
}

/// The first bytes of a frame of a WebSocket stream: `begun` on the channel of stdout.
const BEGUN: &[u8] = b"\x82\x06\x01begun";

/// The end of a command with exit code 0, on the channel of its status.
const SUCCEEDED: &[u8] = b"\x82\x15\x03{\"status\":\"Success\"}\x88\x00";

fn execs(server: &FakeApi) -> usize {
    server.asked().iter().filter(|asked| asked.path.ends_with("/exec")).count()
}

#[tokio::test]
async fn a_command_whose_stream_is_cut_is_over_at_once_and_not_run_again() {
    let server = FakeApi::new(
        |asked, _| {
            if asked.path.ends_with("/exec") { Fate::Cut(BEGUN) } else { Fate::Answered }
        },
    );
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), Budgets::default()).await.unwrap();
    let pod = stage.create("a").await.unwrap();
    let began = Instant::now();
    let said = stage.probe("x", &pod, "main", &["hold"]).await.unwrap_err().to_string();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}: {said}", began.elapsed());
    assert!(said.contains("its exit status did not arrive: "), "{said}");
    let (evidence, _) = stage.close(claim(), None, Ok(()), None).await;
    assert_eq!((execs(&server), evidence.execs[0].stdout.as_str()), (1, "begun"));
}

#[tokio::test]
async fn a_command_that_could_not_be_opened_is_asked_for_again() {
    let server = FakeApi::new(|asked, before| match asked.path.ends_with("/exec") {
        // The requests before are those of the opening.
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
async fn a_watch_that_stands_still_is_named() {
    // No state of the pod ever comes.
    let server = FakeApi::new(fair);
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), Budgets::stretched(0.1)).await.unwrap();
    let pod = stage.create("a").await.unwrap();
    let said = stage.until_running(&pod).await.unwrap_err().to_string();
    assert!(said.contains("the watch on pods is behind"), "{said}");
}
