//! A proxy to an API server that cuts log responses short.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::cluster::docker;

/// After how many bytes of the body each log response is cut, in turn; None: it is not cut.
const CUTS: [Option<usize>; 5] = [Some(0), Some(40), None, Some(400), Some(4000)];

/// The port in the node on which `kubectl proxy` takes requests without credentials.
const PORT: u16 = 8001;

/// The proxy: plain HTTP on this host's loopback address, until it is dropped.
pub(crate) struct LogCuttingProxy {
    /// The URL of the proxy.
    pub(crate) server: String,
    /// How many responses were cut.
    pub(crate) cut: Arc<AtomicUsize>,
    kubectl: Child,
    node: String,
}

impl LogCuttingProxy {
    pub(crate) fn to(node: &str) -> Self {
        let script = format!(
            "echo $$ >/tmp/proxy.pid; exec kubectl --kubeconfig=/etc/kubernetes/admin.conf proxy --disable-filter \
             --address=0.0.0.0 --port={PORT}"
        );
        let mut kubectl = Command::new("docker");
        kubectl.args(["exec", node, "sh", "-c", &script]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut kubectl = kubectl.spawn().expect("docker is installed");
        let mut first_line = String::new();
        BufReader::new(kubectl.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
        assert!(first_line.starts_with("Starting to serve"), "{first_line}");
        let of_networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let upstream = format!("{}:{PORT}", docker(&["inspect", "--format", of_networks, node]));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let (logs, cut) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&cut);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, logs, cut) = (upstream.clone(), Arc::clone(&logs), Arc::clone(&counted));
                // An error of one client ends only its own connection.
                thread::spawn(move || drop(forward(client, &upstream, &logs, &cut)));
            }
        });
        Self { server, cut, kubectl, node: node.to_owned() }
    }
}

impl Drop for LogCuttingProxy {
    fn drop(&mut self) {
        let end = ["exec", &self.node, "sh", "-c", "kill $(cat /tmp/proxy.pid)"];
        let _ = Command::new("docker").args(end).output();
        let _ = self.kubectl.wait();
    }
}

/// Forwards one request and its response. Each connection carries one request, so that each head is parsed.
fn forward(client: TcpStream, upstream: &str, logs: &AtomicUsize, cut: &AtomicUsize) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    let mut from_client = BufReader::new(client.try_clone()?);
    let head = head(&mut from_client)?;
    let is_upgrade = head.to_ascii_lowercase().contains("\r\nupgrade:");
    let head = if is_upgrade { head } else { with_connection_close(&head) };
    server.write_all(head.as_bytes())?;
    let mut to_server = server.try_clone()?;
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        to_server.shutdown(Shutdown::Write)
    });
    let mut to_client = client;
    let is_log = head.lines().next().is_some_and(|line| line.contains("/log?"));
    let limit = if is_log { CUTS[logs.fetch_add(1, Ordering::Relaxed) % CUTS.len()] } else { None };
    match limit {
        None => drop(io::copy(&mut server, &mut to_client)?),
        Some(limit) => {
            let mut from_server = BufReader::new(server);
            to_client.write_all(self::head(&mut from_server)?.as_bytes())?;
            let passed = io::copy(&mut from_server.by_ref().take(limit as u64), &mut to_client)?;
            if passed == limit as u64 {
                cut.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    to_client.shutdown(Shutdown::Both)
}

/// Reads the head: all lines up to and including the empty one.
fn head(from: &mut impl io::BufRead) -> io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn with_connection_close(head: &str) -> String {
    let (first, rest) = head.split_once("\r\n").unwrap_or((head, ""));
    let others =
        rest.split_inclusive("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    format!("{first}\r\nConnection: close\r\n{}", others.collect::<String>())
}
