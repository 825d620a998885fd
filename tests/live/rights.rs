//! Runs of a user who has exactly the listed rights, or fewer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use podproof_core::judge::Verdict;
use podproof_core::plan::Right;
use podproof_core::record::{RunRecord, read_record};
use podproof_tests::rbac::rules;
use podproof_tests::{Ended, podproof_with_home, run};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Cases that together use every right that this cluster supports.
const MANY: &str = "tier:quick and (ipc/mc2-article or ipc/mq-priority or ipc/devshm-size or volume/http-equals-file \
    or volume/survives-sigkill or volume/shared-two-mountpaths or volume/gone-on-controller-replacement \
    or restart/exit-codes or restart/logs-previous or network/mc3 or network/port-forward \
    or network/service-two-containers or network/dns-service or network/node-to-pod or lifecycle/sidecar-job-completes \
    or startup/fix-retry or startup/poststart-failure or isolation/ports-between-pods or isolation/hostipc-denied \
    or volume/ephemeral-container-sees or volume/preserved-by-resize-restart)";

/// One case that needs exec, one that needs port-forward, and one that needs services.
const FEW: &str = "ipc/mq-priority or network/port-forward or network/clusterip-all-ready";

/// A service account with some rights, and a kubeconfig for it. Dropping it deletes the account.
struct User {
    name: String,
    kubeconfig: PathBuf,
    folder: TempDir,
}

impl User {
    fn with_rights(rights: &[Right]) -> Self {
        let up = run(&mut podproof_with_home(&["cluster", "up"])).exits(0);
        let folder = tempfile::tempdir().unwrap();
        let random =
            folder.path().file_name().unwrap().to_str().unwrap().trim_start_matches('.').to_lowercase();
        let name = format!("podproof-rights-{random}");
        let kubeconfig = folder.path().join("config");
        let user = Self { name, kubeconfig, folder };
        let _ = kubectl(&["apply", "--filename=-"], &user.objects(rights).to_string()).exits(0);
        let admin = fs::read_to_string(up.stdout.trim()).unwrap();
        fs::write(&user.kubeconfig, as_user(&admin, &user.token())).unwrap();
        user
    }

    fn objects(&self, rights: &[Right]) -> Value {
        let Self { name, .. } = self;
        let metadata = || json!({ "name": name, "namespace": name });
        let role =
            |kind: &str| json!({ "kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io" });
        let objects = [
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } }),
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata() }),
            json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                "metadata": {
                    "name": name, "namespace": name,
                    "annotations": { "kubernetes.io/service-account.name": name },
                },
            }),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": { "name": name }, "rules": rules(rights.iter().copied()),
            }),
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": { "name": name }, "roleRef": role("ClusterRole"),
                "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": name }],
            }),
        ];
        json!({ "apiVersion": "v1", "kind": "List", "items": objects })
    }

    /// Waits for the token that a controller writes into the secret.
    fn token(&self) -> String {
        let Self { name, .. } = self;
        let ask = format!("kubectl get secret {name} --namespace {name} --output jsonpath='{{.data.token}}'");
        let script = format!("while t=$({ask}) && [ -z \"$t\" ]; do sleep 0.1; done; echo \"$t\"");
        let token = run(&mut in_node(&["timeout", "60", "sh", "-c", &script])).exits(0);
        let bytes = base64::engine::general_purpose::STANDARD.decode(token.stdout.trim()).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Runs podproof as this user. The record is None if no run started.
    fn run_as_user(&self, selection: &str) -> (Ended, Option<RunRecord>) {
        let out = self.folder.path().join("runs");
        let mut command =
            podproof_with_home(&["run", "--context", "kind-podproof", "--select", selection, "--out"]);
        let ended = run(command.arg(&out).arg("--kubeconfig").arg(&self.kubeconfig));
        let folder = fs::read_dir(&out).ok().and_then(|mut folders| folders.next());
        (ended, folder.map(|folder| read_record(&folder.unwrap().path()).unwrap()))
    }
}

impl Drop for User {
    fn drop(&mut self) {
        for kind in ["clusterrolebinding", "clusterrole", "namespace"] {
            let _ = kubectl(&["delete", kind, &self.name, "--ignore-not-found", "--wait=false"], "");
        }
    }
}

