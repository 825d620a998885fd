//! What a program that speaks as an API server tells of itself, and what becomes of it in a run.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use podproof::cluster::{Capabilities, NodeCapabilities};
use podproof::judge::Verdict;
use podproof::run::{RunRecord, read_record};
use podproof_tests::{kubeconfig, podproof, run};
use rstest::rstest;
use serde_json::{Value, json};

/// The time by the clock of the API server.
pub(crate) const NOW: &str = "Sun, 29 Nov 2026 12:00:00 GMT";

/// A request as it came: `GET /version`, and its body.
pub(crate) struct Asked {
    pub(crate) line: String,
    body: String,
}

/// What is answered: a status and a text, or nothing at all, for ever.
pub(crate) type Answer = fn(&Asked) -> Option<(u16, String)>;

/// An API server that answers as `answer` says, and tells what it was asked.
pub(crate) fn serve(answer: Answer) -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let tell = tell.clone();
            thread::spawn(move || converse(stream.unwrap(), answer, &tell));
        }
    });
    (address, asked)
}

fn converse(mut stream: TcpStream, answer: Answer, tell: &Sender<Asked>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length =
        head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let line = head[0].trim_end_matches(" HTTP/1.1").to_owned();
    let asked = Asked { line, body: String::from_utf8(body).unwrap() };
    match answer(&asked) {
        Some((status, text)) => {
            let head = format!(
                "HTTP/1.1 {status} Told\r\ndate: {NOW}\r\ncontent-type: application/json\r\nconnection: close\r\n"
            );
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{text}", text.len());
        }
        // Until the program that asks goes away.
        None => drop(reader.read_to_end(&mut Vec::new())),
    }
    // Nobody listens any more when the test is over.
    let _ = tell.send(asked);
}

fn refusal(code: u16, message: &str) -> (u16, String) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": "Told", "code": code,
    });
    (code, status.to_string())
}

pub(crate) fn told(value: &Value) -> (u16, String) {
    (200, value.to_string())
}

/// The version and the nodes, and a refusal of everything else.
pub(crate) fn reticent(asked: &Asked) -> (u16, String) {
    match asked.line.split('?').next().unwrap_or_default() {
        "GET /version" => told(&json!({
            "major": "1", "minor": "35", "gitVersion": "v1.35.1", "gitCommit": "", "gitTreeState": "",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
        })),
        "GET /api/v1/nodes" => told(&json!({
            "kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": [{
                "metadata": { "name": "one" }, "spec": {},
                "status": {
                    "conditions": [{ "type": "Ready", "status": "True" }],
                    "allocatable": { "cpu": "2", "pods": "110" },
                    "nodeInfo": {
                        "kubeletVersion": "v1.35.1", "containerRuntimeVersion": "containerd://2.1.0",
                        "osImage": "Debian", "kernelVersion": "6.1.0", "architecture": "amd64", "bootID": "",
                        "kubeProxyVersion": "", "machineID": "", "operatingSystem": "linux", "systemUUID": "",
                    },
                },
            }],
        })),
        _ => refusal(403, "you may not"),
    }
}

/// The version and the nodes, and else nothing but silence: `kube-system` is asked for with the nodes.
fn mute(asked: &Asked) -> Option<(u16, String)> {
    Some(reticent(asked)).filter(|(code, _)| *code == 200 || asked.line.contains("kube-system"))
}

/// Whatever can be asked is answered.
fn talkative(asked: &Asked) -> (u16, String) {
    match asked.line.as_str() {
        "GET /metrics" => {
            (200, "kubernetes_feature_enabled{name=\"SidecarContainers\",stage=\"\"} 1\n".to_owned())
        }
        "GET /api/v1/nodes/one/proxy/metrics" => (200, "kubelet_cgroup_version 2\n".to_owned()),
        "GET /api/v1/nodes/one/proxy/configz" => told(&json!({ "kubeletconfig": { "maxPods": 110 } })),
        "GET /apis/node.k8s.io/v1/runtimeclasses" => refusal(404, "no such version"),
        "GET /apis/node.k8s.io/v1beta1/runtimeclasses" => {
            told(&json!({ "items": [{ "metadata": { "name": "sandboxed" }, "handler": "runsc" }] }))
        }
        line if line.starts_with("POST /api/v1/namespaces?") && line.contains("dryRun=All") => {
            refusal(422, "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value")
        }
        line if line.starts_with("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => {
            let mut review: Value = serde_json::from_str(&asked.body).unwrap();
            let part = review.pointer("/spec/resourceAttributes/subresource").cloned();
            review["status"] = json!({ "allowed": part != Some(json!("exec")) });
            told(&review)
        }
        _ => reticent(asked),
    }
}

/// Runs the case `claim` on the cluster that answers so, with `patience`; it must end with `code`.
fn run_on(answer: Answer, patience: &str, claim: &str, code: i32) -> (RunRecord, Vec<Asked>) {
    let (server, asked) = serve(answer);
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = kubeconfig(folder.path(), &server);
    let out = folder.path().join("runs");
    let mut command = podproof(["run", "--context", "x", "--stretch", patience, "--select", claim, "--out"]);
    let _ended = run(command.arg(&out).env("KUBECONFIG", kubeconfig)).exits(code);
    let run = fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    (read_record(&run).unwrap(), asked.try_iter().collect())
}

#[rstest]
#[case::refused(|asked: &Asked| Some(reticent(asked)))]
#[case::unanswered(mute)]
fn a_cluster_that_tells_nothing_is_run_on_all_the_same(#[case] answer: Answer) {
    let (record, _) = run_on(answer, "0.2", "restart/restart-all", 0);
    assert_eq!(record.cluster.capabilities, Capabilities::default());
    assert_eq!(record.cluster.nodes[0].capabilities, NodeCapabilities::default());
    assert_eq!(record.cluster.nodes[0].runtime, "containerd://2.1.0");
}

#[test]
fn what_a_cluster_tells_is_recorded_and_asking_changes_nothing() {
    let (record, asked) = run_on(|asked| Some(talkative(asked)), "20", "ipc/mc2-article", 5);
    let facts = &record.cluster.capabilities;
    assert_eq!(facts.gates, [("SidecarContainers".to_owned(), true)].into());
    let classes = facts.runtime_classes.iter().flatten();
    assert_eq!(classes.map(|class| class.handler.as_str()).collect::<Vec<_>>(), ["runsc"]);
    assert_eq!(facts.pod_security, Some(true));
    assert_eq!(
        facts.missing_rights.as_deref(),
        Some(&["get pods/exec".to_owned(), "create pods/exec".to_owned()][..])
    );
    let node = &record.cluster.nodes[0].capabilities;
    assert_eq!((node.cgroup, &node.unsafe_sysctls), (Some(2), &Some(Vec::new())));

    let Verdict::Skip { reason } = &record.cases[0].verdict else { panic!("{:?}", record.cases[0].verdict) };
    assert!(reason.starts_with("you may not: get pods/exec, create pods/exec ("), "{reason}");

    let writes = |asked: &&Asked| {
        let asks = asked.line.starts_with("GET ") || asked.line.contains("/selfsubject");
        !asks && !asked.line.contains("dryRun=All")
    };
    let changed: Vec<_> = asked.iter().filter(writes).map(|asked| asked.line.as_str()).collect();
    assert_eq!(changed, [""; 0]);
}
