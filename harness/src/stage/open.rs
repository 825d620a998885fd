//! Opening and closing a stage.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use kube::Client;
use serde_json::Value;

use super::attire::Attire;
use super::blocked::Blocked;
use super::conditions::of_pod;
use super::namespace::{LIFETIME_LABEL, RUN_LABEL, delete_namespace, make_namespace};
use super::node::NodeRef;
use super::objects::{kinds_in, stop_controllers};
use crate::cluster::{Access, Door, Images};
use crate::evidence::{Evidence, Recorder};
use crate::plan::{Budgets, ClaimId, Manifest, Saboteur, Security};

/// One namespace in which one case acts.
pub struct Stage {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) manifest: Manifest,
    pub(super) attire: Attire,
    pub(super) images: Images,
    pub(super) labels: Vec<(String, String)>,
    pub(super) token: String,
    pub(super) budgets: Budgets,
    pub(super) recorder: Recorder,
    pub(super) door: Door,
    pub(super) saboteur: Option<Saboteur>,
    /// What was changed on nodes is put back with these scripts.
    pub(super) put_back: Mutex<Vec<(NodeRef, String)>>,
    /// The UIDs of the objects that were created.
    pub(super) made: Mutex<BTreeSet<String>>,
}

/// What a stage is opened for.
#[derive(Clone, Debug)]
pub struct StageOrder {
    /// The namespace's name, used by nothing else.
    pub namespace: String,
    /// The run's id, a valid label value.
    pub run: String,
    /// How long after its creation `sweep` may remove what is left.
    pub lifetime: Duration,
    /// The claim that is checked.
    pub claim: ClaimId,
    /// A random text.
    pub token: String,
    /// The objects.
    pub manifest: Manifest,
    /// How its pods are dressed.
    pub attire: Attire,
    /// The Pod Security level that the namespace enforces.
    pub security: Security,
    /// Who breaks something on the node, where somebody does.
    pub saboteur: Option<Saboteur>,
}

/// Something that could not be cleaned up. A note in the record, never a changed verdict.
pub type CleanupFault = String;

impl Stage {
    /// Makes the namespace and starts to watch it. What a failed opening made is removed.
    pub async fn open(access: &Access, order: StageOrder, budgets: Budgets) -> Result<Self, Blocked> {
        let StageOrder { namespace, run, lifetime, claim, token, manifest, attire, security, saboteur } =
            order;
        let lifetime = lifetime.as_secs().to_string();
        let labels = vec![(RUN_LABEL.to_owned(), run), (LIFETIME_LABEL.to_owned(), lifetime)];
        let (client, patience) = (access.client.clone(), budgets.request());
        let kinds = kinds_in(&manifest);
        let made = make_namespace(&client, &namespace, security, &labels, claim.as_str(), patience).await;
        let started = match made {
            Ok(()) => Recorder::start(&client, &namespace, &kinds, patience).await.map_err(|missing| {
                Blocked::Unobserved { what: format!("namespace {namespace}"), why: missing.to_string() }
            }),
            Err(blocked) => Err(blocked),
        };
        match started {
            Ok(recorder) => Ok(Self {
                client,
                namespace,
                manifest,
                attire,
                images: access.images.clone(),
                labels,
                token,
                budgets,
                recorder,
                door: access.door.clone(),
                saboteur,
                put_back: Mutex::default(),
                made: Mutex::default(),
            }),
            Err(blocked) => {
                // It may be there though its creation was not answered. The cause is worth more than a fault of this cleanup:
                // whoever sees the namespace to its end asks again, and says where it stays.
                let _ = delete_namespace(&client, &namespace, budgets.connect()).await;
                Err(blocked)
            }
        }
    }

    /// The time budgets.
    #[must_use]
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Ends observing, hands over the evidence, and removes the namespace. Whatever happened before, a stage
    /// leaves through here. `undo` is a pod that is first run to its end, to clear what a mutant left on the node.
    pub async fn close(
        self,
        claim: ClaimId,
        mutant: Option<String>,
        driven: Result<(), Blocked>,
        undo: Option<&Value>,
    ) -> (Evidence, Vec<CleanupFault>) {
        let mut faults = Vec::new();
        if let Some(undo) = undo {
            faults.extend(self.run_undo(undo).await.err().map(|blocked| format!("undo: {blocked}")));
        }
        faults.extend(self.put_back().await);
        let Self { client, namespace, manifest, token, budgets, recorder, .. } = self;
        let mut evidence = recorder.finish(claim, mutant, &namespace, &token).await;
        if let Err(blocked) = driven {
            evidence.interrupted = matches!(blocked, Blocked::Interrupted);
            evidence.blocked = Some(blocked.to_string());
        }
        let stopped = stop_controllers(&client, &namespace, &kinds_in(&manifest), budgets.connect()).await;
        faults.extend(stopped.err().map(|blocked| blocked.to_string()));
        // Whoever sees the namespace to its end asks again, and says where it stays.
        let _ = delete_namespace(&client, &namespace, budgets.connect()).await;
        (evidence, faults)
    }

    async fn run_undo(&self, undo: &Value) -> Result<(), Blocked> {
        let pod = self.send_pod(undo, None).await?;
        let done = |seen: &crate::evidence::SeenPod| (seen.phase() == "Succeeded").then_some(());
        let what = format!("the end of pod {}", pod.name);
        self.until(&what, self.budgets.pod_done(), |seen| of_pod(seen, &pod, done)).await
    }
}
