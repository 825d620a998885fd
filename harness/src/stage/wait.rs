//! Waiting for conditions: [`Stage::until`] and its variants.

use std::future::pending;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::conditions::{
    Progress, all_running, ended_logs_are_complete, has_ended, log_summary, of_log, of_pod, running_again,
    summary,
};
use super::context::Stage;
use super::error::StageError;
use super::liveness::Liveness;
use super::refs::PodRef;
use podproof_core::evidence::{LogText, Observations, SeenPod, Wait, WaitEnd, WatchChange};

impl Stage {
    /// Waits until `look` returns [`Progress::Met`]. Calls `look` again on every observation.
    ///
    /// Otherwise returns [`StageError::Hopeless`], [`StageError::TimedOut`] (with the last state seen) or
    /// [`StageError::Unobserved`].
    pub async fn until<T>(
        &self,
        what: &str,
        budget: Duration,
        look: impl FnMut(&Observations) -> Progress<T>,
    ) -> Result<T, StageError> {
        self.until_describing(what, budget, look, last_seen).await
    }

    /// Like [`until`](Self::until), but `describe_last` describes the last state seen after a timeout.
    async fn until_describing<T>(
        &self,
        what: &str,
        budget: Duration,
        look: impl FnMut(&Observations) -> Progress<T>,
        describe_last: impl FnOnce(&Observations) -> String,
    ) -> Result<T, StageError> {
        match self.until_unchecked(what, budget, look, describe_last).await {
            // If the watch is stale, the awaited event may have happened unseen.
            Err(timed_out @ StageError::TimedOut { .. }) => Err(match self.why_stale().await {
                Ok(Some(why)) => StageError::Unobserved { what: what.to_owned(), why },
                Ok(None) | Err(_) => timed_out,
            }),
            end => end,
        }
    }

    /// Like [`until`](Self::until), but a timeout is returned as is, without a check whether the watch is stale.
    async fn until_unchecked<T>(
        &self,
        what: &str,
        budget: Duration,
        mut look: impl FnMut(&Observations) -> Progress<T>,
        describe_last: impl FnOnce(&Observations) -> String,
    ) -> Result<T, StageError> {
        let mut observed = self.recorder.observed();
        let event = async {
            let mut ended = None;
            let waiting = observed.wait_for(|observed| {
                ended = match look(observed) {
                    Progress::Met(found) => Some(Ok(found)),
                    Progress::Hopeless(why) => Some(Err(StageError::Hopeless { what: what.to_owned(), why })),
                    Progress::NotYet => observed
                        .watch_error
                        .clone()
                        .map(|why| Err(StageError::Unobserved { what: what.to_owned(), why })),
                };
                ended.is_some()
            });
            drop(waiting.await);
            match ended {
                Some(end) => end,
                // The recorder has ended, so nothing more will be observed.
                None => pending().await,
            }
        };
        let timed_out = || StageError::TimedOut {
            what: what.to_owned(),
            waited: budget,
            last: describe_last(&self.recorder.observed().borrow()),
        };
        self.wait_for(what, budget, event, timed_out).await
    }

    /// Waits for `event`, at most for `budget`, and records what was awaited and how the wait ended.
    ///
    /// Waits on the cluster go through here. [`repeat_until`](Self::repeat_until) and a wait that a command carries out on
    /// a node only call [`record_wait`](Self::record_wait).
    pub(super) async fn wait_for<T>(
        &self,
        what: &str,
        budget: Duration,
        event: impl Future<Output = Result<T, StageError>>,
        timed_out: impl FnOnce() -> StageError,
    ) -> Result<T, StageError> {
        let started = podproof_core::evidence::now();
        let end = timeout(budget, event).await.unwrap_or_else(|_| Err(timed_out()));
        self.record_wait(what, started, &end);
        end
    }

    /// Records a wait that has just ended.
    pub(super) fn record_wait<T>(&self, what: &str, started: Timestamp, end: &Result<T, StageError>) {
        self.recorder.wait(Wait {
            what: what.to_owned(),
            started,
            ended: podproof_core::evidence::now(),
            end: wait_end(end),
        });
    }

