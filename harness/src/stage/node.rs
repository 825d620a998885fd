//! Actions on the node under a pod, through the node access that the cluster offers.

use std::sync::PoisonError;
use std::time::Duration;

use serde_json::{Value, json};

use super::context::Stage;
use super::error::StageError;
use super::exec::{CommandResult, PROBE};
use super::liveness::Liveness;
use super::refs::{NodeRef, PodRef};
use crate::cluster::{NodeAccess, is_ready};
use crate::host::CommandError;
use podproof_core::evidence::{ExecEnd, NodeCommand};

/// The pod through which scripts run on a node if podproof has no direct access to it.
const INSPECTOR: &str = "inspector";

/// Prints the type of a path on a node, or an error if it does not exist.
const LOOK: &str = r#"LC_ALL=C stat --format="present %F %i" -- "$1" 2>&1 || true"#;

/// Prints the main PID of a service and stops it. A timer starts it again.
const STOP: &str = r#"
    systemctl stop "podproof-$1.timer" 2>/dev/null
    systemctl reset-failed "podproof-$1.service" 2>/dev/null
    systemd-run --quiet --unit "podproof-$1" --on-active 300 systemctl start "$1" || exit 1
    systemctl show --property MainPID --value "$1" && systemctl stop "$1""#;

/// Starts a service, prints its main PID and removes the timer.
const START: &str = r#"
    systemctl start "$1" && systemctl show --property MainPID --value "$1" || exit 1
    systemctl stop "podproof-$1.timer" 2>/dev/null || true"#;

/// Prints the tick at which the node's first process started. Another value means another boot.
const BOOT: &str = "cut -d' ' -f22 /proc/1/stat";

/// The default path at which the kubelet keeps the emptyDir `volume` of the pod with this UID.
#[must_use]
pub fn volume_path(uid: &str, volume: &str) -> String {
    format!("/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/{volume}")
}

impl Stage {
    /// Prepares the access to the node on which `pod` runs.
    pub async fn node_under(&self, pod: &PodRef) -> Result<NodeRef, StageError> {
        let name = self.until_scheduled(pod).await?;
        let inspector = match &self.node_access {
            NodeAccess::Containers(_) => None,
            NodeAccess::Inspector => {
                let inspector = self.create_pod_from(&inspector_pod(), Some(&name)).await?;
                self.until_reported(&inspector, INSPECTOR, 0, "hold").await?;
                Some(inspector)
            }
        };
        Ok(NodeRef { name, inspector })
    }

    /// Runs a script in the node's shell and records it as evidence under `label`. Fails on a non-zero exit code.
    pub async fn on_node(
        &self,
        label: &str,
        node: &NodeRef,
        (script, arguments): (&str, &[&str]),
    ) -> Result<NodeCommand, StageError> {
        self.on_node_within(self.budgets.node_command(), label, node, (script, arguments)).await
    }

    /// Records as evidence if a path exists on the node, and of which type it is.
    pub async fn look_on_node(&self, label: &str, node: &NodeRef, path: &str) -> Result<(), StageError> {
        self.on_node(label, node, (LOOK, &[path])).await.map(drop)
    }

    /// Waits until `path` is gone on the node, at most for the budget of a volume's removal, and records the result. If
    /// it still exists but the node or its kubelet was not alive all the time, the wait ends as unobserved.
    pub async fn until_gone_on_node(
        &self,
        label: &str,
        node: &NodeRef,
        path: &str,
    ) -> Result<(), StageError> {
        let what = format!("the removal of {path}");
        let started = podproof_core::evidence::now();
        let end = self.wait_on_node(&what, label, node, path).await;
        self.record_wait(&what, started, &end);
        match end {
            // That it still exists is an answer, which the judge evaluates.
            Err(StageError::TimedOut { .. }) => Ok(()),
            end => end,
        }
    }

