//! The recorder of one case. It watches before anything is created, and also records the actions of the drive.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::objects::watch_objects;
use super::pods::{LogFollower, watch_events, watch_pods};
use podproof_core::evidence::{
    Applied, Deletion, Evidence, Exec, FORMAT, Fetch, Kind, LogSnapshot, Mark, Missing, NodeCommand,
    Observations, Refusal, SeenObject, Wait,
};
use podproof_core::plan::{Budgets, ClaimId};

/// Collects the evidence of one case.
#[derive(Debug)]
pub struct Recorder {
    observed: watch::Sender<Observations>,
    actions: Mutex<DriveActions>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    started: Timestamp,
}

/// The actions of the drive.
#[derive(Debug, Default)]
struct DriveActions {
    applied: Vec<Applied>,
    refusals: Vec<Refusal>,
    execs: Vec<Exec>,
    node_commands: Vec<NodeCommand>,
    fetches: Vec<Fetch>,
    recalls: Vec<LogSnapshot>,
    deletions: Vec<Deletion>,
    waits: Vec<Wait>,
    marks: Vec<Mark>,
}

impl Recorder {
    /// Starts to watch the pods of `namespace` and the objects related to these kinds. Returns once every watch has
    /// delivered its initial list, so that nothing is missed.
    pub async fn start(
        client: &Client,
        namespace: &str,
        kinds: &[Kind],
        budgets: Budgets,
    ) -> Result<Self, Missing> {
        let observed = watch::Sender::new(Observations::default());
        let stop = CancellationToken::new();
        let follower = LogFollower::new(client, namespace, observed.clone(), stop.clone(), budgets);
        let watched: BTreeSet<_> = kinds.iter().flat_map(|kind| kind.watched()).copied().collect();
        let (begun, mut have_begun) = watch::channel(BTreeSet::new());
        let pods =
            watch_pods(Api::namespaced(client.clone(), namespace), observed.clone(), follower, begun.clone());
        let events = watch_events(Api::namespaced(client.clone(), namespace), observed.clone(), budgets);
        let mut tasks = vec![spawn_until(&stop, pods), spawn_until(&stop, events)];
        tasks.extend(watched.iter().map(|kind| {
            let place = (client.clone(), namespace.to_owned(), *kind);
            spawn_until(&stop, watch_objects(place, observed.clone(), begun.clone(), budgets))
        }));
        let recorder = Self {
            observed,
            actions: Mutex::default(),
            stop,
            tasks,
            started: podproof_core::evidence::now(),
        };
        let patience = budgets.request();
        let all = have_begun.wait_for(|begun| begun.len() > watched.len());
        if let Ok(Ok(_)) = timeout(patience, all).await {
            return Ok(recorder);
        }
        let why = recorder.observed.borrow().watch_error.clone();
        let why = why.unwrap_or_else(|| format!("no answer within {patience:?}"));
        Err(Missing::new(format!("what is in namespace {namespace}: {why}")))
    }

    /// All observations so far, and a notification at each change.
    #[must_use]
    pub fn observed(&self) -> watch::Receiver<Observations> {
        self.observed.subscribe()
    }

    /// Records the state of an object that was read once.
    pub fn looked_at(&self, seen: SeenObject) {
        self.observed.send_modify(|observed| observed.objects.push(seen));
    }

    /// Records a created object.
    pub fn applied(&self, applied: Applied) {
        self.actions().applied.push(applied);
    }

    /// Records a refused object.
    pub fn refused(&self, refusal: Refusal) {
        self.actions().refusals.push(refusal);
    }

    /// Records a command in a container.
    pub fn exec(&self, exec: Exec) {
        self.actions().execs.push(exec);
    }

    /// Records a command on a node.
    pub fn node_command(&self, command: NodeCommand) {
        self.actions().node_commands.push(command);
    }

    /// Records an HTTP request to a pod.
    pub fn fetch(&self, fetch: Fetch) {
        self.actions().fetches.push(fetch);
    }

    /// Records a log snapshot.
    pub fn log_snapshot(&self, snapshot: LogSnapshot) {
        self.actions().recalls.push(snapshot);
    }

    /// Records a deletion. Must be called before the request.
    pub fn deleted(&self, deletion: Deletion) {
        self.actions().deletions.push(deletion);
    }

    /// Records a wait and its end.
    pub fn wait(&self, wait: Wait) {
        self.actions().waits.push(wait);
    }

    /// Records the current time under `name`.
    pub fn mark(&self, name: &str) {
        self.actions().marks.push(Mark { at: podproof_core::evidence::now(), name: name.to_owned() });
    }

    /// Stops observing and returns the evidence of a drive that ended at `ended`.
    pub async fn finish(
        self,
        claim: ClaimId,
        mutant: Option<String>,
        (namespace, token): (&str, &str),
        ended: Timestamp,
    ) -> Evidence {
        self.stop.cancel();
        for task in self.tasks {
            // A panic of a task is ignored; its earlier observations are kept.
            let _ = task.await;
        }
        let DriveActions {
            applied,
            refusals,
            execs,
            node_commands,
            fetches,
            recalls,
            deletions,
            waits,
            marks,
        } = self.actions.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Observations { timeline, objects, events, logs, watch_error } =
            self.observed.send_replace(Observations::default());
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
            blocked: watch_error,
            interrupted: false,
        }
    }

    fn actions(&self) -> MutexGuard<'_, DriveActions> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spawn_until(stop: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let stop = stop.clone();
    tokio::spawn(async move {
        let _ = stop.run_until_cancelled(work).await;
    })
}
