//! A fake API server: it stores the objects that it is sent, runs no pods, and can refuse requests or lose responses.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use podproof::cluster::{Access, Images, PullPolicy, connect};
use podproof::stage::{PodProfile, StageOptions};
use podproof_core::plan::{ClaimId, Manifest, Security};
use podproof_tests::kubeconfig;
use serde_json::{Value, json};
use tungstenite::handshake::derive_accept_key;

/// A request that the server received.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
}

impl Request {
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(key, _)| *key == name)?.1;
        Some(value.replace("%3D", "=").replace("%2F", "/"))
    }
}

/// How the server treats a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It is carried out, but the connection is closed without a response.
    Lost,
    /// It is answered as if it were carried out.
    Ignored,
    /// It is refused with this status.
    Refused(u16),
    /// It becomes a WebSocket stream that sends these bytes and is then cut.
    Cut(&'static [u8]),
}

/// Decides how a request is treated. The number is that of earlier requests with the same method and path.
pub(crate) type FatePolicy = fn(&Request, usize) -> Fate;

pub(crate) struct FakeApi {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    requests: Vec<Request>,
    versions: u64,
}

impl FakeApi {
    pub(crate) fn new(policy: FatePolicy) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let server = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&server);
                thread::spawn(move || handle_connection(stream.unwrap(), policy, &state));
            }
        });
        Self { address, state }
    }

    /// Connects to the server as a run does.
    pub(crate) async fn access(&self) -> Access {
        let folder = tempfile::tempdir().unwrap();
        let config = kubeconfig(folder.path(), &self.address);
        let images = Images { references: BTreeMap::new(), pull: PullPolicy::Never };
        connect(Some(&config), "x", images, Duration::from_secs(20)).await.unwrap()
    }

    /// Stores an object.
    pub(crate) fn keep(&self, path: &str, object: Value) {
        lock(&self.state).objects.insert(path.to_owned(), object);
    }

    /// The names of all namespaces.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let state = lock(&self.state);
        let paths = state.objects.keys().filter_map(|path| path.strip_prefix("/api/v1/namespaces/"));
        paths.filter(|name| !name.contains('/')).map(str::to_owned).collect()
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.state).requests.clone()
    }
}

/// An order for a stage in a namespace of this name.
pub(crate) fn order(namespace: &str, manifest: &str) -> StageOptions {
    StageOptions {
        namespace: namespace.to_owned(),
        run: "20261122-101500-3fa9c1d2".to_owned(),
        lifetime: Duration::ZERO,
        claim: claim(),
        token: "token".to_owned(),
        manifest: Manifest::parse("x.yaml", manifest).unwrap(),
        pod_profile: PodProfile::Restricted,
        security: Security::Restricted,
        saboteur: None,
    }
}

pub(crate) fn claim() -> ClaimId {
    "volume/shared-two-mountpaths".parse().unwrap()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn handle_connection(mut stream: TcpStream, policy: FatePolicy, state: &Mutex<State>) {
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
    let header = |name: &str| {
        head.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let mut words = head[0].split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request { method, path: path.to_owned(), query: query.to_owned() };
    let fate = {
        let mut state = lock(state);
        let before = state
            .requests
            .iter()
            .filter(|other| (&other.method, &other.path) == (&request.method, &request.path))
            .count();
        state.requests.push(request.clone());
        policy(&request, before)
    };
    if let Fate::Cut(sends) = fate {
        let accept = derive_accept_key(header("sec-websocket-key").unwrap().as_bytes());
        let protocol = "sec-websocket-protocol: v4.channel.k8s.io";
        let head = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket";
        let _ = write!(stream, "{head}\r\n{protocol}\r\nsec-websocket-accept: {accept}\r\n\r\n");
        let _ = stream.write_all(sends);
        return;
    }
    if request.query.contains("watch=true") && fate == Fate::Answered {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        // Wait until the client closes the watch.
        drop(reader.read_to_end(&mut Vec::new()));
        return;
    }
    let (code, answer) = match fate {
        Fate::Refused(code) => refusal(code, "refused"),
        Fate::Ignored => success(),
        _ => lock(state).answer(&request, &body),
    };
    if fate != Fate::Lost {
        let text = answer.to_string();
        let head = format!("HTTP/1.1 {code} Answer\r\ncontent-type: application/json\r\nconnection: close");
        let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    }
}

fn success() -> (u16, Value) {
    (200, json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" }))
}

fn refusal(code: u16, message: &str) -> (u16, Value) {
    let reason = match code {
        404 => "NotFound",
        409 => "AlreadyExists",
        _ => "",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code,
    });
    (code, status)
}

impl State {
    fn answer(&mut self, request: &Request, body: &[u8]) -> (u16, Value) {
        match request.method.as_str() {
            "GET" => self.get(request),
            "POST" => self.post(request, body),
            "DELETE" => self.delete(request),
            "PATCH" => {
                let whole = ["/ephemeralcontainers", "/resize"];
                let path =
                    whole.iter().find_map(|part| request.path.strip_suffix(part)).unwrap_or(&request.path);
                self.objects
                    .get(path)
                    .map_or_else(|| refusal(404, "not found"), |object| (200, object.clone()))
            }
            _ => refusal(405, "no such method"),
        }
    }

    fn get(&self, request: &Request) -> (u16, Value) {
        let path = request.path.as_str();
        if path == "/version" {
            let text = ["gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"];
            let mut version = json!({ "major": "1", "minor": "20", "gitVersion": "v1.20.2" });
            for field in text {
                version[field] = json!("");
            }
            return (200, version);
        }
        if path == "/api/v1/nodes" {
            let node = json!({ "metadata": { "name": "one" }, "spec": {},
                "status": { "conditions": [{ "type": "Ready", "status": "True" }] } });
            return (200, json!({ "metadata": { "resourceVersion": "1" }, "items": [node] }));
        }
        if path.ends_with("/log") || path.contains("/proxy/") || path.contains("/endpoints/") {
            return refusal(404, "not found");
        }
        let below = format!("{path}/");
        let name = request
            .parameter("fieldSelector")
            .and_then(|by| by.strip_prefix("metadata.name=").map(str::to_owned));
        let found = self.objects.iter().filter_map(|(path, object)| {
            let own = path.strip_prefix(&below).filter(|own| !own.contains('/'))?;
            name.as_ref().is_none_or(|name| name == own).then_some(object)
        });
        let items: Vec<_> = found.collect();
        (200, json!({ "metadata": { "resourceVersion": self.versions.to_string() }, "items": items }))
    }

    fn post(&mut self, request: &Request, body: &[u8]) -> (u16, Value) {
        let mut object: Value = serde_json::from_slice(body).unwrap();
        if request.path.contains("/selfsubject") || request.query.contains("dryRun") {
            return refusal(403, "you may not");
        }
        let path = format!("{}/{}", request.path, object["metadata"]["name"].as_str().unwrap());
        if self.objects.contains_key(&path) {
            return refusal(409, "already exists");
        }
        self.versions += 1;
        object["metadata"]["uid"] = json!(format!("uid-{}", self.versions));
        object["metadata"]["resourceVersion"] = json!(self.versions.to_string());
        self.objects.insert(path, object.clone());
        (201, object)
    }

    /// Also deletes every object below the path.
    fn delete(&mut self, request: &Request) -> (u16, Value) {
        let before = self.objects.len();
        let below = format!("{}/", request.path);
        self.objects.retain(|path, _| *path != request.path && !path.starts_with(&below));
        let is_collection = request.path.ends_with('s');
        if before == self.objects.len() && !is_collection {
            return refusal(404, "not found");
        }
        success()
    }
}
