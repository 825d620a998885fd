//! The DNS client.

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;

use serde_json::json;

use crate::support::{report, run};

/// Returns the messages with which a test server responds to a query, given its name and bytes.
type Respond = fn(&str, &[u8]) -> Vec<Vec<u8>>;

/// Starts a DNS server that runs until the test process ends. Returns its port.
fn server(respond: Respond) -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = socket.local_addr().expect("bound").port();
    thread::spawn(move || {
        let mut message = [0; 512];
        while let Ok((length, peer)) = socket.recv_from(&mut message) {
            for answer in respond(&name_in(&message[..length]), &message[..length]) {
                socket.send_to(&answer, peer).expect("sent");
            }
        }
    });
    port
}

fn name_in(question: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut rest = &question[12..];
    while let Some((length, rest_of_message)) = rest.split_first().filter(|(length, _)| **length > 0) {
        let (label, rest_of_message) = rest_of_message.split_at(usize::from(*length));
        labels.push(String::from_utf8_lossy(label));
        rest = rest_of_message;
    }
    labels.join(".") + "."
}

fn answer(question: &[u8], rcode: u8, records: &[&[u8]]) -> Vec<u8> {
    let mut message = question.to_vec();
    message[2] = 0x81;
    message[3] = 0x80 | rcode;
    message[7] = u8::try_from(records.len()).expect("few");
    for record in records {
        message.extend_from_slice(record);
    }
    message
}

const FIRST: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 9];
const SECOND: &[u8] = &[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1];
const ALIAS: &[u8] = &[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 6, 1, b'a', 2, b'b', b'c', 0];

fn responses(name: &str, question: &[u8]) -> Vec<Vec<u8>> {
    match name {
        "web." => {
            let other = [&[question[0] ^ 1], &question[1..]].concat();
            // A response to another query, a truncated one, and the right one.
            let right = answer(question, 0, &[FIRST, SECOND]);
            vec![answer(&other, 0, &[FIRST]), right[..right.len() - 1].to_vec(), right]
        }
        "alias." => vec![answer(question, 0, &[ALIAS])],
        "broken." => vec![answer(question, 2, &[])],
        "silent." => vec![b"junk".to_vec()],
        _ => vec![answer(question, 3, &[])],
    }
}

#[test]
fn a_name_is_resolved() {
    let port = server(responses);
    let resolve = |more: &str| report(&run(&format!("resolve --server 127.0.0.1 --port {port} {more}")));
    let web = resolve("--name web.");
    assert_eq!([&web["ok"], &web["present"], &web["truncated"]], [true, true, false]);
    assert_eq!([&web["addresses"], &web["cname"]], [&json!(["10.0.0.1", "10.0.0.9"]), &json!(null)]);
    assert_eq!([&web["rcode"], &web["server"], &web["question"]], ["NOERROR", "127.0.0.1", "web."]);
    // Whatever the search list of this machine, the name itself is queried last.
    assert_eq!(resolve("--name web")["question"], "web.");
    let alias = resolve("--name alias. --type CNAME");
    assert_eq!([&alias["present"], &alias["cname"]], [&json!(true), &json!("a.bc")]);
    let none = resolve("--name alias. --type AAAA");
    assert_eq!(
        [&none["ok"], &none["present"], &none["rcode"]],
        [&json!(true), &json!(false), &json!("NOERROR")]
    );
    let absent = resolve("--name nobody.");
    assert_eq!(
        [&absent["ok"], &absent["present"], &absent["rcode"]],
        [&json!(true), &json!(false), &json!("NXDOMAIN")]
    );
}

#[test]
fn server_errors_and_timeouts_are_failures() {
    let port = server(responses);
    let line = format!("resolve --server 127.0.0.1 --port {port} --timeout-ms 300");
    let broken = report(&run(&format!("{line} --name broken.")));
    assert_eq!([&broken["ok"], &broken["rcode"]], [&json!(false), &json!("SERVFAIL")]);
    assert!(broken.get("present").is_none());
    let silent = run(&format!("{line} --name silent. then exit --code 9"));
    assert_eq!(silent.status.code(), Some(9));
    let silent = report(&run(&format!("{line} --name silent.")));
    assert_eq!([&silent["ok"], &silent["errno"]], [&json!(false), &json!("ETIMEDOUT")]);
    let unused = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = unused.local_addr().expect("bound").port();
    drop(unused);
    let refused = report(&run(&format!("resolve --server 127.0.0.1 --port {port} --name web.")));
    assert_eq!([&refused["ok"], &refused["errno"]], [&json!(false), &json!("ECONNREFUSED")]);
    for wrong in ["--name a..b", "--name web --type MX", "--name web --server localhost", ""] {
        assert_eq!(run(&format!("resolve {wrong}")).status.code(), Some(64), "{wrong}");
    }
}
