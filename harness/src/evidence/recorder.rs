//! The collector of one case: it watches before anything is created, and it keeps what the drive did.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::facts::Missing;
use super::follow::{LogFollower, watch_events, watch_pods};
use super::kind::Kind;
use super::objects::watch_objects;
use super::record::{
    Applied, Deletion, Evidence, Exec, FORMAT, Fetch, Mark, NodeCommand, Recall, Refusal, Wait,
};
use super::seen::{Observed, SeenObject};
use crate::plan::ClaimId;

/// How long the log of a container that has ended may take to end too.
const LOG_DRAIN: Duration = Duration::from_secs(10);

/// Collects the evidence of one case.
#[derive(Debug)]
pub struct Recorder {
    observed: watch::Sender<Observed>,
    deeds: Mutex<Deeds>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    started: Timestamp,
}

/// What the drive itself did.
#[derive(Debug, Default)]
struct Deeds {
    applied: Vec<Applied>,
    refusals: Vec<Refusal>,
    execs: Vec<Exec>,
    node_commands: Vec<NodeCommand>,
    fetches: Vec<Fetch>,
    recalls: Vec<Recall>,
    deletions: Vec<Deletion>,
    waits: Vec<Wait>,
    marks: Vec<Mark>,
}

impl Recorder {
    /// Starts to watch `namespace`: its pods, and what changes because of objects of these kinds. Returns when the
    /// watches have begun, so that nothing is missed.
    pub async fn start(
        client: &Client,
        namespace: &str,
        kinds: &[Kind],
        patience: Duration,
    ) -> Result<Self, Missing> {
        let observed = watch::Sender::new(Observed::default());
        let stop = CancellationToken::new();
        let follower = LogFollower::new(client, namespace, observed.clone(), stop.clone());
        let watched: BTreeSet<_> = kinds.iter().flat_map(|kind| kind.watched()).copied().collect();
        let (begun, mut have_begun) = watch::channel(BTreeSet::new());
        let pods =
            watch_pods(Api::namespaced(client.clone(), namespace), observed.clone(), follower, begun.clone());
        let events = watch_events(Api::namespaced(client.clone(), namespace), observed.clone());
        let mut tasks = vec![spawn_until(&stop, pods), spawn_until(&stop, events)];
        tasks.extend(watched.iter().map(|kind| {
            let place = (client.clone(), namespace.to_owned(), *kind);
            spawn_until(&stop, watch_objects(place, observed.clone(), begun.clone()))
        }));
        let recorder = Self { observed, deeds: Mutex::default(), stop, tasks, started: super::clock::now() };
        let all = have_begun.wait_for(|begun| begun.len() > watched.len());
        if let Ok(Ok(_)) = timeout(patience, all).await {
            return Ok(recorder);
        }
        let why = recorder.observed.borrow().broken.clone();
        let why = why.unwrap_or_else(|| format!("no answer in {patience:?}"));
        Err(Missing::new(format!("what is in namespace {namespace}: {why}")))
    }

    /// All that was seen so far, and a signal at each change.
    #[must_use]
    pub fn observed(&self) -> watch::Receiver<Observed> {
        self.observed.subscribe()
    }

    /// Keeps the state of an object that was looked at.
    pub fn looked_at(&self, seen: SeenObject) {
        self.observed.send_modify(|observed| observed.objects.push(seen));
    }

    /// Keeps an object that was sent.
    pub fn applied(&self, applied: Applied) {
        self.deeds().applied.push(applied);
    }

    /// Keeps an object that was refused.
    pub fn refused(&self, refusal: Refusal) {
        self.deeds().refusals.push(refusal);
    }

    /// Keeps a command that was run.
    pub fn exec(&self, exec: Exec) {
        self.deeds().execs.push(exec);
    }

    /// Keeps a command that was run on a node.
    pub fn node_command(&self, command: NodeCommand) {
        self.deeds().node_commands.push(command);
    }

    /// Keeps an HTTP request.
    pub fn fetch(&self, fetch: Fetch) {
        self.deeds().fetches.push(fetch);
    }

    /// Keeps a log that was asked for.
    pub fn recall(&self, recall: Recall) {
        self.deeds().recalls.push(recall);
    }

    /// Keeps a deletion that is about to be asked for.
    pub fn deleted(&self, deletion: Deletion) {
        self.deeds().deletions.push(deletion);
    }

    /// Keeps how waiting ended.
    pub fn wait(&self, wait: Wait) {
        self.deeds().waits.push(wait);
    }

    /// Keeps a named moment.
    pub fn mark(&self, name: &str) {
        self.deeds().marks.push(Mark { at: super::clock::now(), name: name.to_owned() });
    }

    /// Waits for the logs of containers that have ended, stops observing and hands everything over.
    pub async fn finish(
        self,
        claim: ClaimId,
        mutant: Option<String>,
        namespace: &str,
        token: &str,
    ) -> Evidence {
        let ended = super::clock::now();
        let mut observed = self.observed.subscribe();
        // Out of time is no fault here: such a log is kept as not complete, and judges see that.
        let _ = timeout(LOG_DRAIN, observed.wait_for(ended_logs_are_complete)).await;
        self.stop.cancel();
        for task in self.tasks {
            // A task that panicked has nothing more to give; what it saw before is kept.
            let _ = task.await;
        }
        let Deeds { applied, refusals, execs, node_commands, fetches, recalls, deletions, waits, marks } =
            self.deeds.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Observed { timeline, objects, events, logs, broken } =
            self.observed.send_replace(Observed::default());
        Evidence {
            format: FORMAT,
            claim,
            mutant,
            namespace: namespace.to_owned(),
            token: token.to_owned(),
            started: self.started,
            ended,
            applied,
            refusals,
            execs,
            node_commands,
            fetches,
            deletions: Some(deletions),
            recalls,
            waits,
            marks,
            timeline,
            objects,
            events,
            logs,
            blocked: broken,
            interrupted: false,
        }
    }

    fn deeds(&self) -> MutexGuard<'_, Deeds> {
        self.deeds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether each container instance that the timeline shows ended has its whole log.
fn ended_logs_are_complete(observed: &Observed) -> bool {
    observed.logs.iter().all(|log| {
        let status = observed.pod(&log.uid).and_then(|seen| seen.container(&log.container));
        let still_runs = status.is_some_and(|status| {
            status.restart_count == log.restart
                && status.state.as_ref().is_none_or(|state| state.terminated.is_none())
        });
        still_runs || log.complete || log.broken.is_some()
    })
}

fn spawn_until(stop: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let stop = stop.clone();
    tokio::spawn(async move {
        let _ = stop.run_until_cancelled(work).await;
    })
}

/// What the recorder's parts write into.
pub(super) type Sink = watch::Sender<Observed>;

/// The watches that have begun: that on pods (none) and those on other kinds.
pub(super) type Begun = watch::Sender<BTreeSet<Option<Kind>>>;

/// Shared by the tasks that follow logs.
pub(super) type Shared<T> = Arc<Mutex<T>>;