    /// Repeats `attempt`, at least once, until it returns true or `budget` has passed, and records the wait. For what
    /// only a command in a container can see; the caller records the commands. A command that was lost with its connection
    /// counts as an attempt, but not twice in a row. A timeout is recorded, but is not an error.
    pub async fn repeat_until<A>(
        &self,
        what: &str,
        budget: Duration,
        mut attempt: impl FnMut() -> A,
    ) -> Result<(), StageError>
    where
        A: Future<Output = Result<bool, StageError>>,
    {
        let (started, begun) = (podproof_core::evidence::now(), Instant::now());
        let mut was_lost = false;
        let end = loop {
            let tried = attempt().await;
            let is_lost = matches!(tried, Err(StageError::Exec { .. }));
            match tried {
                Ok(false) if begun.elapsed() < budget => was_lost = false,
                Err(_) if is_lost && !was_lost && begun.elapsed() < budget => was_lost = true,
                Ok(is_met) => break Ok(is_met),
                Err(error) => break Err(error),
            }
        };
        let timed_out = || StageError::TimedOut {
            what: what.to_owned(),
            waited: budget,
            last: "the last attempt found something else".to_owned(),
        };
        match &end {
            Ok(false) => self.record_wait::<()>(what, started, &Err(timed_out())),
            end => self.record_wait(what, started, end),
        }
        // A wait without success is no error: the caller asks once more, and the judge evaluates that answer.
        end.map(drop)
    }

    /// Waits until the logs of all ended containers have ended. A timeout is not a fault: such a log stays marked as
    /// incomplete, which judges check.
    pub(super) async fn until_logs_ended(&self) {
        let mut observed = self.recorder.observed();
        if ended_logs_are_complete(&observed.borrow()) {
            return;
        }
        let (what, budget) = ("the logs of ended containers to end", self.budgets.log_end());
        let event = async {
            drop(observed.wait_for(ended_logs_are_complete).await);
            Ok(())
        };
        let timed_out = || StageError::TimedOut {
            what: what.to_owned(),
            waited: budget,
            last: last_seen(&self.recorder.observed().borrow()),
        };
        let _ = self.wait_for(what, budget, event, timed_out).await;
    }

    /// Watches until `look` finds something, at most for `window`, and returns what it found. `Ok(None)` means that it found nothing although
    /// kubelets and controllers were alive and the watch was up to date. Otherwise returns [`StageError::Unobserved`].
    pub async fn observe_for<T>(
        &self,
        what: &str,
        window: Duration,
        mut look: impl FnMut(&Observations) -> Progress<T>,
    ) -> Result<Option<T>, StageError> {
        let mut liveness = Liveness::of(self);
        let waited = tokio::select! {
            waited = self.until_unchecked(what, window, &mut look, last_seen) => waited,
            never = liveness.record_forever(self, window) => match never {},
        };
        match waited {
            Ok(found) => return Ok(Some(found)),
            Err(StageError::TimedOut { .. }) => {}
            Err(other) => return Err(other),
        }
        let why = match liveness.failure(self).await? {
            Some(why) => Some(why),
            None => self.why_incomplete(window).await?,
        };
        if let Some(why) = why {
            return Err(StageError::Unobserved { what: what.to_owned(), why });
        }
        // The watch may have caught up in the meantime.
        match look(&self.recorder.observed().borrow()) {
            Progress::Met(found) => Ok(Some(found)),
            Progress::Hopeless(_) | Progress::NotYet => Ok(None),
        }
    }

    /// Waits until `look` accepts a state of `pod`. Fails as hopeless if the pod ends, is deleted or gets stuck first.
    pub async fn until_pod<T>(
        &self,
        what: &str,
        budget: Duration,
        pod: &PodRef,
        mut look: impl FnMut(&SeenPod) -> Option<T>,
    ) -> Result<T, StageError> {
        self.until(what, budget, |seen| of_pod(seen, pod, &mut look)).await
    }

