//! The watches on pods and events. Every container instance that they show gets its log followed.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::runtime::watcher;
use kube::{Api, Client};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::log_stream::follow_log;
use super::refusals::Refusals;
use super::sink::{LoggedInstance, Shared, Sink, StartedWatches};
use podproof_core::evidence::{SeenEvent, SeenPod, WatchChange, has_started, not_started};
use podproof_core::plan::{Budgets, pause};

/// Records every state of every pod, and starts following the log of every new container instance.
pub(super) async fn watch_pods(pods: Api<Pod>, sink: Sink, follower: LogFollower, begun: StartedWatches) {
    let mut stream = watcher(pods, watcher::Config::default()).boxed();
    let mut refusals = Refusals::within(follower.budgets);
    while let Some(item) = stream.next().await {
        refusals.note(&item);
        let (change, mut pod) = match item {
            Ok(watcher::Event::Apply(pod) | watcher::Event::InitApply(pod)) => (WatchChange::Applied, pod),
            Ok(watcher::Event::Delete(pod)) => (WatchChange::Deleted, pod),
            Ok(watcher::Event::Init) => continue,
            Ok(watcher::Event::InitDone) => {
                begun.send_if_modified(|begun| begun.insert(None));
                continue;
            }
            Err(error) => {
                // The watcher lists again by itself, so only a final refusal ends the watch.
                if let Some(why) = refusals.final_reason(&error) {
                    sink.send_modify(|observed| observed.watch_error = Some(why));
                    return;
                }
                sleep(pause::WATCH).await;
                continue;
            }
        };
        pod.metadata.managed_fields = None;
        let seen = SeenPod { at: podproof_core::evidence::now(), change, pod };
        if change == WatchChange::Applied {
            follower.follow_new(&seen);
        }
        sink.send_modify(|observed| {
            // A repeated list contains known states.
            let version = |seen: &SeenPod| seen.pod.metadata.resource_version.clone();
            let known = observed
                .pod(seen.uid())
                .is_some_and(|last| last.change == seen.change && version(last) == version(&seen));
            if !known {
                observed.timeline.push(seen);
            }
        });
    }
}

/// Records the namespace's events. Kubernetes delivers them at best effort, so a failure here is ignored.
pub(super) async fn watch_events(events: Api<Event>, sink: Sink, budgets: Budgets) {
    let mut stream = watcher(events, watcher::Config::default()).boxed();
    let mut refusals = Refusals::within(budgets);
    while let Some(item) = stream.next().await {
        refusals.note(&item);
        match item {
            Ok(watcher::Event::Apply(mut event) | watcher::Event::InitApply(mut event)) => {
                event.metadata.managed_fields = None;
                let seen = SeenEvent { at: podproof_core::evidence::now(), event };
                sink.send_modify(|observed| observed.events.push(seen));
            }
            Ok(_) => {}
            Err(error) if refusals.final_reason(&error).is_some() => return,
            Err(_) => sleep(pause::WATCH).await,
        }
    }
}

/// Starts one log stream per container instance.
pub(super) struct LogFollower {
    pods: Api<Pod>,
    sink: Sink,
    begun: Shared<BTreeSet<LoggedInstance>>,
    stop: CancellationToken,
    budgets: Budgets,
}

impl LogFollower {
    pub(super) fn new(
        client: &Client,
        namespace: &str,
        sink: Sink,
        stop: CancellationToken,
        budgets: Budgets,
    ) -> Self {
        let pods = Api::namespaced(client.clone(), namespace);
        Self { pods, sink, begun: Shared::default(), stop, budgets }
    }

    /// Follows the log of each instance that `seen` shows for the first time.
    fn follow_new(&self, seen: &SeenPod) {
        for status in seen.containers() {
            let instance = |restart| LoggedInstance {
                pod: seen.name().to_owned(),
                uid: seen.uid().to_owned(),
                container: status.name.clone(),
                restart,
            };
            if status.restart_count > 0 && not_started(status).is_none() {
                // If an instance started and ended between two states, its log exists only as the previous one.
                self.begin(instance(status.restart_count - 1), true);
            }
            if has_started(status) {
                self.begin(instance(status.restart_count), false);
            }
        }
    }

    fn begin(&self, instance: LoggedInstance, previous: bool) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if !begun.insert(instance.clone()) {
            return;
        }
        // Added before the state that shows the instance, so that a drive that sees the instance can wait for its log.
        self.sink.send_modify(|observed| observed.logs.push(instance.empty_log()));
        let (pods, sink, stop) = (self.pods.clone(), self.sink.clone(), self.stop.clone());
        let budgets = self.budgets;
        tokio::spawn(async move {
            let _ = stop.run_until_cancelled(follow_log(pods, sink, instance, previous, budgets)).await;
        });
    }
}
