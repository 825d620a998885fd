//! Waiting for conditions: [`Stage::until`] and its variants.

use std::future::pending;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::blocked::Blocked;
use super::conditions::{
    Progress, all_running, ended_logs_are_complete, has_ended, log_summary, of_log, of_pod, running_again,
    summary,
};
use super::context::Stage;
use super::liveness::Liveness;
use super::refs::PodRef;
use podproof_core::evidence::{LogText, Observed, SeenPod, Wait, WaitEnd, WatchChange};

impl Stage {
    /// Waits until `look` returns [`Progress::Met`]. Calls it again at every new observation.
    ///
    /// Every other end is an error: hopeless, timed out (with the last state seen) or unobserved.
    pub async fn until<T>(
        &self,
        what: &str,
        budget: Duration,
        look: impl FnMut(&Observed) -> Progress<T>,
    ) -> Result<T, Blocked> {
        self.until_or_last(what, budget, look, last_seen).await
    }

    /// Like [`until`](Self::until), but `last` describes the last state seen after a timeout.
    async fn until_or_last<T>(
        &self,
        what: &str,
        budget: Duration,
        look: impl FnMut(&Observed) -> Progress<T>,
        last: impl FnOnce(&Observed) -> String,
    ) -> Result<T, Blocked> {
        match self.until_or_over(what, budget, look, last).await {
            // If the watch is stale, the awaited event may have happened unseen.
            Err(over @ Blocked::TimedOut { .. }) => Err(match self.why_stale().await {
                Ok(Some(why)) => Blocked::Unobserved { what: what.to_owned(), why },
                Ok(None) | Err(_) => over,
            }),
            end => end,
        }
    }

