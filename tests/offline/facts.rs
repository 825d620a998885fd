//! How a run queries and records the facts of a cluster. A fake API server answers.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use podproof_core::cluster_facts::{Capabilities, NodeCapabilities};
use podproof_core::judge::Verdict;
use podproof_core::record::{RunRecord, read_record};
use podproof_tests::{kubeconfig, podproof, run};
use rstest::rstest;
use serde_json::{Value, json};

/// The time by the clock of the API server.
pub(crate) const NOW: &str = "Sun, 29 Nov 2026 12:00:00 GMT";

/// A request that the server received: a line like `GET /version`, and its body.
pub(crate) struct Request {
    pub(crate) line: String,
    body: String,
}

/// Gives the status and the body of the response; None if the server never responds.
pub(crate) type Answer = fn(&Request) -> Option<(u16, String)>;

/// Starts an API server that answers by `answer`. Returns its URL and the requests it receives.
pub(crate) fn serve(answer: Answer) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || handle_connection(stream.unwrap(), answer, &sender));
        }
    });
    (address, requests)
}

fn handle_connection(mut stream: TcpStream, answer: Answer, sender: &Sender<Request>) {
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
    let request = Request { line, body: String::from_utf8(body).unwrap() };
    match answer(&request) {
        Some((status, text)) => {
            let head = format!(
                "HTTP/1.1 {status} Answer\r\ndate: {NOW}\r\ncontent-type: application/json\r\nconnection: close\r\n"
            );
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{text}", text.len());
        }
        // Wait until the client closes the connection.
        None => drop(reader.read_to_end(&mut Vec::new())),
    }
    // The receiver is gone when the test is over.
    let _ = sender.send(request);
}

fn refusal(code: u16, message: &str) -> (u16, String) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": "Answer", "code": code,
    });
    (code, status.to_string())
}

pub(crate) fn ok(value: &Value) -> (u16, String) {
    (200, value.to_string())
}

/// Answers requests for the version and the nodes, and refuses everything else.
pub(crate) fn answer_basics(request: &Request) -> (u16, String) {
    match request.line.split('?').next().unwrap_or_default() {
        "GET /version" => ok(&json!({
            "major": "1", "minor": "35", "gitVersion": "v1.35.1", "gitCommit": "", "gitTreeState": "",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
        })),
        "GET /api/v1/nodes" => ok(&json!({
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

/// Answers requests for the version, the nodes and `kube-system`, and never responds to anything else.
fn silent_after_basics(request: &Request) -> Option<(u16, String)> {
    Some(answer_basics(request)).filter(|(code, _)| *code == 200 || request.line.contains("kube-system"))
}

/// Answers every query for facts of the cluster.
fn answer_everything(request: &Request) -> (u16, String) {
    match request.line.as_str() {
        "GET /metrics" => {
            (200, "kubernetes_feature_enabled{name=\"SidecarContainers\",stage=\"\"} 1\n".to_owned())
        }
        "GET /api/v1/nodes/one/proxy/metrics" => (200, "kubelet_cgroup_version 2\n".to_owned()),
        "GET /api/v1/nodes/one/proxy/configz" => ok(&json!({ "kubeletconfig": { "maxPods": 110 } })),
        "GET /apis/node.k8s.io/v1/runtimeclasses" => refusal(404, "no such version"),
        "GET /apis/node.k8s.io/v1beta1/runtimeclasses" => {
            ok(&json!({ "items": [{ "metadata": { "name": "sandboxed" }, "handler": "runsc" }] }))
        }
        line if line.starts_with("POST /api/v1/namespaces?") && line.contains("dryRun=All") => {
            refusal(422, "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value")
        }
        line if line.starts_with("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => {
            let mut review: Value = serde_json::from_str(&request.body).unwrap();
            let part = review.pointer("/spec/resourceAttributes/subresource").cloned();
            review["status"] = json!({ "allowed": part != Some(json!("exec")) });
            ok(&review)
        }
        _ => answer_basics(request),
    }
}

/// Runs the case `claim` on a cluster that answers by `answer`. Asserts the exit code `code`.
fn run_on(answer: Answer, stretch: &str, claim: &str, code: i32) -> (RunRecord, Vec<Request>) {
    let (server, requests) = serve(answer);
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = kubeconfig(folder.path(), &server);
    let out = folder.path().join("runs");
    let mut command = podproof(["run", "--context", "x", "--stretch", stretch, "--select", claim, "--out"]);
    let _ended = run(command.arg(&out).env("KUBECONFIG", kubeconfig)).exits(code);
    let run = fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    (read_record(&run).unwrap(), requests.try_iter().collect())
}

#[rstest]
#[case::refused(|request: &Request| Some(answer_basics(request)))]
#[case::unanswered(silent_after_basics)]
fn a_run_works_on_a_cluster_that_reports_no_facts(#[case] answer: Answer) {
    let (record, _) = run_on(answer, "0.2", "restart/restart-all", 0);
    assert_eq!(record.cluster.capabilities, Capabilities::default());
    assert_eq!(record.cluster.nodes[0].capabilities, NodeCapabilities::default());
    assert_eq!(record.cluster.nodes[0].runtime, "containerd://2.1.0");
}

#[test]
fn facts_of_a_cluster_are_recorded_and_queries_change_nothing() {
    let (record, requests) = run_on(|request| Some(answer_everything(request)), "20", "ipc/mc2-article", 5);
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

    let is_write = |request: &&Request| {
        let is_query = request.line.starts_with("GET ") || request.line.contains("/selfsubject");
        !is_query && !request.line.contains("dryRun=All")
    };
    let changed: Vec<_> = requests.iter().filter(is_write).map(|request| request.line.as_str()).collect();
    assert_eq!(changed, [""; 0]);
}
