//! A pod's sandbox on its node: the process that holds the pod's namespaces.

use std::collections::{BTreeMap, BTreeSet};

use super::context::Stage;
use super::error::StageError;
use super::refs::{NodeRef, PodRef};
use podproof_core::evidence::SeenPod;

/// Prints the cgroups of a pod's processes, one line each: `/proc/PID/cgroup:HIERARCHY:CONTROLLERS:PATH`.
const MEMBERS: &str =
    r#"grep --with-filename --no-messages --extended-regexp -- "$1" /proc/[0-9]*/cgroup || true"#;

/// The length of a container ID in hexadecimal digits.
const ID_LENGTH: usize = 64;

impl Stage {
    /// Kills the process that holds the namespaces of `pod`, as if it had crashed.
    ///
    /// It is the only process in the pod's cgroup that belongs to no container known to the API server.
    pub async fn kill_sandbox(&self, label: &str, node: &NodeRef, pod: &PodRef) -> Result<(), StageError> {
        let named = |seen: &SeenPod| {
            let ids = container_ids(seen);
            (ids.len() == seen.containers().count()).then_some(ids)
        };
        let what = format!("the IDs of the containers of pod {}", pod.name);
        let containers = self.until_pod(&what, self.budgets.pod_running(), pod, named).await?;
        // The systemd cgroup driver writes the dashes of the UID as underscores.
        let uid = pod.uid.replace('-', "[-_]");
        let found = self.on_node(&format!("{label}-members"), node, (MEMBERS, &[&uid])).await?;
        let sandboxes = sandboxes(&found.stdout, &containers);
        let [pid] = sandboxes.as_slice() else {
            let problem = format!("found {} candidates for the sandbox process, expected 1", sandboxes.len());
            return Err(StageError::Exec { label: label.to_owned(), problem });
        };
        self.on_node(label, node, (r#"kill -KILL "$1""#, &[pid])).await.map(drop)
    }
}

/// The IDs of a pod's containers, without the prefix that names the runtime.
fn container_ids(seen: &SeenPod) -> BTreeSet<String> {
    let ids = seen.containers().filter_map(|status| status.container_id.as_deref());
    ids.filter_map(|id| Some(id.split_once("://")?.1.to_owned())).filter(|id| !id.is_empty()).collect()
}

/// The processes in the cgroup of a container that is not one of `containers`.
fn sandboxes(members: &str, containers: &BTreeSet<String>) -> Vec<String> {
    let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
    for line in members.lines() {
        let mut fields = line.splitn(4, ':');
        let pid = fields.next().and_then(|file| file.strip_prefix("/proc/")?.strip_suffix("/cgroup"));
        if let (Some(pid), Some(id)) = (pid, fields.nth(2).and_then(container_of)) {
            groups.insert(pid, id);
        }
    }
    let unknown = groups.into_iter().filter(|(_, id)| !containers.contains(*id));
    unknown.map(|(pid, _)| pid.to_owned()).collect()
}

/// The container ID in the last part of a cgroup path.
fn container_of(path: &str) -> Option<&str> {
    let last = path.rsplit('/').next()?;
    last.split(['-', '.', ':'])
        .find(|part| part.len() == ID_LENGTH && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_is_the_process_outside_all_known_containers() {
        let (known, sandbox) = ("a".repeat(64), "b".repeat(64));
        let members = format!(
            "/proc/11/cgroup:4:memory:/docker/{0}/kubelet/kubepods/besteffort/pod1-2/{known}\n\
             /proc/12/cgroup:4:memory:/docker/{0}/kubelet/kubepods/besteffort/pod1-2/{sandbox}\n\
             /proc/12/cgroup:3:cpu:/docker/{0}/kubelet/kubepods/besteffort/pod1-2/{sandbox}\n\
             /proc/13/cgroup:3:cpu:/docker/{0}/kubelet/kubepods/besteffort/pod1-2\n",
            "c".repeat(64)
        );
        assert_eq!(sandboxes(&members, &BTreeSet::from([known])), ["12"]);
    }

    #[test]
    fn cgroups_made_by_systemd_are_parsed_too() {
        let (known, sandbox) = ("a".repeat(64), "b".repeat(64));
        let slice = "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1_2.slice";
        let members = format!(
            "/proc/11/cgroup:0::{slice}/cri-containerd-{known}.scope\n\
             /proc/12/cgroup:0::{slice}/cri-containerd-{sandbox}.scope\n\
             what is this\n"
        );
        assert_eq!(sandboxes(&members, &BTreeSet::from([known])), ["12"]);
    }
}
