//! Every wait leaves a trace in the evidence and ends within its budget.

use std::cell::Cell;
use std::time::Duration;

use assert_matches::assert_matches;
use podproof::stage::{Stage, StageError};
use podproof_core::evidence::{Evidence, WaitEnd};
use podproof_core::plan::Budgets;

use crate::fake_api::{FakeApi, Fate, claim, order};

const POD: &str = "kind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: main, image: debian }] }\n";

async fn opened() -> (FakeApi, Stage) {
    let server = FakeApi::new(|_, _| Fate::Answered);
    let access = server.access().await;
    let stage = Stage::open(&access, order("one", POD), Budgets::stretched(0.1)).await.unwrap();
    (server, stage)
}

async fn evidence(stage: Stage) -> Evidence {
    stage.close(claim(), None, Ok(()), None).await.0
}

#[tokio::test]
async fn a_wait_for_a_stale_watch_is_recorded() {
    // The watch never sends a state of the pod.
    let (_server, stage) = opened().await;
    let pod = stage.create("a").await.unwrap();
    let error = stage.until_running(&pod).await.unwrap_err().to_string();
    assert!(error.contains("the watch on pods is behind"), "{error}");
    let waits = evidence(stage).await.waits;
    assert_eq!(waits.len(), 2, "{waits:?}");
    assert_eq!(waits[1].what, "the watch on pods to report what a list shows");
    assert!(matches!(&waits[1].end, WaitEnd::TimedOut(last) if last.contains(&pod.uid)), "{waits:?}");
    let waited = waits[1].ended.duration_since(waits[1].started).unsigned_abs();
    assert!(waited >= Budgets::stretched(0.1).watch_delay() && waited < Budgets::default().watch_delay());
}

#[tokio::test]
async fn repeated_attempts_are_one_recorded_wait() {
    let (_server, stage) = opened().await;
    let attempts = Cell::new(0);
    let third = || async {
        attempts.set(attempts.get() + 1);
        Ok(attempts.get() == 3)
    };
    stage.repeat_until("the third attempt", Duration::MAX, third).await.unwrap();
    stage.repeat_until("nothing", Duration::ZERO, || async { Ok(false) }).await.unwrap();
    let waits = evidence(stage).await.waits;
    let ends: Vec<_> = waits.iter().map(|wait| (wait.what.as_str(), wait.end.is_met())).collect();
    assert_eq!((ends, attempts.get()), (vec![("the third attempt", true), ("nothing", false)], 3));
}

/// Under load, the API server may close a connection just when a command is sent over it.
#[tokio::test]
async fn an_attempt_may_be_lost_with_its_connection_but_not_two_in_a_row() {
    let (_server, stage) = opened().await;
    let lost = || StageError::Exec { label: "ready".to_owned(), problem: "connection closed".to_owned() };
    let tried = async |lost_ones: &[usize]| {
        let attempts = Cell::new(0);
        let fifth = || async {
            attempts.set(attempts.get() + 1);
            if lost_ones.contains(&attempts.get()) { Err(lost()) } else { Ok(attempts.get() == 5) }
        };
        stage.repeat_until("the fifth attempt", Duration::MAX, fifth).await
    };
    assert_matches!(tried(&[1, 3]).await, Ok(()));
    assert_matches!(tried(&[2, 3]).await, Err(StageError::Exec { .. }));
}
