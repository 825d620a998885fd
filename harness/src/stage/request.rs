//! Requests to the API server with a timeout, retried if the answer was lost.

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

use super::error::StageError;
use podproof_core::plan::pause;

/// Part of the message of a failed admission webhook. A retry would fail in the same way.
const WEBHOOK_FAILED: &str = "failed calling webhook";

/// Sends one request to the API server, with a timeout.
pub(super) async fn with_timeout<T>(
    patience: Duration,
    action: &str,
    request: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, StageError> {
    match timeout(patience, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(source)) => Err(StageError::Api { action: action.to_owned(), source: Box::new(source) }),
        Err(_) => Err(StageError::Silent { action: action.to_owned(), waited: patience }),
    }
}

/// Sends a read-only request with a timeout. If the connection breaks, retries once: the server may just have closed an
/// idle connection.
pub(super) async fn retry_once<T, R>(
    patience: Duration,
    action: &str,
    mut request: impl FnMut() -> R,
) -> Result<T, StageError>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    match with_timeout(patience, action, request()).await {
        Err(StageError::Api { source, .. }) if is_connection_error(&source) => {
            with_timeout(patience, action, request()).await
        }
        answer => answer,
    }
}

/// Sends an idempotent request and retries it until there is an answer or `patience` has passed.
pub(super) async fn retry<T, R>(
    patience: Duration,
    action: &str,
    request: impl FnMut() -> R,
) -> Result<T, StageError>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    retry_until(Instant::now() + patience, patience, action, is_retryable, request).await
}

/// Like [`retry`], for a request that must not run twice: retries only if the request certainly had no effect.
pub(super) async fn retry_if_no_effect<T, R>(
    patience: Duration,
    action: &str,
    request: impl FnMut() -> R,
) -> Result<T, StageError>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    retry_until(Instant::now() + patience, patience, action, had_no_effect, request).await
}

/// Sends a request with the timeout `each` and retries it until `until`, as long as `again` accepts the error.
pub(super) async fn retry_until<T, R>(
    until: Instant,
    each: Duration,
    action: &str,
    again: fn(&kube::Error) -> bool,
    request: impl FnMut() -> R,
) -> Result<T, StageError>
where
    R: Future<Output = Result<T, kube::Error>>,
{
    let tries = stream::repeat_with(request).then(|request| with_timeout(each, action, request));
    let mut tries = pin!(StreamBackoff::new(tries, Pauses::default()));
    let mut last = StageError::Silent { action: action.to_owned(), waited: each };
    while let Ok(Some(tried)) = timeout_at(until, tries.next()).await {
        match tried {
            Err(StageError::Api { action, source }) if again(&source) => {
                last = StageError::Api { action, source }
            }
            Err(silent @ StageError::Silent { .. }) => last = silent,
            answer => return answer,
        }
    }
    Err(last)
}

/// Creates `object`, whose name is fixed. If the answer is lost, creates it again; an object that then already exists
/// counts as created by this call if `is_own` accepts it.
pub(super) async fn create_idempotent(
    objects: &Api<DynamicObject>,
    object: &DynamicObject,
    patience: Duration,
    action: &str,
    is_own: impl Fn(&DynamicObject) -> bool,
) -> Result<DynamicObject, StageError> {
    let params = PostParams::default();
    let refused = match retry(patience, action, || objects.create(&params, object)).await {
        Err(StageError::Api { action, source }) if status_code(&source) == Some(409) => {
            StageError::Api { action, source }
        }
        answer => return answer,
    };
    let only = ListParams::default().fields(&format!("metadata.name={}", object.name_any()));
    let found = retry(patience, action, || objects.list(&only)).await;
    let found = found.ok().and_then(|list| list.items.into_iter().find(|found| is_own(found)));
    found.ok_or(refused)
}

/// The HTTP status code of an API error.
pub(super) fn status_code(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// True if a retry may succeed: no answer came, or the API server was temporarily unable to give one.
pub(super) fn is_retryable(error: &kube::Error) -> bool {
    is_connection_error(error) || is_server_error(error)
}

/// True if the connection broke or never came about.
fn is_connection_error(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::ReadEvents(_))
}

fn is_server_error(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    matches!(status.code, 429 | 500..=599) && !status.message.contains(WEBHOOK_FAILED)
}

/// True if the request had no effect: no connection came about, or the API server was unable to handle it.
fn had_no_effect(error: &kube::Error) -> bool {
    is_server_error(error) || (is_connection_error(error) && failed_to_connect(error))
}

fn failed_to_connect(error: &kube::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The backoff between retries: short at first, doubled each time.
struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(pause::FIRST_RETRY)
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.0;
        self.0 = (pause * 2).min(pause::LONGEST_RETRY);
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
    fn a_request_is_retried_if_its_answer_was_lost_but_not_if_it_may_have_started(
        #[case] error: kube::Error,
        #[case] lost: bool,
        #[case] nothing: bool,
    ) {
        assert_eq!((is_retryable(&error), had_no_effect(&error)), (lost, nothing));
    }

    #[tokio::test]
    async fn a_request_is_retried_until_there_is_an_answer() {
        let asked = AtomicUsize::new(0);
        let answer = retry(Duration::from_secs(10), "ask", || async {
            if asked.fetch_add(1, Ordering::Relaxed) < 2 { Err(cut()) } else { Ok("answer") }
        });
        assert_eq!(answer.await.ok(), Some("answer"));
        assert_eq!(asked.into_inner(), 3);
    }

    #[tokio::test]
    async fn the_last_error_is_returned_in_the_end() {
        let patience = Duration::from_millis(300);
        let answer = retry(patience, "ask", || async { Err::<(), _>(refused(503, "not now")) }).await;
        assert_eq!(answer.unwrap_err().to_string(), "ask: not now (503)");
        let refusal = retry(patience, "ask", || async { Err::<(), _>(refused(403, "never")) }).await;
        assert_eq!(refusal.unwrap_err().to_string(), "ask: never (403)");
    }
}
