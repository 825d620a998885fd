//! What is done on the node under a pod, through whichever door the cluster has.

use std::sync::PoisonError;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::blocked::Blocked;
use super::deeds::PodRef;
use super::exec::{PROBE, Ran};
use super::open::Stage;
use super::pulse::Pulse;
use crate::cluster::{CommandError, Door, is_ready};
use crate::evidence::{ExecEnd, NodeCommand};

/// The pod through which a node is reached where nothing else leads there.
const INSPECTOR: &str = "inspector";

/// Tells what a path on a node is, or that nothing is there.
const LOOK: &str = r#"LC_ALL=C stat --format="present %F %i" -- "$1" 2>&1 || true"#;

/// Stops a service that a timer will start again, and tells the number of its process.
const STOP: &str = r#"
    systemctl stop "podproof-$1.timer" 2>/dev/null
    systemctl reset-failed "podproof-$1.service" 2>/dev/null
    systemd-run --quiet --unit "podproof-$1" --on-active 300 systemctl start "$1" || exit 1
    systemctl show --property MainPID --value "$1" && systemctl stop "$1""#;

/// Starts a service, tells the number of its process, and takes the timer away.
const START: &str = r#"
    systemctl start "$1" && systemctl show --property MainPID --value "$1" || exit 1
    systemctl stop "podproof-$1.timer" 2>/dev/null || true"#;

/// The first process of a node began at this tick: another number is another boot.
const BOOT: &str = "cut -d' ' -f22 /proc/1/stat";

/// A node that can be acted on.
#[derive(Clone, Debug)]
pub struct NodeRef {
    name: String,
    inspector: Option<PodRef>,
}

/// Where the kubelet keeps the emptyDir volume called `volume` of the pod with this UID, unless it was told otherwise.
#[must_use]
pub fn volume_path(uid: &str, volume: &str) -> String {
    format!("/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~empty-dir/{volume}")
}

impl Stage {
    /// Opens the door to the node on which `pod` runs.
    pub async fn node_under(&self, pod: &PodRef) -> Result<NodeRef, Blocked> {
        let name = self.node_of(pod).await?;
        let inspector = match &self.door {
            Door::Containers(_) => None,
            Door::Inspector => {
                let inspector = self.send_pod(&inspector_pod(), Some(&name)).await?;
                self.until_reported(&inspector, INSPECTOR, 0, "hold").await?;
                Some(inspector)
            }
        };
        Ok(NodeRef { name, inspector })
    }

    /// Runs a script with the node's shell and keeps it as evidence under `label`. It must end with exit code 0.
    pub async fn on_node(
        &self,
        label: &str,
        node: &NodeRef,
        (script, arguments): (&str, &[&str]),
    ) -> Result<NodeCommand, Blocked> {
        self.on_node_within(self.budgets.node_command(), label, node, (script, arguments)).await
    }

    /// Looks at a path on the node.
    pub async fn look_on_node(&self, label: &str, node: &NodeRef, path: &str) -> Result<(), Blocked> {
        self.on_node(label, node, (LOOK, &[path])).await.map(drop)
    }

    /// Waits on the node until nothing is at `path`, in the time a volume has for that, and looks then. That something still
    /// is there counts only where the node and its kubelet lived all the time; else the wait ends as unobserved.
    pub async fn until_gone_on_node(&self, label: &str, node: &NodeRef, path: &str) -> Result<(), Blocked> {
        let patience = self.budgets.volume_gone();
        let script = format!(
            r#"now() {{ read up rest < /proc/uptime; echo ${{up%%.*}}; }}; end=$(($(now) + {})); \
               while [ -e "$1" ] && [ $(now) -lt $end ]; do sleep 0.2; done; {LOOK}"#,
            patience.as_secs()
        );
        let within = patience + self.budgets.node_command();
        let arguments = [path];
        let mut pulse = Pulse::of(self);
        let looked = tokio::select! {
            looked = self.on_node_within(within, label, node, (&script, &arguments)) => looked?,
            never = pulse.follow(self, within) => match never {},
        };
        if looked.stdout.starts_with("present") {
            let why = match pulse.failing(self).await? {
                Some(why) => Some(why),
                None => self.blind(patience).await?,
            };
            if let Some(why) = why {
                return Err(Blocked::Unobserved { what: format!("whether {path} goes"), why });
            }
        }
        Ok(())
    }

    /// Stops a service of the node; the evidence has the number of its process.
    ///
    /// Whatever becomes of us, the node starts it again by itself in five minutes. An inspector cannot do this: its
    /// commands come through the kubelet and the runtime.
    pub async fn stop_service(&self, label: &str, node: &NodeRef, service: &str) -> Result<(), Blocked> {
        if matches!(self.door, Door::Inspector) {
            return Err(Blocked::NoDoor { what: format!("stop {service} on node {}", node.name) });
        }
        self.put_back_later(node, with_arguments(START, &[service]));
        self.on_node(label, node, (STOP, &[service])).await.map(drop)
    }

