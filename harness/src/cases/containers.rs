//! Containers that the drive finds by name, in whichever pod the manifest puts them.
//!
//! Shared by the cases about what the containers of a pod share. Their mutants move a container to a pod of its own
//! on the same node, and change nothing else.

use futures::future::try_join_all;

use crate::cases::two_pods::premise_one_node;
use crate::stage::{PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Exec, Fact, Missing, ProbeReport, SeenPod};
use podproof_core::judge::Inquiry;

/// The container that creates an object the other containers look for.
pub(super) const MAKER: &str = "maker";
/// The container that looks for the object that [`MAKER`] created.
pub(super) const FINDER: &str = "finder";

/// All pods of a manifest, on one node.
pub(super) struct ColocatedPods<'s> {
    stage: &'s Stage,
    pods: Vec<PodRef>,
}

impl<'s> ColocatedPods<'s> {
    /// Creates every pod of the manifest on the node of the first, and waits until each container in `ready` has
    /// reported its verb.
    pub(super) async fn create_all(stage: &'s Stage, ready: &[(&str, &str)]) -> Result<Self, StageError> {
        let mut pods: Vec<PodRef> = Vec::new();
        for name in stage.object_names() {
            let pod = match pods.first() {
                None => stage.create(name).await?,
                Some(first) => stage.create_beside(name, first).await?,
            };
            pods.push(pod);
        }
        let this = Self { stage, pods };
        try_join_all(ready.iter().map(|(container, verb)| this.until_reported(container, verb))).await?;
        Ok(this)
    }

    /// Returns the pod that has this container.
    pub(super) fn pod_of(&self, container: &str) -> Result<&PodRef, StageError> {
        let name = self.stage.pod_with_container(container)?;
        let pod = self.pods.iter().find(|pod| pod.name == name);
        pod.ok_or_else(|| StageError::NoObject { name: name.to_owned() })
    }

    /// Waits until the probe in this container has reported `verb`.
    pub(super) async fn until_reported(&self, container: &str, verb: &str) -> Result<(), StageError> {
        self.stage.until_reported(self.pod_of(container)?, container, 0, verb).await
    }

    /// Runs the probe in this container.
    pub(super) async fn probe(
        &self,
        label: &str,
        container: &str,
        verbs: &[&str],
    ) -> Result<Exec, StageError> {
        self.stage.probe(label, self.pod_of(container)?, container, verbs).await
    }
}

/// Returns the UID of the pod that has this container. Requires that all pods are on one node.
pub(super) fn pod_uid_of<'e>(seen: &'e Evidence, container: &str) -> Result<&'e str, Missing> {
    let has_container = |pod: &SeenPod| {
        let spec = pod.pod.spec.as_ref();
        spec.is_some_and(|spec| spec.containers.iter().any(|other| other.name == container))
    };
    let mut pods = seen.applied.iter().filter(|applied| seen.pod(&applied.uid).is_ok_and(has_container));
    let pod = pods.next().ok_or_else(|| Missing::new(format!("a pod with container {container}")))?;
    let first = seen.applied.first().ok_or_else(|| Missing::new("a pod"))?;
    premise_one_node(seen, &first.uid, &pod.uid)?;
    Ok(&pod.uid)
}

/// Returns the first report of `verb` in the log of this container.
pub(super) fn report_of(seen: &Evidence, container: &str, verb: &str) -> Result<Fact<ProbeReport>, Missing> {
    seen.log_report(pod_uid_of(seen, container)?, container, 0, verb)
}

/// Returns the first report of `verb` in the log of this container. Requires that the verb succeeded.
pub(super) fn ok_report_of(
    seen: &Evidence,
    container: &str,
    verb: &str,
) -> Result<Fact<ProbeReport>, Missing> {
    let report = report_of(seen, container, verb)?;
    Inquiry::premise(&format!("a `{verb}` that succeeded in container {container}"), report.value.ok())?;
    Ok(report)
}