    /// Waits until every container of `pod` runs.
    pub async fn until_running(&self, pod: &PodRef) -> Result<(), StageError> {
        let what = format!("all containers of pod {} to run", pod.name);
        self.until(&what, self.budgets.pod_running(), |seen| of_pod(seen, pod, all_running)).await
    }

    /// Waits until `container` runs again after at least `at_least` restarts.
    pub async fn until_restarted(
        &self,
        pod: &PodRef,
        container: &str,
        at_least: i32,
    ) -> Result<(), StageError> {
        let what = format!("restart {at_least} of container {container} of pod {}", pod.name);
        let look = |seen: &SeenPod| running_again(seen, container, at_least);
        self.until(&what, self.budgets.restart(), |seen| of_pod(seen, pod, look)).await
    }

    /// Waits until `container` has ended once.
    pub async fn until_ended(&self, pod: &PodRef, container: &str) -> Result<(), StageError> {
        let what = format!("the end of container {container} of pod {}", pod.name);
        let look = |seen: &SeenPod| has_ended(seen, container);
        self.until(&what, self.budgets.pod_done(), |seen| of_pod(seen, pod, look)).await
    }

    /// Waits until the phase of `pod` is `Succeeded` or `Failed`.
    pub async fn until_terminal(&self, pod: &PodRef) -> Result<(), StageError> {
        let what = format!("pod {} to be Succeeded or Failed", pod.name);
        let look = |seen: &SeenPod| seen.is_terminal().then_some(());
        self.until(&what, self.budgets.pod_done(), |seen| of_pod(seen, pod, look)).await
    }

    /// Waits until the API server no longer has an object with the UID of `pod`.
    pub async fn until_gone(&self, pod: &PodRef) -> Result<(), StageError> {
        let what = format!("the removal of pod {}", pod.name);
        self.until(&what, self.budgets.pod_gone(), |seen| {
            let gone = seen.pod(&pod.uid).is_some_and(|seen| seen.change == WatchChange::Deleted);
            if gone { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
    }

    /// Waits until `look` accepts the log of instance `restart` of `container` (0 is the first).
    pub async fn until_log<T>(
        &self,
        what: &str,
        (pod, container, restart): (&PodRef, &str, i32),
        mut look: impl FnMut(&LogText) -> Option<T>,
    ) -> Result<T, StageError> {
        let instance = (pod, container, restart);
        // The container may not have started yet, which can take a while on a busy node.
        let budget = self.budgets.pod_running() + self.budgets.log_line();
        let describe_last =
            |seen: &Observations| format!("{}; {}", log_summary(seen, instance), last_seen(seen));
        self.until_describing(what, budget, |seen| of_log(seen, instance, &mut look), describe_last).await
    }

    /// Waits until the probe has reported `verb` in instance `restart` of `container` (0 is the first).
    pub async fn until_reported(
        &self,
        pod: &PodRef,
        container: &str,
        restart: i32,
        verb: &str,
    ) -> Result<(), StageError> {
        let what = format!("report `{verb}` from container {container} of pod {}", pod.name);
        self.until_log(&what, (pod, container, restart), |log| log.report(verb).map(drop)).await
    }
}

fn wait_end<T>(end: &Result<T, StageError>) -> WaitEnd {
    match end {
        Ok(_) => WaitEnd::Met,
        Err(StageError::Hopeless { why, .. }) => WaitEnd::Hopeless(why.clone()),
        Err(StageError::TimedOut { last, .. }) => WaitEnd::TimedOut(last.clone()),
        Err(other) => WaitEnd::Broken(other.to_string()),
    }
}

/// The last state of each pod, in one line.
fn last_seen(observed: &Observations) -> String {
    let last = observed.last_states();
    if last.is_empty() {
        return "no pod".to_owned();
    }
    last.into_iter().map(summary).collect::<Vec<_>>().join("; ")
}