    async fn wait_on_node(
        &self,
        what: &str,
        label: &str,
        node: &NodeRef,
        path: &str,
    ) -> Result<(), StageError> {
        let patience = self.budgets.volume_gone();
        let script = format!(
            r#"now() {{ read up rest < /proc/uptime; echo ${{up%%.*}}; }}; end=$(($(now) + {})); \
               while [ -e "$1" ] && [ $(now) -lt $end ]; do sleep 0.2; done; {LOOK}"#,
            patience.as_secs()
        );
        let within = patience + self.budgets.node_command();
        let arguments = [path];
        let mut liveness = Liveness::of(self);
        let looked = tokio::select! {
            looked = self.on_node_within(within, label, node, (&script, &arguments)) => looked?,
            never = liveness.record_forever(self, within) => match never {},
        };
        if !looked.stdout.starts_with("present") {
            return Ok(());
        }
        let why = match liveness.failure(self).await? {
            Some(why) => Some(why),
            None => self.why_incomplete(patience).await?,
        };
        let what = what.to_owned();
        Err(match why {
            Some(why) => StageError::Unobserved { what, why },
            None => StageError::TimedOut { what, waited: patience, last: looked.stdout.trim().to_owned() },
        })
    }

    /// Stops a service of the node. The evidence gets its PID.
    ///
    /// The node starts it again after five minutes even if podproof dies. An inspector cannot do this: its commands
    /// need the kubelet and the runtime.
    pub async fn stop_service(&self, label: &str, node: &NodeRef, service: &str) -> Result<(), StageError> {
        if matches!(self.node_access, NodeAccess::Inspector) {
            return Err(StageError::Unsupported { what: format!("stop {service} on node {}", node.name) });
        }
        self.revert_later(node, with_arguments(START, &[service]));
        self.on_node(label, node, (STOP, &[service])).await.map(drop)
    }

    /// Starts a service of the node. The evidence gets its PID.
    pub async fn start_service(&self, label: &str, node: &NodeRef, service: &str) -> Result<(), StageError> {
        self.on_node(label, node, (START, &[service])).await.map(drop)
    }

    /// Waits until the node reports the condition `Ready`.
    pub async fn until_ready(&self, node: &NodeRef) -> Result<(), StageError> {
        let what = format!("node {} to be ready", node.name);
        self.until_node(&what, &node.name, self.budgets.node_ready(), |node| node.is_some_and(is_ready)).await
    }

    /// Reboots the node and records its boot ticks before and after, under these labels.
    pub async fn reboot(&self, (before, after): (&str, &str), node: &NodeRef) -> Result<(), StageError> {
        let NodeAccess::Containers(containers) = &self.node_access else {
            return Err(StageError::Unsupported { what: format!("reboot node {}", node.name) });
        };
        self.on_node(before, node, (BOOT, &[])).await?;
        let (what, budget) = (format!("node {} to reboot", node.name), self.budgets.reboot());
        let broken = |problem: String| StageError::Exec { label: "reboot".to_owned(), problem };
        let rebooted = async {
            let patience = self.budgets.api_server_restart();
            let rebooted = containers.reboot(&node.name, &self.client, patience).await;
            rebooted.map_err(|error| broken(error.to_string()))
        };
        let timed_out = || broken(format!("no answer within {} s", budget.as_secs()));
        self.wait_for(&what, budget, rebooted, timed_out).await?;
        self.on_node(after, node, (BOOT, &[])).await.map(drop)
    }

    /// Lets the mutant's saboteur act on the node. Does nothing outside a mutant.
    pub async fn let_saboteur_act(&self, node: &NodeRef, pod: &PodRef) -> Result<(), StageError> {
        let Some(saboteur) = &self.saboteur else { return Ok(()) };
        if let Some(undoes) = &saboteur.undoes {
            self.revert_later(node, with_arguments(undoes, &[&pod.uid, &self.token]));
        }
        self.on_node("saboteur", node, (&saboteur.does, &[&pod.uid, &self.token])).await.map(drop)
    }

