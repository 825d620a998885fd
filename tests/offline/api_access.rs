//! Connections to an API server through proxies, by several kubeconfigs and with credential plugins, and their errors.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use podproof_tests::{Ended, kubeconfig, podproof, run};
use rstest::rstest;

/// Starts a proxy that refuses each connection. Returns its address and the first line of each connection.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = vec![0; 1];
            if reader.read_exact(&mut first).is_err() {
                continue;
            }
            // SOCKS begins with its version, HTTP with a word.
            let line = if first == [5] {
                "SOCKS5".to_owned()
            } else {
                let mut line = String::from_utf8(first).unwrap();
                reader.read_line(&mut line).unwrap();
                line.trim().to_owned()
            };
            let _ = sender.send(line);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (address, requests)
}

fn sweep(folder: &Path, server: &str, variables: &[(&str, &str)]) -> Ended {
    let mut command = podproof(["sweep", "--context", "x", "--dry-run"]);
    let kubeconfig = kubeconfig(folder, server);
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    command.env("KUBECONFIG", kubeconfig).env("PODPROOF_PROBE", "/bin/true").env("HOME", folder);
    run(command.envs(variables.iter().copied())).exits(97)
}

#[rstest]
#[case::https("https://api.invalid:6443", "HTTPS_PROXY", "http://", "CONNECT api.invalid:6443 HTTP/1.1")]
#[case::lower_case("https://api.invalid", "https_proxy", "http://", "CONNECT api.invalid:443 HTTP/1.1")]
#[case::no_scheme("https://api.invalid:6443", "HTTPS_PROXY", "", "CONNECT api.invalid:6443 HTTP/1.1")]
#[case::socks("https://api.invalid:6443", "HTTPS_PROXY", "socks5://", "SOCKS5")]
#[case::without_tls("http://api.invalid:8080", "HTTP_PROXY", "http://", "CONNECT api.invalid:8080 HTTP/1.1")]
fn the_proxy_in_the_environment_is_used(
    #[case] server: &str,
    #[case] variable: &str,
    #[case] scheme: &str,
    #[case] expected: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let (address, requests) = proxy();
    let end = sweep(folder.path(), server, &[(variable, &format!("{scheme}{address}"))]);
    assert_eq!(requests.try_recv().as_deref(), Ok(expected), "{end}");
}

#[rstest]
#[case::this_host("https://127.0.0.1:9", "")]
#[case::this_host_by_name("https://localhost:9", "")]
#[case::excepted("https://api.invalid:6443", "example.org, .invalid,")]
#[case::excepted_by_port("https://api.invalid:6443", "api.invalid:6443")]
#[case::all("https://api.invalid:6443", "*")]
fn a_server_in_no_proxy_is_reached_directly(#[case] server: &str, #[case] none: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (address, requests) = proxy();
    let end = sweep(folder.path(), server, &[("HTTPS_PROXY", &address), ("NO_PROXY", none)]);
    assert!(requests.try_recv().is_err(), "{end}");
}

#[test]
fn a_proxys_password_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let refused = sweep(folder.path(), "https://api.invalid", &[("HTTPS_PROXY", "ftp://me:PASSWORD@proxy")]);
    let (address, _requests) = proxy();
    let named = format!("http://me:PASSWORD@{address}");
    let failed =
        sweep(folder.path(), "https://api.invalid", &[("HTTPS_PROXY", &named), ("PODPROOF_LOG", "trace")]);
    for end in [refused, failed] {
        assert!(!end.stderr.contains("PASSWORD") && !end.stdout.contains("PASSWORD"), "{end}");
    }
}

/// A kubeconfig whose user has a credential plugin.
fn with_plugin(folder: &Path, script: &str) -> Command {
    let plugin = folder.join("plugin.sh");
    fs::write(&plugin, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    let file = folder.join("config");
    let text = "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\n\
                contexts: [{name: x, context: {cluster: c, user: u}}]\n\
                users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, \
                command: ./plugin.sh, args: ['--client-secret=ARG-HIDDEN'], \
                env: [{name: A_VARIABLE, value: ENV-HIDDEN}]}}}]\n";
    fs::write(&file, text).unwrap();
    let mut command = podproof(["run", "--context", "x", "--out"]);
    command.arg(folder.join("runs")).env("KUBECONFIG", file).env("PODPROOF_LOG", "trace");
    command.env("PODPROOF_PROBE", "/bin/true").env("HOME", folder);
    command
}

#[rstest]
#[case::fails(
    "echo OUT-HIDDEN; echo 'token expired' >&2; exit 3",
    "plugin.sh` ended with exit code 3: token expired"
)]
#[case::says_a_secret(
    "echo '{\"token\": \"ERR-HIDDEN1\"}' >&2; exit 1",
    "ended with exit code 1: {\"token\": \"***\"}"
)]
#[case::no_credential("echo 'token: [OUT-HIDDEN'", "the credential plugin's output is not an ExecCredential")]
fn a_plugin_error_names_the_plugin_and_shows_no_secret(#[case] script: &str, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let end = run(&mut with_plugin(folder.path(), script)).exits(97);
    assert!(!end.stderr.contains("HIDDEN") && !end.stdout.contains("HIDDEN"), "{end}");
    assert!(end.stderr.contains(expected), "{end}");
}

#[test]
fn missing_kubeconfigs_are_skipped_and_an_unknown_context_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let there = kubeconfig(folder.path(), "https://127.0.0.1:9");
    let both = std::env::join_paths([folder.path().join("gone"), there]).unwrap();
    let mut command = podproof(["run", "--context", "other"]);
    command.env("KUBECONFIG", both).env("PODPROOF_PROBE", "/bin/true").env("HOME", folder.path());
    let end = run(&mut command).exits(97);
    assert!(end.stderr.contains("there is no context `other` in the kubeconfig, only `x`"), "{end}");
}
