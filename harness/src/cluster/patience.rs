//! Waiting that goes on as long as the cluster still gets somewhere: a host under load is slow, not broken.

use std::time::Duration;

use futures::{Stream, StreamExt as _, pin_mut};
use k8s_openapi::api::core::v1::Event;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use tokio::time::{Instant, sleep_until};

/// How long is waited at most, whatever still happens.
const LONGEST: Duration = Duration::from_secs(600);

/// What was awaited did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waited {
    /// How long.
    pub(super) whole: Duration,
    /// What the cluster said last; empty where it said nothing.
    pub(super) last: String,
}

impl std::fmt::Display for Waited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "in {} s", self.whole.as_secs())?;
        if self.last.is_empty() {
            write!(f, "; the cluster had no event")
        } else {
            write!(f, "; its last event: {}", self.last)
        }
    }
}

/// Waits for `work` until the cluster has had no event for as long as `quiet`.
pub(super) async fn while_active<T>(
    client: &Client,
    quiet: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Waited> {
    let events: Api<Event> = Api::all(client.clone());
    let seen = watcher(events, watcher::Config::default()).default_backoff().applied_objects();
    let said = seen.filter_map(|event| async { Some(in_words(&event.ok()?)) });
    while_said(work, said, quiet, LONGEST).await
}

fn in_words(event: &Event) -> String {
    let about = event.involved_object.name.as_deref().unwrap_or("something");
    let reason = event.reason.as_deref().unwrap_or_default();
    format!("{about}: {reason}: {}", event.message.as_deref().unwrap_or_default().trim())
}

async fn while_said<T>(
    work: impl Future<Output = T>,
    said: impl Stream<Item = String>,
    quiet: Duration,
    longest: Duration,
) -> Result<T, Waited> {
    let start = Instant::now();
    let (mut until, mut last) = (start + quiet, String::new());
    pin_mut!(work, said);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            Some(words) = said.next() => {
                last = words;
                until = (Instant::now() + quiet).min(start + longest);
            }
            () = sleep_until(until) => return Err(Waited { whole: start.elapsed(), last }),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use tokio::time::sleep;

    use super::*;

    const QUIET: Duration = Duration::from_millis(200);

    fn every(pause: Duration) -> impl Stream<Item = String> {
        stream::unfold(0, move |count| async move {
            sleep(pause).await;
            Some((format!("event {count}"), count + 1))
        })
    }

    #[tokio::test]
    async fn what_comes_is_awaited_as_long_as_something_happens() {
        let work = async { sleep(3 * QUIET).await };
        let done = while_said(work, every(QUIET / 10), QUIET, 100 * QUIET).await;
        assert_eq!(done, Ok(()));
    }

    #[tokio::test]
    async fn quiet_ends_the_wait_and_says_what_was_last() {
        let once = stream::iter(["n: Started: it".to_owned()]).chain(stream::pending());
        let waited = while_said(std::future::pending::<()>(), once, QUIET, 100 * QUIET).await.unwrap_err();
        assert_eq!(waited.to_string(), "in 0 s; its last event: n: Started: it");
    }

    #[tokio::test]
    async fn nothing_is_awaited_for_ever() {
        let waited = while_said(std::future::pending::<()>(), every(QUIET / 10), QUIET, 2 * QUIET).await;
        assert!(waited.is_err_and(|waited| waited.whole >= 2 * QUIET && waited.last.starts_with("event")));
    }
}