/// The administrator's kubeconfig with another user.
fn as_user(admin: &str, token: &str) -> String {
    let lines = admin.lines().filter(|line| !line.trim().starts_with("client-key-data:"));
    let lines = lines.map(|line| match line.split_once("client-certificate-data:") {
        Some((indent, _)) => format!("{indent}token: {token}\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

fn in_node(command: &[&str]) -> Command {
    let kubeconfig = "KUBECONFIG=/etc/kubernetes/admin.conf";
    let mut docker = Command::new("docker");
    docker.args(["exec", "--interactive", "--env", kubeconfig, "podproof-control-plane"]).args(command);
    docker
}

fn kubectl(arguments: &[&str], input: &str) -> Ended {
    let mut command = in_node(&[&["kubectl"], arguments].concat());
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended {
        command: shown,
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// The skip reasons of a run by claim. Asserts that all other cases passed.
fn skips(ended: &Ended, record: &RunRecord) -> BTreeMap<String, String> {
    let mut skips = BTreeMap::new();
    for case in &record.cases {
        match &case.verdict {
            Verdict::Pass => {}
            Verdict::Skip { reason } => drop(skips.insert(case.claim.to_string(), reason.clone())),
            other => assert_eq!(other, &Verdict::Pass, "{}\n{ended}", case.claim),
        }
        assert!(case.faults.is_empty(), "{:?}\n{ended}", case.faults);
    }
    assert!(record.faults.is_empty(), "{:?}\n{ended}", record.faults);
    skips
}

#[rstest]
#[case::of_each_kind(MANY, 15)]
#[case::whole_quick_tier("tier:quick", 100)]
#[ignore = "needs a cluster: make test"]
fn the_listed_rights_are_enough(#[case] selection: &str, #[case] at_least: usize) {
    let user = User::with_rights(&Right::all().collect::<Vec<_>>());
    let (ended, record) = user.run_as_user(selection);
    let record = record.unwrap_or_else(|| panic!("{ended}"));
    let skipped = skips(&ended, &record);
    // Features that this cluster does not have are skipped for an administrator too.
    assert!(skipped.values().all(|reason| !reason.starts_with("you may not")), "{skipped:?}");
    assert!(record.cases.len() - skipped.len() >= at_least, "{ended}");
    assert_eq!(record.cluster.capabilities.missing_rights, Some(Vec::new()));
    assert_no_token(&user.kubeconfig, user.folder.path());
}

/// Asserts that the kubeconfig is the only file with the token.
fn assert_no_token(kubeconfig: &Path, folder: &Path) {
    let text = fs::read_to_string(kubeconfig).unwrap();
    let token = text.lines().find_map(|line| line.trim().strip_prefix("token: ")).unwrap();
    let found = run(Command::new("grep").args(["-rlF", "--", token]).arg(folder));
    assert_eq!(found.stdout.trim(), kubeconfig.to_str().unwrap());
}

#[rstest]
#[case::exec("get pods/exec", &["ipc/mq-priority", "network/port-forward", "network/clusterip-all-ready"])]
#[case::port_forward("get pods/portforward", &["network/port-forward"])]
#[case::services("list services", &["network/clusterip-all-ready"])]
#[case::namespaces("watch namespaces", &["ipc/mq-priority", "network/port-forward", "network/clusterip-all-ready"])]
#[case::kubelets("get nodes/proxy", &[])]
#[ignore = "needs a cluster: make test"]
fn a_right_that_is_missing_is_named_by_the_cases_it_skips(#[case] missing: &str, #[case] skipped: &[&str]) {
    let left: Vec<_> = Right::all().filter(|right| right.to_string() != missing).collect();
    assert_eq!(left.len() + 1, Right::all().count(), "{missing} is listed");
    let user = User::with_rights(&left);
    let (ended, record) = user.run_as_user(FEW);
    let record = record.unwrap_or_else(|| panic!("{ended}"));
    let skips = skips(&ended, &record);
    assert_eq!(record.cases.len(), 3, "{ended}");
    let named: BTreeSet<_> = skips.keys().map(String::as_str).collect();
    assert_eq!(named, skipped.iter().copied().collect(), "{skips:?}");
    for reason in skips.values() {
        assert!(reason.starts_with(&format!("you may not: {missing} (")), "{reason}");
    }
    assert_eq!(record.cluster.capabilities.missing_rights.as_deref(), Some(&[missing.to_owned()][..]));
}

#[test]
#[ignore = "needs a cluster: make test"]
fn without_the_right_to_list_nodes_no_run_starts() {
    let left: Vec<_> = Right::all().filter(|right| right.to_string() != "list nodes").collect();
    let (ended, record) = User::with_rights(&left).run_as_user(FEW);
    let ended = ended.exits(97);
    assert!(record.is_none() && ended.stderr.contains("cannot list resource \"nodes\""), "{ended}");
}
