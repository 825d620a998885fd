//! Waits for a cluster while it still makes progress, because a host under load is slow but not broken.

use std::time::Duration;

use futures::{Stream, StreamExt as _, pin_mut};
use k8s_openapi::api::core::v1::Event;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client};
use tokio::time::{Instant, sleep_until};

/// The maximum wait, even if events keep arriving.
const LONGEST: Duration = Duration::from_secs(600);

/// The awaited condition did not occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WaitTimeout {
    /// How long podproof waited.
    pub(super) whole: Duration,
    /// The last event; empty if there was none.
    pub(super) last: String,
}

impl std::fmt::Display for WaitTimeout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "in {} s", self.whole.as_secs())?;
        if self.last.is_empty() {
            write!(f, "; the cluster had no event")
        } else {
            write!(f, "; its last event: {}", self.last)
        }
    }
}

/// Awaits `work`, but stops when the cluster had no event during the time `quiet`.
pub(super) async fn while_active<T>(
    client: &Client,
    quiet: Duration,
    work: impl Future<Output = T>,
) -> Result<T, WaitTimeout> {
    let events: Api<Event> = Api::all(client.clone());
    let seen = watcher(events, watcher::Config::default()).default_backoff().applied_objects();
    let events = seen.filter_map(|event| async { Some(describe(&event.ok()?)) });
    while_events_arrive(work, events, quiet, LONGEST).await
}

fn describe(event: &Event) -> String {
    let about = event.involved_object.name.as_deref().unwrap_or("something");
    let reason = event.reason.as_deref().unwrap_or_default();
    format!("{about}: {reason}: {}", event.message.as_deref().unwrap_or_default().trim())
}

async fn while_events_arrive<T>(
    work: impl Future<Output = T>,
    events: impl Stream<Item = String>,
    quiet: Duration,
    longest: Duration,
) -> Result<T, WaitTimeout> {
    let start = Instant::now();
    let (mut until, mut last) = (start + quiet, String::new());
    pin_mut!(work, events);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            Some(words) = events.next() => {
                last = words;
                until = (Instant::now() + quiet).min(start + longest);
            }
            () = sleep_until(until) => return Err(WaitTimeout { whole: start.elapsed(), last }),
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
    async fn the_wait_continues_while_events_arrive() {
        let work = async { sleep(3 * QUIET).await };
        let done = while_events_arrive(work, every(QUIET / 10), QUIET, 100 * QUIET).await;
        assert_eq!(done, Ok(()));
    }

    #[tokio::test]
    async fn quiet_ends_the_wait_and_the_error_shows_the_last_event() {
        let once = stream::iter(["n: Started: it".to_owned()]).chain(stream::pending());
        let waited =
            while_events_arrive(std::future::pending::<()>(), once, QUIET, 100 * QUIET).await.unwrap_err();
        assert_eq!(waited.to_string(), "in 0 s; its last event: n: Started: it");
    }

    #[tokio::test]
    async fn the_wait_is_limited_even_if_events_arrive() {
        let waited =
            while_events_arrive(std::future::pending::<()>(), every(QUIET / 10), QUIET, 2 * QUIET).await;
        assert!(waited.is_err_and(|waited| waited.whole >= 2 * QUIET && waited.last.starts_with("event")));
    }
}
