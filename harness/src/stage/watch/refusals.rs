//! Refusals of the API server, and when they count as final.

use std::time::{Duration, Instant};

use kube::runtime::watcher;
use podproof_core::plan::Budgets;

/// The history of answers and refusals of one watch or log stream.
#[derive(Debug)]
pub(crate) struct Refusals {
    tolerance: Duration,
    has_succeeded: bool,
    since: Option<Instant>,
}

impl Refusals {
    /// No answers and no refusals so far. After an answer, refusals are tolerated for the budget of refusals.
    pub(crate) fn within(budgets: Budgets) -> Self {
        Self { tolerance: budgets.refusals(), has_succeeded: false, since: None }
    }

    /// Records the outcome of a watch.
    pub(crate) fn note<K>(&mut self, outcome: &Result<watcher::Event<K>, watcher::Error>) {
        // `Init` comes before the first request.
        if outcome.as_ref().is_ok_and(|event| !matches!(event, watcher::Event::Init)) {
            self.succeeded();
        }
    }

    /// Records a successful answer.
    pub(crate) fn succeeded(&mut self) {
        (self.has_succeeded, self.since) = (true, None);
    }

    /// Returns whether the API server has ever answered successfully.
    pub(crate) fn have_succeeded(&self) -> bool {
        self.has_succeeded
    }

    /// Why a watch will never work, if this refusal is final: no answer was ever successful, or the refusals have
    /// lasted too long.
    pub(crate) fn final_reason(&mut self, error: &watcher::Error) -> Option<String> {
        self.final_reason_at(Instant::now(), error)
    }

    fn final_reason_at(&mut self, now: Instant, error: &watcher::Error) -> Option<String> {
        let why = why_refused(error)?;
        self.are_final_at(now).then_some(why)
    }

    /// Records a refusal and returns whether it is final.
    pub(crate) fn are_final(&mut self) -> bool {
        self.are_final_at(Instant::now())
    }

    fn are_final_at(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        !self.has_succeeded || now.saturating_duration_since(since) >= self.tolerance
    }
}

/// Why the API server refuses a watch; `None` for errors that are no refusal.
pub(crate) fn why_refused(error: &watcher::Error) -> Option<String> {
    let (watcher::Error::InitialListFailed(source) | watcher::Error::WatchStartFailed(source)) = error else {
        return None;
    };
    Some(format!("the API server refuses to be watched: {}", refusal(source)?))
}

/// The message of an API error that means unauthorized, forbidden or not found.
pub(crate) fn refusal(error: &kube::Error) -> Option<&str> {
    match error {
        kube::Error::Api(status) if matches!(status.code, 401 | 403 | 404) => Some(&status.message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn answer(code: u16) -> watcher::Error {
        let status = serde_json::json!({ "code": code, "message": "pods is forbidden", "status": "Failure" });
        let status = serde_json::from_value(status).expect("a status");
        watcher::Error::WatchStartFailed(kube::Error::Api(status))
    }

    #[rstest]
    #[case(401)]
    #[case(403)]
    #[case(404)]
    fn a_refusal_is_final_at_first_but_tolerated_for_a_while_after_an_answer(#[case] code: u16) {
        let mut refusals = Refusals::within(Budgets::default());
        refusals.note(&Ok(watcher::Event::<()>::Init));
        let why = refusals.final_reason(&answer(code)).expect("a reason");
        assert_eq!(why, "the API server refuses to be watched: pods is forbidden");

        let (start, tolerance) = (Instant::now(), refusals.tolerance);
        for round in 0..2 {
            refusals.note(&Ok(watcher::Event::<()>::InitDone));
            let begin = start + tolerance * round;
            assert_eq!(refusals.final_reason_at(begin, &answer(code)), None);
            assert_eq!(refusals.final_reason_at(begin + tolerance / 2, &answer(code)), None);
        }
        assert!(refusals.final_reason_at(start + tolerance * 2, &answer(code)).is_some());
    }

    #[test]
    fn errors_other_than_refusals_are_never_final() {
        let mut refusals = Refusals::within(Budgets::default());
        for error in [answer(500), answer(429), watcher::Error::NoResourceVersion] {
            assert_eq!(refusals.final_reason(&error), None, "{error}");
        }
    }
}
