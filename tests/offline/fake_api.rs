//! A program that speaks as an API server: it keeps what it is sent, runs no pod, and can lose its answers.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use podproof::cluster::{Access, Images, PullPolicy, connect};
use podproof::plan::{ClaimId, Manifest, Security};
use podproof::stage::{Attire, StageOrder};
use podproof_tests::kubeconfig;
use serde_json::{Value, json};
use tungstenite::handshake::derive_accept_key;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
}

impl Asked {
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.into_iter().find(|(key, _)| *key == name)?.1;
        Some(value.replace("%3D", "=").replace("%2F", "/"))
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It is carried out, and the connection is cut instead of an answer.
    Lost,
    /// It is refused with this status.
    Refused(u16),
    /// Its connection becomes a stream that sends this, and is cut.
    Cut(&'static [u8]),
}

/// Decides about a request; the number is that of the requests before it that have the same method and path.
pub(crate) type Weather = fn(&Asked, usize) -> Fate;

pub(crate) struct FakeApi {
    pub(crate) address: String,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    objects: BTreeMap<String, Value>,
    asked: Vec<Asked>,
    versions: u64,
}

impl FakeApi {
    pub(crate) fn new(weather: Weather) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::<Mutex<World>>::default();
        let server = Arc::clone(&world);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let world = Arc::clone(&server);
                thread::spawn(move || converse(stream.unwrap(), weather, &world));
            }
        });
        Self { address, world }
    }

    /// The way into it, as a run has it.
    pub(crate) async fn access(&self) -> Access {
        let folder = tempfile::tempdir().unwrap();
        let config = kubeconfig(folder.path(), &self.address);
        let images = Images { references: BTreeMap::new(), pull: PullPolicy::Never };
        connect(Some(&config), "x", images, Duration::from_secs(20)).await.unwrap()
    }

    /// Has an object from the beginning.
    pub(crate) fn keep(&self, path: &str, object: Value) {
        lock(&self.world).objects.insert(path.to_owned(), object);
    }

    /// The names of the namespaces that there are.
    pub(crate) fn namespaces(&self) -> Vec<String> {
        let world = lock(&self.world);
        let paths = world.objects.keys().filter_map(|path| path.strip_prefix("/api/v1/namespaces/"));
        paths.filter(|name| !name.contains('/')).map(str::to_owned).collect()
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.world).asked.clone()
    }
}

/// A stage in a namespace of this name.
pub(crate) fn order(namespace: &str, manifest: &str) -> StageOrder {
    StageOrder {
        namespace: namespace.to_owned(),
        run: "20261122-101500-3fa9c1d2".to_owned(),
        lifetime: Duration::ZERO,
        claim: claim(),
        token: "token".to_owned(),
        manifest: Manifest::parse("x.yaml", manifest).unwrap(),
        attire: Attire::Restricted,
        security: Security::Restricted,
        saboteur: None,
    }
}

pub(crate) fn claim() -> ClaimId {
    "volume/shared-two-mountpaths".parse().unwrap()
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn converse(mut stream: TcpStream, weather: Weather, world: &Mutex<World>) {
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
    let asked = Asked { method, path: path.to_owned(), query: query.to_owned() };
    let fate = {
        let mut world = lock(world);
        let before = world
            .asked
            .iter()
            .filter(|other| (&other.method, &other.path) == (&asked.method, &asked.path))
            .count();
        world.asked.push(asked.clone());
        weather(&asked, before)
    };
    if let Fate::Cut(sends) = fate {
        let accept = derive_accept_key(header("sec-websocket-key").unwrap().as_bytes());
        let protocol = "sec-websocket-protocol: v4.channel.k8s.io";
        let head = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket";
        let _ = write!(stream, "{head}\r\n{protocol}\r\nsec-websocket-accept: {accept}\r\n\r\n");
        let _ = stream.write_all(sends);
        return;
    }
    if asked.query.contains("watch=true") && fate == Fate::Answered {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        // Until whoever watches goes away.
        drop(reader.read_to_end(&mut Vec::new()));
        return;
    }
    let (code, answer) = match fate {
        Fate::Refused(code) => refusal(code, "refused"),
        _ => lock(world).answer(&asked, &body),
    };
    if fate != Fate::Lost {
        let text = answer.to_string();
        let head = format!("HTTP/1.1 {code} Answer\r\ncontent-type: application/json\r\nconnection: close");
        let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{text}", text.len());
    }
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

impl World {
    fn answer(&mut self, asked: &Asked, body: &[u8]) -> (u16, Value) {
        match asked.method.as_str() {
            "GET" => self.get(asked),
            "POST" => self.post(asked, body),
            "DELETE" => self.delete(asked),
            "PATCH" => {
                let whole = ["/ephemeralcontainers", "/resize"];
                let path = whole.iter().find_map(|part| asked.path.strip_suffix(part)).unwrap_or(&asked.path);
                self.objects
                    .get(path)
                    .map_or_else(|| refusal(404, "not found"), |object| (200, object.clone()))
            }
            _ => refusal(405, "no such method"),
        }
    }

    fn get(&self, asked: &Asked) -> (u16, Value) {
        let path = asked.path.as_str();
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
        let name = asked
            .parameter("fieldSelector")
            .and_then(|by| by.strip_prefix("metadata.name=").map(str::to_owned));
        let found = self.objects.iter().filter_map(|(path, object)| {
            let own = path.strip_prefix(&below).filter(|own| !own.contains('/'))?;
            name.as_ref().is_none_or(|name| name == own).then_some(object)
        });
        let items: Vec<_> = found.collect();
        (200, json!({ "metadata": { "resourceVersion": self.versions.to_string() }, "items": items }))
    }

    fn post(&mut self, asked: &Asked, body: &[u8]) -> (u16, Value) {
        let mut object: Value = serde_json::from_slice(body).unwrap();
        if asked.path.contains("/selfsubject") || asked.query.contains("dryRun") {
            return refusal(403, "you may not");
        }
        let path = format!("{}/{}", asked.path, object["metadata"]["name"].as_str().unwrap());
        if self.objects.contains_key(&path) {
            return refusal(409, "already exists");
        }
        self.versions += 1;
        object["metadata"]["uid"] = json!(format!("uid-{}", self.versions));
        object["metadata"]["resourceVersion"] = json!(self.versions.to_string());
        self.objects.insert(path, object.clone());
        (201, object)
    }

    /// Whatever lies below goes too.
    fn delete(&mut self, asked: &Asked) -> (u16, Value) {
        let before = self.objects.len();
        let below = format!("{}/", asked.path);
        self.objects.retain(|path, _| *path != asked.path && !path.starts_with(&below));
        let is_collection = asked.path.ends_with('s');
        if before == self.objects.len() && !is_collection {
            return refusal(404, "not found");
        }
        (200, json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" }))
    }
}
