//! Requests to the API server, with a bound, and put again where the answer was lost.

use std::error::Error as _;
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use hyper_util::client::legacy;
use kube::api::{ListParams, PostParams};
use kube::core::DynamicObject;
use kube::runtime::utils::{Backoff, StreamBackoff};
use kube::{Api, ResourceExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use super::blocked::Blocked;

/// What an API server says where a webhook of the cluster stands in the way: it will say so again.
const OF_A_WEBHOOK: &str = "failed calling webhook";

/// One request to the API server, with a bound.
pub(super) async fn asked_in<T>(
    patience: Duration,
    action: &str,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, Blocked> {
    match timeout(patience, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(source)) => Err(Blocked::Api { action: action.to_owned(), source: Box::new(source) }),
        Err(_) => Err(Blocked::Silent { action: action.to_owned(), waited: patience }),
    }
}

/// One question to the API server, with a bound. A connection that was kept may just have been let go by the other side:
/// a question, which changes nothing, is then put once more.
pub(super) async fn asked_of_kept<T, R>(
    patience: Duration,
    action: &str,
    mut request: impl FnMut() -> R,
) -> Result<T, Blocked>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    match asked_in(patience, action, request()).await {
        Err(Blocked::Api { source, .. }) if broke(&source) => asked_in(patience, action, request()).await,
        answer => answer,
    }
}

/// A request that may be put as often as is needed: again and again until there is an answer or `patience` is over.
pub(super) async fn asked_again<T, R>(
    patience: Duration,
    action: &str,
    request: impl FnMut() -> R,
) -> Result<T, Blocked>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    asked_until(Instant::now() + patience, patience, action, is_lost, request).await
}

/// The same for what must not be repeated once it has begun: only a request that came to nothing is put again.
pub(super) async fn opened<T, R>(
    patience: Duration,
    action: &str,
    request: impl FnMut() -> R,
) -> Result<T, Blocked>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    asked_until(Instant::now() + patience, patience, action, came_to_nothing, request).await
}

/// Each try has `each`, all together have time `until` then. What `again` says of an error decides whether it is put again.
pub(super) async fn asked_until<T, R>(
    until: Instant,
    each: Duration,
    action: &str,
    again: fn(&kube::Error) -> bool,
    request: impl FnMut() -> R,
) -> Result<T, Blocked>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    let tries = stream::repeat_with(request).then(|request| asked_in(each, action, request));
    let mut tries = pin!(StreamBackoff::new(tries, Pauses::default()));
    let mut last = Blocked::Silent { action: action.to_owned(), waited: each };
    while let Ok(Some(tried)) = timeout_at(until, tries.next()).await {
        match tried {
            Err(Blocked::Api { action, source }) if again(&source) => last = Blocked::Api { action, source },
            Err(silent @ Blocked::Silent { .. }) => last = silent,
            answer => return answer,
        }
    }
    Err(last)
}

/// Creates `object`, whose name is known. Where the answer is lost it is sent again, and one that is there then counts as
/// created if `is_ours` says so.
pub(super) async fn created(
    objects: &Api<DynamicObject>,
    object: &DynamicObject,
    patience: Duration,
    action: &str,
    is_ours: impl Fn(&DynamicObject) -> bool,
) -> Result<DynamicObject, Blocked> {
    let params = PostParams::default();
    let refused = match asked_again(patience, action, || objects.create(&params, object)).await {
        Err(Blocked::Api { action, source }) if code(&source) == Some(409) => Blocked::Api { action, source },
        answer => return answer,
    };
    let only = ListParams::default().fields(&format!("metadata.name={}", object.name_any()));
    let found = asked_again(patience, action, || objects.list(&only)).await;
    let found = found.ok().and_then(|list| list.items.into_iter().find(|found| is_ours(found)));
    found.ok_or(refused)
}

/// The HTTP status of a refusal.
pub(super) fn code(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// Whether there may be an answer if the same is asked again: none came, or the API server was not able to give one.
pub(super) fn is_lost(error: &kube::Error) -> bool {
    broke(error) || is_unable(error)
}

/// Whether the connection broke.
fn broke(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::ReadEvents(_))
}

fn is_unable(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    matches!(status.code, 429 | 500..=599) && !status.message.contains(OF_A_WEBHOOK)
}

/// Whether nothing was done: no connection came about, or the API server said that it was not able to.
fn came_to_nothing(error: &kube::Error) -> bool {
    is_unable(error) || (broke(error) && is_unconnected(error))
}

fn is_unconnected(error: &kube::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The pauses between tries: short at first, each twice as long as the one before.
struct Pauses(Duration);

impl Pauses {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);
}

impl Default for Pauses {
    fn default() -> Self {
        Self(Self::FIRST)
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LONGEST);
        Some(pause)
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use kube::core::Status;
    use rstest::rstest;

    use super::*;

    fn refused(code: u16, message: &str) -> kube::Error {
        kube::Error::Api(Box::new(Status::failure(message, "").with_code(code)))
    }

    fn cut() -> kube::Error {
        kube::Error::Service("client error (SendRequest)".into())
    }

    #[rstest]
    #[case::cut(cut(), true, false)]
    #[case::too_many(refused(429, "slow down"), true, true)]
    #[case::unable(refused(500, "error dialing backend"), true, true)]
    #[case::webhook(refused(500, "Internal error occurred: failed calling webhook \"w\""), false, false)]
    #[case::forbidden(refused(403, "you may not"), false, false)]
    #[case::absent(refused(404, "no such pod"), false, false)]
    fn what_was_lost_is_asked_again_and_what_may_have_begun_is_not(
        #[case] error: kube::Error,
        #[case] lost: bool,
        #[case] nothing: bool,
    ) {
        assert_eq!((is_lost(&error), came_to_nothing(&error)), (lost, nothing));
    }

    #[tokio::test]
    async fn a_question_is_put_until_there_is_an_answer() {
        let asked = AtomicUsize::new(0);
        let answer = asked_again(Duration::from_secs(10), "ask", || async {
            if asked.fetch_add(1, Ordering::Relaxed) < 2 { Err(cut()) } else { Ok("answer") }
        });
        assert_eq!(answer.await.ok(), Some("answer"));
        assert_eq!(asked.into_inner(), 3);
    }

    #[tokio::test]
    async fn the_last_error_is_what_is_said_in_the_end() {
        let patience = Duration::from_millis(300);
        let answer = asked_again(patience, "ask", || async { Err::<(), _>(refused(503, "not now")) }).await;
        assert_eq!(answer.unwrap_err().to_string(), "ask: not now (503)");
        let refusal = asked_again(patience, "ask", || async { Err::<(), _>(refused(403, "never")) }).await;
        assert_eq!(refusal.unwrap_err().to_string(), "ask: never (403)");
    }
}
