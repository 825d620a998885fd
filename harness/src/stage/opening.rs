//! Opening and closing a stage.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use super::conditions::of_pod;
use super::context::Stage;
use super::error::StageError;
use super::namespace::{LIFETIME_LABEL, RUN_LABEL, delete_namespace, make_namespace};
use super::objects::{kinds_in, stop_controllers};
use super::pod_profile::PodProfile;
use crate::cluster::Access;
use crate::stage::watch::Recorder;
use podproof_core::evidence::Evidence;
use podproof_core::plan::{Budgets, ClaimId, Manifest, Saboteur, Security};

/// The settings of a stage.
#[derive(Clone, Debug)]
pub struct StageOptions {
    /// The name of the namespace, unique to this stage.
    pub namespace: String,
    /// The run's ID, a valid label value.
    pub run: String,
    /// How long after its creation `sweep` must leave the namespace alone.
    pub lifetime: Duration,
    /// The claim under test.
    pub claim: ClaimId,
    /// The random token that the containers get as `PODPROOF_TOKEN`.
    pub token: String,
    /// The objects that the drive may create.
    pub manifest: Manifest,
    /// The defaults that are added to each pod.
    pub pod_profile: PodProfile,
    /// The Pod Security level that the namespace enforces.
    pub security: Security,
    /// The saboteur of a mutant that breaks something on the node.
    pub saboteur: Option<Saboteur>,
}

/// A failed cleanup. It becomes a note in the record and never changes a verdict.
pub type CleanupFault = String;

impl Stage {
    /// Creates the namespace and starts watching it. If that fails, deletes the namespace again.
    pub async fn open(access: &Access, options: StageOptions, budgets: Budgets) -> Result<Self, StageError> {
        let StageOptions {
            namespace,
            run,
            lifetime,
            claim,
            token,
            manifest,
            pod_profile,
            security,
            saboteur,
        } = options;
        let lifetime = lifetime.as_secs().to_string();
        let labels = vec![(RUN_LABEL.to_owned(), run), (LIFETIME_LABEL.to_owned(), lifetime)];
        let (client, patience) = (access.client.clone(), budgets.request());
        let kinds = kinds_in(&manifest);
        let made = make_namespace(&client, &namespace, security, &labels, claim.as_str(), patience).await;
        let started = match made {
            Ok(()) => Recorder::start(&client, &namespace, &kinds, budgets).await.map_err(|missing| {
                StageError::Unobserved { what: format!("namespace {namespace}"), why: missing.to_string() }
            }),
            Err(error) => Err(error),
        };
        match started {
            Ok(recorder) => Ok(Self {
                client,
                namespace,
                manifest,
                pod_profile,
                images: access.images.clone(),
                labels,
                token,
                budgets,
                recorder,
                node_access: access.node_access.clone(),
                saboteur,
                reverts: Mutex::default(),
                created_uids: Mutex::default(),
            }),
            Err(error) => {
                // The namespace may exist although the request got no answer. An error of this cleanup is ignored in
                // favour of the original one: `Removals` deletes the namespace again and reports a failure.
                let _ = delete_namespace(&client, &namespace, budgets.connect()).await;
                Err(error)
            }
        }
    }

    /// The time budgets.
    #[must_use]
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Stops observing and returns the evidence. Every stage must end here, whatever happened before; then
    /// [`Removals`](super::Removals) removes its namespace. `undo` is a pod that first runs to completion, to remove a mutant's changes from the node.
    pub async fn close(
        self,
        claim: ClaimId,
        mutant: Option<String>,
        driven: Result<(), StageError>,
        undo: Option<&Value>,
    ) -> (Evidence, Vec<CleanupFault>) {
        let mut faults = Vec::new();
        if let Some(undo) = undo {
            faults.extend(self.run_undo(undo).await.err().map(|error| format!("undo: {error}")));
        }
        faults.extend(self.revert_changes().await);
        let ended = podproof_core::evidence::now();
        self.until_logs_ended().await;
        let Self { client, namespace, manifest, token, budgets, recorder, .. } = self;
        let mut evidence = recorder.finish(claim, mutant, (&namespace, &token), ended).await;
        if let Err(error) = driven {
            evidence.interrupted = matches!(error, StageError::Interrupted);
            evidence.blocked = Some(error.to_string());
        }
        let stopped = stop_controllers(&client, &namespace, &kinds_in(&manifest), budgets.connect()).await;
        faults.extend(stopped.err().map(|error| error.to_string()));
        (evidence, faults)
    }

    async fn run_undo(&self, undo: &Value) -> Result<(), StageError> {
        let pod = self.create_pod_from(undo, None).await?;
        let done = |seen: &podproof_core::evidence::SeenPod| (seen.phase() == "Succeeded").then_some(());
        let what = format!("pod {} to be Succeeded", pod.name);
        self.until(&what, self.budgets.pod_done(), |seen| of_pod(seen, &pod, done)).await
    }
}
