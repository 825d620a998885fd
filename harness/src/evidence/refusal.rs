//! Refusals of the API server: which of them will pass, and which are final.

use std::time::{Duration, Instant};

use kube::runtime::watcher;

/// How long refusals are borne where the API server answered before: one that comes back with its node, or was
/// started again, does not know at first who may do what, nor all that there is.
const BEARABLE: Duration = Duration::from_secs(60);

/// How one watch or one log has fared with the API server so far.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    worked: bool,
    since: Option<Instant>,
}

impl Refusals {
    /// Notes what a watch says.
    pub(crate) fn note<K>(&mut self, said: &Result<watcher::Event<K>, watcher::Error>) {
        // A watch says that it begins before it has asked.
        if said.as_ref().is_ok_and(|event| !matches!(event, watcher::Event::Init)) {
            self.over();
        }
    }

    /// The API server has answered.
    pub(crate) fn over(&mut self) {
        (self.worked, self.since) = (true, None);
    }

    /// Whether the API server has ever answered.
    pub(crate) fn have_worked(&self) -> bool {
        self.worked
    }

    /// Why a watch will never work, where that is so: the API server says no, and has never said anything else, or has
    /// gone on for too long.
    pub(crate) fn incurable(&mut self, error: &watcher::Error) -> Option<String> {
        self.incurable_at(Instant::now(), error)
    }

    fn incurable_at(&mut self, now: Instant, error: &watcher::Error) -> Option<String> {
        let (watcher::Error::InitialListFailed(source) | watcher::Error::WatchStartFailed(source)) = error
        else {
            return None;
        };
        let refusal = refusal(source)?;
        self.are_final_at(now).then(|| format!("the API server refuses to be watched: {refusal}"))
    }

    /// Whether one more refusal is final.
    pub(crate) fn are_final(&mut self) -> bool {
        self.are_final_at(Instant::now())
    }

    fn are_final_at(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        !self.worked || now.saturating_duration_since(since) >= BEARABLE
    }
}

/// What the API server says where it refuses somebody, or does not know what is asked for.
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
    fn a_refusal_is_final_at_first_and_borne_for_a_while_later(#[case] code: u16) {
        let mut refusals = Refusals::default();
        refusals.note(&Ok(watcher::Event::<()>::Init));
        let why = refusals.incurable(&answer(code)).expect("a reason");
        assert_eq!(why, "the API server refuses to be watched: pods is forbidden");

        let start = Instant::now();
        for round in 0..2 {
            refusals.note(&Ok(watcher::Event::<()>::InitDone));
            let begin = start + BEARABLE * round;
            assert_eq!(refusals.incurable_at(begin, &answer(code)), None);
            assert_eq!(refusals.incurable_at(begin + BEARABLE / 2, &answer(code)), None);
        }
        assert!(refusals.incurable_at(start + BEARABLE * 2, &answer(code)).is_some());
    }

    #[test]
    fn what_is_no_refusal_always_passes() {
        let mut refusals = Refusals::default();
        for error in [answer(500), answer(429), watcher::Error::NoResourceVersion] {
            assert_eq!(refusals.incurable(&error), None, "{error}");
        }
    }
}