    /// Starts a service of the node; the evidence has the number of its process.
    pub async fn start_service(&self, label: &str, node: &NodeRef, service: &str) -> Result<(), Blocked> {
        self.on_node(label, node, (START, &[service])).await.map(drop)
    }

    /// Waits until the node says that it is ready.
    pub async fn until_ready(&self, node: &NodeRef) -> Result<(), Blocked> {
        let patience = self.budgets.node_command();
        if self.node_comes_to(&node.name, patience, |node| node.is_some_and(is_ready)).await? {
            return Ok(());
        }
        let what = format!("node {} to be ready", node.name);
        Err(Blocked::TimedOut { what, waited: patience, last: "not ready".to_owned() })
    }

    /// Stops the node and starts it again; the evidence has the ticks of both boots under these labels.
    pub async fn reboot(&self, (before, after): (&str, &str), node: &NodeRef) -> Result<(), Blocked> {
        let Door::Containers(containers) = &self.door else {
            return Err(Blocked::NoDoor { what: format!("reboot node {}", node.name) });
        };
        self.on_node(before, node, (BOOT, &[])).await?;
        let rebooting = timeout(self.budgets.reboot(), containers.reboot(&node.name, &self.client));
        let broken = |problem: String| Blocked::Exec { label: "reboot".to_owned(), problem };
        match rebooting.await {
            Ok(rebooted) => rebooted.map_err(|error| broken(error.to_string()))?,
            Err(_) => return Err(broken(format!("no answer in {} s", self.budgets.reboot().as_secs()))),
        }
        self.on_node(after, node, (BOOT, &[])).await.map(drop)
    }

    /// The moment at which a mutant may break something on the node; without one nothing happens.
    pub async fn let_saboteur_act(&self, node: &NodeRef, pod: &PodRef) -> Result<(), Blocked> {
        let Some(saboteur) = &self.saboteur else { return Ok(()) };
        if let Some(undoes) = &saboteur.undoes {
            self.put_back_later(node, with_arguments(undoes, &[&pod.uid, &self.token]));
        }
        self.on_node("saboteur", node, (&saboteur.does, &[&pod.uid, &self.token])).await.map(drop)
    }

    /// Whatever happens until the stage is closed, this script is run on the node then.
    fn put_back_later(&self, node: &NodeRef, script: String) {
        let mut later = self.put_back.lock().unwrap_or_else(PoisonError::into_inner);
        later.push((node.clone(), script));
    }

    /// Puts back what was changed on nodes, the last change first; tells what could not be.
    pub(super) async fn put_back(&self) -> Vec<String> {
        let changes = std::mem::take(&mut *self.put_back.lock().unwrap_or_else(PoisonError::into_inner));
        let mut faults = Vec::new();
        for (node, script) in changes.into_iter().rev() {
            let done = self.on_node("put-back", &node, (&script, &[])).await;
            faults.extend(done.err().map(|blocked| format!("put back what was changed: {blocked}")));
        }
        faults
    }

    async fn on_node_within(
        &self,
        patience: Duration,
        label: &str,
        node: &NodeRef,
        (script, arguments): (&str, &[&str]),
    ) -> Result<NodeCommand, Blocked> {
        let started = crate::evidence::now();
        let script = with_arguments(script, arguments);
        let Ran { end, stdout, stderr } = self.run_on(node, &script, patience).await;
        let command = NodeCommand {
            label: label.to_owned(),
            node: node.name.clone(),
            script,
            started,
            ended: crate::evidence::now(),
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
        Err(Blocked::Exec { label: label.to_owned(), problem })
    }

    async fn run_on(&self, node: &NodeRef, script: &str, patience: Duration) -> Ran {
        let broken =
            |why: String| Ran { end: ExecEnd::Broken(why), stdout: String::new(), stderr: String::new() };
        match (&self.door, &node.inspector) {
            (Door::Containers(containers), _) => match containers.run(&node.name, script, patience).await {
                Ok(output) => Ran { end: ExecEnd::Exited(0), stdout: output.stdout, stderr: output.stderr },
                Err(CommandError::Failed { status, said, .. }) => Ran {
                    end: status.code().map_or_else(|| ExecEnd::Broken(status.to_string()), ExecEnd::Exited),
                    stdout: String::new(),
                    stderr: said,
                },
                Err(error) => broken(error.to_string()),
            },
            (Door::Inspector, Some(inspector)) => {
                let argv = [PROBE, "on-node", "--script", script];
                let ran = timeout(patience, self.run_in(inspector, INSPECTOR, &argv)).await;
                ran.unwrap_or_else(|_| broken(format!("no end in {} s", patience.as_secs())))
            }
            (Door::Inspector, None) => broken("the node has no inspector".to_owned()),
        }
    }
}

/// A script that begins with its arguments `$1`, `$2` …
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
            // It must outlive the case, which may take minutes, and goes with the namespace.
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
    fn arguments_reach_the_script_as_they_are() {
        assert_eq!(with_arguments("true", &[]), "true");
        assert_eq!(with_arguments("cat \"$1\"", &["/a b", "it's"]), r#"set -- '/a b' 'it'\''s'; cat "$1""#);
    }
}