    /// Like [`until`](Self::until), but a timeout is returned as is, without a check whether the watch is stale.
    async fn until_or_over<T>(
        &self,
        what: &str,
        budget: Duration,
        mut look: impl FnMut(&Observed) -> Progress<T>,
        last: impl FnOnce(&Observed) -> String,
    ) -> Result<T, Blocked> {
        let mut observed = self.recorder.observed();
        let event = async {
            let mut ended = None;
            let waiting = observed.wait_for(|observed| {
                ended = match look(observed) {
                    Progress::Met(found) => Some(Ok(found)),
                    Progress::Hopeless(why) => Some(Err(Blocked::Hopeless { what: what.to_owned(), why })),
                    Progress::NotYet => observed
                        .broken
                        .clone()
                        .map(|why| Err(Blocked::Unobserved { what: what.to_owned(), why })),
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
        let timed_out = || Blocked::TimedOut {
            what: what.to_owned(),
            waited: budget,
            last: last(&self.recorder.observed().borrow()),
        };
        self.wait_for(what, budget, event, timed_out).await
    }

    /// Waits for `event`, at most for `budget`, and records what was awaited and how the wait ended.
    ///
    /// Every wait on the cluster goes through here, except one that happens on a node, which only
    /// [`record_wait`](Self::record_wait) records.
    pub(super) async fn wait_for<T>(
        &self,
        what: &str,
        budget: Duration,
        event: impl Future<Output = Result<T, Blocked>>,
        timed_out: impl FnOnce() -> Blocked,
    ) -> Result<T, Blocked> {
        let started = podproof_core::evidence::now();
        let end = timeout(budget, event).await.unwrap_or_else(|_| Err(timed_out()));
        self.record_wait(what, started, &end);
        end
    }

    /// Records a wait that has just ended.
    pub(super) fn record_wait<T>(&self, what: &str, started: Timestamp, end: &Result<T, Blocked>) {
        self.recorder.wait(Wait {
            what: what.to_owned(),
            started,
            ended: podproof_core::evidence::now(),
            end: wait_end(end),
        });
    }

    /// Repeats `attempt`, at least once, until it returns true or `budget` has passed, and records the wait. For what
    /// only a command in a container can see; the caller records the commands.
    pub async fn repeat_until<A>(
        &self,
        what: &str,
        budget: Duration,
        mut attempt: impl FnMut() -> A,
    ) -> Result<(), Blocked>
    where
        A: Future<Output = Result<bool, Blocked>>,
    {
        let (started, begun) = (podproof_core::evidence::now(), Instant::now());
        let end = loop {
            match attempt().await {
                Ok(false) if begun.elapsed() < budget => {}
                Ok(false) => {
                    let last = "the last attempt found something else".to_owned();
                    break Err(Blocked::TimedOut { what: what.to_owned(), waited: budget, last });
                }
                Ok(true) => break Ok(()),
                Err(blocked) => break Err(blocked),
            }
        };
        self.record_wait(what, started, &end);
        match end {
            // The caller asks once more, and the judge evaluates that answer.
            Err(Blocked::TimedOut { .. }) => Ok(()),
            end => end,
        }
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
        let timed_out = || Blocked::TimedOut {
            what: what.to_owned(),
            waited: budget,
            last: last_seen(&self.recorder.observed().borrow()),
        };
        let _ = self.wait_for(what, budget, event, timed_out).await;
    }

    /// Watches for the whole of `window` and returns what `look` found. `Ok(None)` means that it found nothing although
    /// kubelets and controllers were alive and the watch was up to date. If they were not, the wait ends as unobserved.
    pub async fn observe_for<T>(
        &self,
        what: &str,
        window: Duration,
        mut look: impl FnMut(&Observed) -> Progress<T>,
    ) -> Result<Option<T>, Blocked> {
        let mut liveness = Liveness::of(self);
        let waited = tokio::select! {
            waited = self.until_or_over(what, window, &mut look, last_seen) => waited,
            never = liveness.follow(self, window) => match never {},
        };
        match waited {
            Ok(found) => return Ok(Some(found)),
            Err(Blocked::TimedOut { .. }) => {}
            Err(other) => return Err(other),
        }
        let why = match liveness.failure(self).await? {
            Some(why) => Some(why),
            None => self.why_incomplete(window).await?,
        };
        if let Some(why) = why {
            return Err(Blocked::Unobserved { what: what.to_owned(), why });
        }
        // The watch may have caught up in the meantime.
        match look(&self.recorder.observed().borrow()) {
            Progress::Met(found) => Ok(Some(found)),
            Progress::Hopeless(_) | Progress::NotYet => Ok(None),
        }
    }

    /// Waits until `look` accepts a state of `pod`. Hopeless if the pod ends or is stuck first.
    pub async fn until_pod<T>(
        &self,
        what: &str,
        budget: Duration,
        pod: &PodRef,
        mut look: impl FnMut(&SeenPod) -> Option<T>,
    ) -> Result<T, Blocked> {
        self.until(what, budget, |seen| of_pod(seen, pod, &mut look)).await
    }

    /// Waits until every container of `pod` runs.
    pub async fn until_running(&self, pod: &PodRef) -> Result<(), Blocked> {
        let what = format!("pod {} with all containers running", pod.name);
        self.until(&what, self.budgets.pod_running(), |seen| of_pod(seen, pod, all_running)).await
    }

    /// Waits until `container` runs again after its `restarts`th restart.
    pub async fn until_restarted(&self, pod: &PodRef, container: &str, restarts: i32) -> Result<(), Blocked> {
        let what = format!("restart {restarts} of container {container} of pod {}", pod.name);
        let look = |seen: &SeenPod| running_again(seen, container, restarts);
        self.until(&what, self.budgets.restart(), |seen| of_pod(seen, pod, look)).await
    }

    /// Waits until `container` has ended once.
    pub async fn until_ended(&self, pod: &PodRef, container: &str) -> Result<(), Blocked> {
        let what = format!("the end of container {container} of pod {}", pod.name);
        let look = |seen: &SeenPod| has_ended(seen, container);
        self.until(&what, self.budgets.pod_done(), |seen| of_pod(seen, pod, look)).await
    }

    /// Waits until the phase of `pod` is `Succeeded` or `Failed`.
    pub async fn until_terminal(&self, pod: &PodRef) -> Result<(), Blocked> {
        let what = format!("the end of pod {}", pod.name);
        let look = |seen: &SeenPod| seen.is_terminal().then_some(());
        self.until(&what, self.budgets.pod_done(), |seen| of_pod(seen, pod, look)).await
    }

    /// Waits until the API server no longer has an object with the UID of `pod`.
    pub async fn until_gone(&self, pod: &PodRef) -> Result<(), Blocked> {
        let what = format!("the removal of pod {}", pod.name);
        self.until(&what, self.budgets.pod_gone(), |seen| {
            let gone = seen.pod(&pod.uid).is_some_and(|seen| seen.change == WatchChange::Deleted);
            if gone { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
    }

    /// Waits until `look` accepts the log of the instance of `container` after `restart` restarts.
    pub async fn until_log<T>(
        &self,
        what: &str,
        (pod, container, restart): (&PodRef, &str, i32),
        mut look: impl FnMut(&LogText) -> Option<T>,
    ) -> Result<T, Blocked> {
        let place = (pod, container, restart);
        // The container may not have started yet, which takes its time on a busy node.
        let budget = self.budgets.pod_running() + self.budgets.log_line();
        let last = |seen: &Observed| format!("{}; {}", log_summary(seen, place), last_seen(seen));
        self.until_or_last(what, budget, |seen| of_log(seen, place, &mut look), last).await
    }

    /// Waits until the probe has reported `verb` in the instance of `container` after `restart` restarts.
    pub async fn until_reported(
        &self,
        pod: &PodRef,
        container: &str,
        restart: i32,
        verb: &str,
    ) -> Result<(), Blocked> {
        let what = format!("the report `{verb}` of container {container} of pod {}", pod.name);
        self.until_log(&what, (pod, container, restart), |log| log.report(verb).map(drop)).await
    }
}

fn wait_end<T>(end: &Result<T, Blocked>) -> WaitEnd {
    match end {
        Ok(_) => WaitEnd::Met,
        Err(Blocked::Hopeless { why, .. }) => WaitEnd::Hopeless(why.clone()),
        Err(Blocked::TimedOut { last, .. }) => WaitEnd::TimedOut(last.clone()),
        Err(other) => WaitEnd::Broken(other.to_string()),
    }
}

/// The last state of each pod, in one line.
fn last_seen(observed: &Observed) -> String {
    let last = observed.last_states();
    if last.is_empty() {
        return "no pod".to_owned();
    }
    last.into_iter().map(summary).collect::<Vec<_>>().join("; ")
}
