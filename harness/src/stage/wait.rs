//! The one door through which all waiting goes.

use std::time::Duration;

use tokio::time::timeout;

use super::blocked::Blocked;
use super::conditions::{
    Progress, all_running, has_ended, log_summary, of_log, of_pod, running_again, summary,
};
use super::deeds::PodRef;
use super::open::Stage;
use super::pulse::Pulse;
use crate::evidence::{Change, LogText, Observed, SeenPod, Wait, WaitEnd};

impl Stage {
    /// Waits until `look` is met: it is asked again at everything that is observed.
    ///
    /// Ends as met, hopeless, timed out with the last state seen, or unobserved; never otherwise.
    pub async fn until<T>(
        &self,
        what: &str,
        budget: Duration,
        look: impl FnMut(&Observed) -> Progress<T>,
    ) -> Result<T, Blocked> {
        self.until_or_last(what, budget, look, last_seen).await
    }

    /// The same; `last` says in which state things are where what was awaited does not come.
    async fn until_or_last<T>(
        &self,
        what: &str,
        budget: Duration,
        look: impl FnMut(&Observed) -> Progress<T>,
        last: impl FnOnce(&Observed) -> String,
    ) -> Result<T, Blocked> {
        match self.until_or_over(what, budget, look, last).await {
            // What was awaited may be there, and a watch that stands still does not show it.
            Err(over @ Blocked::TimedOut { .. }) => Err(match self.behind().await {
                Ok(Some(why)) => Blocked::Unobserved { what: what.to_owned(), why },
                Ok(None) | Err(_) => over,
            }),
            end => end,
        }
    }

    async fn until_or_over<T>(
        &self,
        what: &str,
        budget: Duration,
        mut look: impl FnMut(&Observed) -> Progress<T>,
        last: impl FnOnce(&Observed) -> String,
    ) -> Result<T, Blocked> {
        let started = crate::evidence::now();
        let mut observed = self.recorder.observed();
        let mut ended = None;
        let waiting = observed.wait_for(|observed| {
            ended = match look(observed) {
                Progress::Met(found) => Some(Ok(found)),
                Progress::Hopeless(why) => Some(Err(Blocked::Hopeless { what: what.to_owned(), why })),
                Progress::NotYet => {
                    observed.broken.clone().map(|why| Err(Blocked::Unobserved { what: what.to_owned(), why }))
                }
            };
            ended.is_some()
        });
        drop(timeout(budget, waiting).await);
        let end = ended.unwrap_or_else(|| {
            let last = last(&self.recorder.observed().borrow());
            Err(Blocked::TimedOut { what: what.to_owned(), waited: budget, last })
        });
        self.recorder.wait(Wait {
            what: what.to_owned(),
            started,
            ended: crate::evidence::now(),
            end: wait_end(&end),
        });
        end
    }

    /// Watches for the whole of `window` whether `look` is met after all. `Ok(None)` means that it was not, although
    /// those lived who would have done it, and what they did would have been seen; where that is not so the wait ends
    /// as unobserved.
    pub async fn unless<T>(
        &self,
        what: &str,
        window: Duration,
        mut look: impl FnMut(&Observed) -> Progress<T>,
    ) -> Result<Option<T>, Blocked> {
        let mut pulse = Pulse::of(self);
        let waited = tokio::select! {
            waited = self.until_or_over(what, window, &mut look, last_seen) => waited,
            never = pulse.follow(self, window) => match never {},
        };
        match waited {
            Ok(found) => return Ok(Some(found)),
            Err(Blocked::TimedOut { .. }) => {}
            Err(other) => return Err(other),
        }
        let why = match pulse.failing(self).await? {
            Some(why) => Some(why),
            None => self.blind(window).await?,
        };
        if let Some(why) = why {
            return Err(Blocked::Unobserved { what: what.to_owned(), why });
        }
        // A watch that was behind may have told of it since.
        match look(&self.recorder.observed().borrow()) {
            Progress::Met(found) => Ok(Some(found)),
            Progress::Hopeless(_) | Progress::NotYet => Ok(None),
        }
    }

    /// Waits until a state of `pod` shows what `look` looks for; hopeless where the pod ended or is stuck without.
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

    /// Waits until the API server has no object with the UID of `pod` any more.
    pub async fn until_gone(&self, pod: &PodRef) -> Result<(), Blocked> {
        let what = format!("the removal of pod {}", pod.name);
        self.until(&what, self.budgets.pod_gone(), |seen| {
            let gone = seen.pod(&pod.uid).is_some_and(|seen| seen.change == Change::Deleted);
            if gone { Progress::Met(()) } else { Progress::NotYet }
        })
        .await
    }

    /// Waits until the log of the `restart`th instance of `container` shows what `look` looks for.
    pub async fn until_log<T>(
        &self,
        what: &str,
        (pod, container, restart): (&PodRef, &str, i32),
        mut look: impl FnMut(&LogText) -> Option<T>,
    ) -> Result<T, Blocked> {
        let place = (pod, container, restart);
        // The container may not even have begun: a busy node may take its time for that too.
        let budget = self.budgets.pod_running() + self.budgets.log_line();
        let last = |seen: &Observed| format!("{}; {}", log_summary(seen, place), last_seen(seen));
        self.until_or_last(what, budget, |seen| of_log(seen, place, &mut look), last).await
    }

    /// Waits until the probe in the `restart`th instance of `container` has reported `verb`.
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