    /// Registers a script that runs on the node when the stage is closed.
    fn revert_later(&self, node: &NodeRef, script: String) {
        let mut later = self.reverts.lock().unwrap_or_else(PoisonError::into_inner);
        later.push((node.clone(), script));
    }

    /// Reverts all changes on nodes, the last one first. Returns the faults.
    pub(super) async fn revert_changes(&self) -> Vec<String> {
        let changes = std::mem::take(&mut *self.reverts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut faults = Vec::new();
        for (node, script) in changes.into_iter().rev() {
            let done = self.on_node("put-back", &node, (&script, &[])).await;
            faults.extend(done.err().map(|error| format!("revert a change on the node: {error}")));
        }
        faults
    }

    async fn on_node_within(
        &self,
        patience: Duration,
        label: &str,
        node: &NodeRef,
        (script, arguments): (&str, &[&str]),
    ) -> Result<NodeCommand, StageError> {
        let started = podproof_core::evidence::now();
        let script = with_arguments(script, arguments);
        let CommandResult { end, stdout, stderr } = self.run_on(node, &script, patience).await;
        let command = NodeCommand {
            label: label.to_owned(),
            node: node.name.clone(),
            script,
            started,
            ended: podproof_core::evidence::now(),
            end,
            stdout,
            stderr,
        };
        self.recorder.node_command(command.clone());
        let problem = match &command.end {
            ExecEnd::Exited(0) => return Ok(command),
            ExecEnd::Exited(code) => {
                format!("exit code {code} on node {}: {}", node.name, command.stderr.trim())
            }
            ExecEnd::Broken(problem) => problem.clone(),
        };
        Err(StageError::Exec { label: label.to_owned(), problem })
    }

    async fn run_on(&self, node: &NodeRef, script: &str, patience: Duration) -> CommandResult {
        match (&self.node_access, &node.inspector) {
            (NodeAccess::Containers(containers), _) => match containers
                .run(&node.name, script, patience)
                .await
            {
                Ok(output) => {
                    CommandResult { end: ExecEnd::Exited(0), stdout: output.stdout, stderr: output.stderr }
                }
                Err(CommandError::Failed { status, stderr_tail, .. }) => CommandResult {
                    end: status.code().map_or_else(|| ExecEnd::Broken(status.to_string()), ExecEnd::Exited),
                    stdout: String::new(),
                    stderr: stderr_tail,
                },
                Err(error) => CommandResult::broken(error.to_string()),
            },
            (NodeAccess::Inspector, Some(inspector)) => {
                let argv = [PROBE, "on-node", "--script", script];
                self.run_within(patience, inspector, INSPECTOR, &argv).await
            }
            (NodeAccess::Inspector, None) => CommandResult::broken("the node has no inspector".to_owned()),
        }
    }
}

/// Prepends a `set --` to the script, so that it sees the arguments as `$1`, `$2` …
fn with_arguments(script: &str, arguments: &[&str]) -> String {
    let quoted = |argument: &&str| format!("'{}' ", argument.replace('\'', r"'\''"));
    match arguments {
        [] => script.to_owned(),
        _ => format!("set -- {}; {script}", arguments.iter().map(quoted).collect::<String>().trim_end()),
    }
}

fn inspector_pod() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": INSPECTOR },
        "spec": {
            "hostPID": true,
            "restartPolicy": "Always",
            // It must outlive the case, which may take minutes; the namespace's deletion removes it.
            "activeDeadlineSeconds": 7200,
            "tolerations": [{ "operator": "Exists" }],
            "securityContext": { "runAsUser": 0, "runAsNonRoot": false },
            "containers": [{
                "name": INSPECTOR,
                "image": "podproof/probe",
                "args": ["hold"],
                "securityContext": { "privileged": true, "allowPrivilegeEscalation": true, "capabilities": {} },
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_arrive_in_the_script_unchanged() {
        assert_eq!(with_arguments("true", &[]), "true");
        assert_eq!(with_arguments("cat \"$1\"", &["/a b", "it's"]), r#"set -- '/a b' 'it'\''s'; cat "$1""#);
    }
}
