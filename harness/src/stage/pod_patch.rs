//! Patches of running pods.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::context::Stage;
use super::error::StageError;
use super::refs::PodRef;
use super::request::retry;
use podproof_core::evidence::Applied;

/// The part of a running pod that a patch changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodPatch {
    /// Adds ephemeral containers.
    EphemeralContainers,
    /// Changes the resources of containers.
    Resources,
}

impl Stage {
    /// Patches `pod` with the manifest's object `name`, which holds only the change.
    pub async fn patch_pod(&self, pod: &PodRef, name: &str, what: PodPatch) -> Result<(), StageError> {
        let object = self.object(name)?;
        let spec = match what {
            PodPatch::EphemeralContainers => {
                let completed = self.with_profile(object, None);
                json!({ "ephemeralContainers": completed["spec"]["ephemeralContainers"] })
            }
            PodPatch::Resources => json!({ "containers": object["spec"]["containers"] }),
        };
        let change: Value = json!({ "spec": spec });
        let (pods, params, patch) = (self.pods(), PatchParams::default(), Patch::Strategic(&change));
        let action = format!("change pod {} as {name} says", pod.name);
        // The patch is idempotent, so it may be retried.
        let changed = || async {
            match what {
                PodPatch::EphemeralContainers => {
                    pods.patch_ephemeral_containers(&pod.name, &params, &patch).await
                }
                PodPatch::Resources => pods.patch_resize(&pod.name, &params, &patch).await,
            }
        };
        retry(self.budgets.request(), &action, changed).await?;
        let (at, name, uid) = (podproof_core::evidence::now(), name.to_owned(), pod.uid.clone());
        self.recorder.applied(Applied { at, name, uid, object: change });
        Ok(())
    }
}
