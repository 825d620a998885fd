//! Containers that are watched wherever the manifest puts them.
//!
//! Shared by the cases about what the containers of a pod have in common. Their mutants move a container to a pod
//! of its own on the same node, and change nothing else.

use futures::future::try_join_all;

use crate::evidence::{Evidence, Exec, Fact, Missing, ProbeReport, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Blocked, PodRef, Stage};

/// Makes something of which the other containers are to know.
pub(super) const MAKER: &str = "maker";
/// Looks for what the maker made.
pub(super) const FINDER: &str = "finder";

/// All pods of a manifest, on one node.
pub(super) struct Members<'s> {
    stage: &'s Stage,
    pods: Vec<PodRef>,
}

impl<'s> Members<'s> {
    /// Creates every pod of the manifest, the others beside the first, and waits until each of these containers
    /// has reported its verb.
    pub(super) async fn gather(stage: &'s Stage, ready: &[(&str, &str)]) -> Result<Self, Blocked> {
        let mut pods: Vec<PodRef> = Vec::new();
        for name in stage.objects() {
            let pod = match pods.first() {
                None => stage.create(name).await?,
                Some(first) => stage.create_beside(name, first).await?,
            };
            pods.push(pod);
        }
        let members = Self { stage, pods };
        try_join_all(ready.iter().map(|(container, verb)| members.until_reported(container, verb))).await?;
        Ok(members)
    }

    /// The pod that has this container.
    pub(super) fn pod_of(&self, container: &str) -> Result<&PodRef, Blocked> {
        let name = self.stage.home_of(container)?;
        let pod = self.pods.iter().find(|pod| pod.name == name);
        pod.ok_or_else(|| Blocked::NoObject { name: name.to_owned() })
    }

    /// Waits until the probe in this container has reported `verb`.
    pub(super) async fn until_reported(&self, container: &str, verb: &str) -> Result<(), Blocked> {
        self.stage.until_reported(self.pod_of(container)?, container, 0, verb).await
    }

    /// Runs the probe in this container.
    pub(super) async fn probe(&self, label: &str, container: &str, verbs: &[&str]) -> Result<Exec, Blocked> {
        self.stage.probe(label, self.pod_of(container)?, container, verbs).await
    }
}

/// The UID of the pod that has this container, once all pods are on one node.
pub(super) fn home<'e>(seen: &'e Evidence, container: &str) -> Result<&'e str, Missing> {
    let has_it = |pod: &SeenPod| {
        let spec = pod.pod.spec.as_ref();
        spec.is_some_and(|spec| spec.containers.iter().any(|other| other.name == container))
    };
    let mut homes = seen.applied.iter().filter(|applied| seen.last(&applied.uid).is_ok_and(has_it));
    let home = homes.next().ok_or_else(|| Missing::new(format!("a pod with container {container}")))?;
    let first = seen.applied.first().ok_or_else(|| Missing::new("a pod"))?;
    let node = seen.last(&first.uid)?.node();
    Inquiry::premise("all pods on one node", node.is_some() && node == seen.last(&home.uid)?.node())?;
    Ok(&home.uid)
}

/// The first report of `verb` in the log of this container.
pub(super) fn told(seen: &Evidence, container: &str, verb: &str) -> Result<Fact<ProbeReport>, Missing> {
    seen.log_report(home(seen, container)?, container, 0, verb)
}

/// Requires that this container did what `verb` says.
pub(super) fn done(seen: &Evidence, container: &str, verb: &str) -> Result<Fact<ProbeReport>, Missing> {
    let report = told(seen, container, verb)?;
    Inquiry::premise(&format!("a `{verb}` of container {container} that worked"), report.value.ok())?;
    Ok(report)
}
