//! Changing pods that run.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::asking::asked_again;
use super::blocked::Blocked;
use super::deeds::PodRef;
use super::open::Stage;
use crate::evidence::Applied;

/// What of a pod is changed while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// Ephemeral containers are added.
    EphemeralContainers,
    /// Containers get other resources.
    Resources,
}

impl Stage {
    /// Changes `pod` as the object called `name` in the manifest says, which holds nothing but the change.
    pub async fn amend(&self, pod: &PodRef, name: &str, what: Amendment) -> Result<(), Blocked> {
        let object = self.object(name)?;
        let spec = match what {
            Amendment::EphemeralContainers => {
                let dressed = self.dressed(object, None);
                json!({ "ephemeralContainers": dressed["spec"]["ephemeralContainers"] })
            }
            Amendment::Resources => json!({ "containers": object["spec"]["containers"] }),
        };
        let change: Value = json!({ "spec": spec });
        let (pods, params, patch) = (self.pods(), PatchParams::default(), Patch::Strategic(&change));
        let action = format!("change pod {} as {name} says", pod.name);
        // The same change once more changes nothing.
        let changed = || async {
            match what {
                Amendment::EphemeralContainers => {
                    pods.patch_ephemeral_containers(&pod.name, &params, &patch).await
                }
                Amendment::Resources => pods.patch_resize(&pod.name, &params, &patch).await,
            }
        };
        asked_again(self.budgets.request(), &action, changed).await?;
        let (at, name, uid) = (crate::evidence::now(), name.to_owned(), pod.uid.clone());
        self.recorder.applied(Applied { at, name, uid, object: change });
        Ok(())
    }
}
