//! Only the pod's own answer to a request can contradict a claim. Node faults, proxies and other servers never make a
//! case fail.

use std::path::PathBuf;

use podproof_core::evidence::Evidence;
use podproof_core::judge::Verdict;
use rstest::rstest;
use serde_json::{Value, json};

use crate::judge::Recorded;

/// Errors of a node that has a fault itself. They say nothing about the operation that was requested.
const FAULTS: [&str; 9] =
    ["EIO", "ENOMEM", "EMFILE", "ENFILE", "ENOSYS", "EINTR", "ENOBUFS", "ETIMEDOUT", "EBADF"];

/// Claims that are about one of these errors.
const CLAIMED_ERRORS: [(&str, &str); 1] = [("isolation/mqueue-quota-per-uid", "EMFILE")];

/// Claims about the text of logs, which is compared word for word with other evidence.
const ABOUT_LOGS: [&str; 1] = ["restart/termination-message"];

/// The fields of a report that are true if its operation succeeded.
const SUCCESSES: [&str; 5] = ["present", "connected", "opened", "obtained", "complete"];

/// The status and the body of responses from proxies and other servers between pods.
const FOREIGN_RESPONSES: [(u16, &str); 5] = [
    (503, "upstream connect error or disconnect/reset before headers"),
    (426, ""),
    (502, "<html><body>Bad Gateway</body></html>"),
    (404, "404 page not found\n"),
    (200, "It works!"),
];

/// Applies `change` to one report at a time, in the output of commands and in logs. Returns each changed evidence.
fn with_one_report_changed(evidence: &Evidence, change: &dyn Fn(&mut Value) -> bool) -> Vec<Evidence> {
    let changed = |line: &str| {
        let mut report: Value =
            serde_json::from_str(line).ok().filter(|report: &Value| report.is_object())?;
        (report.get("probe").is_some() && change(&mut report)).then(|| report.to_string())
    };
    let mut all = Vec::new();
    for (at, exec) in evidence.execs.iter().enumerate() {
        for line in exec.stdout.lines() {
            if let Some(other) = changed(line) {
                let mut rest = evidence.clone();
                rest.execs[at].stdout = exec.stdout.replacen(line, &other, 1);
                all.push(rest);
            }
        }
    }
    for (at, log) in evidence.logs.iter().enumerate() {
        for (number, line) in log.lines.iter().enumerate() {
            if let Some(other) = changed(&line.text) {
                let mut rest = evidence.clone();
                rest.logs[at].lines[number].text = other;
                all.push(rest);
            }
        }
    }
    all
}

/// Changes a report. Returns whether the change applies to it.
type ReportChange = Box<dyn Fn(&mut Value) -> bool>;

/// The changes after which a report says that its operation failed with `errno`.
fn failing_changes(errno: &'static str) -> Vec<ReportChange> {
    let replaced = move |report: &mut Value| {
        let applies = report.get("errno").is_some();
        report["errno"] = json!(errno);
        applies
    };
    let failed = move |report: &mut Value| {
        report["ok"] = json!(false);
        report["errno"] = json!(errno);
        true
    };
    let mut changes: Vec<ReportChange> = vec![Box::new(replaced), Box::new(failed)];
    changes.extend(SUCCESSES.map(|field| -> ReportChange {
        Box::new(move |report| {
            let applies = report.get(field) == Some(&json!(true));
            report[field] = json!(false);
            report["errno"] = json!(errno);
            applies
        })
    }));
    changes
}

#[rstest]
fn a_node_fault_never_makes_a_case_fail(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    if ABOUT_LOGS.contains(&case.id) {
        return;
    }
    for errno in FAULTS.into_iter().filter(|errno| !CLAIMED_ERRORS.contains(&(case.id, *errno))) {
        for change in failing_changes(errno) {
            for changed in with_one_report_changed(&evidence, &*change) {
                let verdict = case.verdict(&changed);
                assert!(!matches!(verdict, Verdict::Fail { .. }), "{errno}: {verdict:?}");
            }
        }
    }
}

#[rstest]
fn a_response_of_another_server_never_makes_a_case_fail(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    for (status, page) in FOREIGN_RESPONSES {
        let mut all = with_one_report_changed(&evidence, &|report| {
            if report["verb"] != "fetch" {
                return false;
            }
            if let Some(bodies) = report.get_mut("bodies") {
                bodies[page] = json!(7);
            } else {
                report["ok"] = json!(true);
                report["status"] = json!(status);
                report["body"] = json!(page);
            }
            true
        });
        for at in 0..evidence.fetches.len() {
            // A good page of nginx cannot be distinguished from one of another server.
            if !(status == 200 && case.id.starts_with("volume/")) {
                let mut rest = evidence.clone();
                rest.fetches[at].answer = Ok((status, page.to_owned()));
                all.push(rest);
            }
        }
        for changed in all {
            let verdict = case.verdict(&changed);
            assert!(!matches!(verdict, Verdict::Fail { .. }), "{status} {page:?}: {verdict:?}");
        }
    }
}

#[test]
fn a_request_that_did_not_reach_the_pod_is_inconclusive() {
    const LOST: [&str; 3] = [
        "error dialing backend: dial tcp 172.18.0.2:10250: connect: connection refused",
        "error dialing backend: dial tcp 127.0.0.1:10250: connect: connection refused",
        "connect: connection refused",
    ];
    const BY_THE_POD: &str = "the node says: error forwarding port 8080 to pod 1, uid : failed to execute portforward \
                              in network namespace \"/var/run/netns/1\": failed to connect to localhost:8080 inside \
                              namespace \"1\", IPv4: dial tcp4 127.0.0.1:8080: connect: connection refused";
    for claim in ["network/port-forward", "network/loopback-not-exposed"] {
        let Recorded { case, evidence, .. } = Recorded::green(claim);
        let answered = |why: &str| {
            let mut changed = evidence.clone();
            changed.fetches[0].answer = Err(why.to_owned());
            case.verdict(&changed)
        };
        for why in LOST {
            let verdict = answered(why);
            assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{claim}, {why}: {verdict:?}");
        }
        let verdict = answered(BY_THE_POD);
        assert!(matches!(verdict, Verdict::Fail { .. }), "{claim}: {verdict:?}");
    }
}

#[test]
fn a_proxy_in_the_pod_never_makes_a_network_case_fail() {
    for claim in ["network/pod-to-pod-no-nat", "network/node-to-node-no-nat"] {
        for (peer, fails) in [("127.0.0.6", false), ("127.0.0.1", false), ("::1", false), ("10.9.9.9", true)]
        {
            let Recorded { case, mut evidence, .. } = Recorded::green(claim);
            let exec = evidence.execs.iter_mut().find(|exec| exec.label == "who-asks").unwrap();
            let begin = exec.stdout.find(&evidence.token).unwrap() + evidence.token.len();
            let end = begin + exec.stdout[begin..].find('"').unwrap();
            exec.stdout.replace_range(begin..end, &format!(" {peer}"));
            let verdict = case.verdict(&evidence);
            assert_eq!(matches!(verdict, Verdict::Fail { .. }), fails, "{claim}, {peer}: {verdict:?}");
            assert!(!verdict.is_pass(), "{claim}, {peer}");
        }
    }
}

#[test]
fn a_service_request_while_a_pod_was_unready_is_inconclusive() {
    const PODS: [(&str, &str, &str); 7] = [
        ("network/service-two-containers", "pair", "first-port"),
        ("network/clusterip-all-ready", "two", "often"),
        ("network/readiness-gates", "steady", "after"),
        ("network/one-container-unready-hides-pod", "pair", "when-ready"),
        ("network/nodeport-every-node", "server", "node-podproof-control-plane"),
        ("network/mc3", "mc3", "by-node"),
        ("network/dns-headless", "two", "resolve"),
    ];
    for (claim, pod, label) in PODS {
        let Recorded { case, mut evidence, .. } = Recorded::green(claim);
        // The pod was not ready for a while, and the request failed.
        let ready = evidence.timeline.iter().rposition(|seen| seen.name() == pod).unwrap();
        let mut unready = evidence.timeline[ready].clone();
        for status in unready.pod.status.as_mut().unwrap().container_statuses.iter_mut().flatten() {
            status.ready = false;
        }
        let ready_again = evidence.timeline[ready].clone();
        let later = ready + 1;
        evidence.timeline.splice(later..later, [unready, ready_again]);
        let exec = evidence.execs.iter_mut().find(|exec| exec.label == label).unwrap();
        exec.stdout = exec.stdout.replacen(r#""ok":true"#, r#""ok":false,"errno":"ECONNREFUSED""#, 1);
        exec.stdout = exec.stdout.replacen(r#""two":"#, r#""one ":"#, 1);
        let verdict = case.verdict(&evidence);
        assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{claim}: {verdict:?}");
    }
}

#[test]
fn a_pod_that_failed_for_another_cause_is_inconclusive() {
    const REASONS: [&str; 7] = [
        "OutOfpods",
        "NodeAffinity",
        "UnexpectedAdmissionError",
        "Evicted",
        "NodeShutdown",
        "Terminated",
        "Preempting",
    ];
    for claim in ["ipc/unsafe-sysctl-rejected", "lifecycle/deadline-exceeded"] {
        for reason in REASONS {
            let Recorded { case, mut evidence, .. } = Recorded::green(claim);
            for seen in &mut evidence.timeline {
                let status = seen.pod.status.as_mut().unwrap();
                status.reason = status.reason.take().map(|_| reason.to_owned());
            }
            let verdict = case.verdict(&evidence);
            assert!(
                matches!(&verdict, Verdict::Inconclusive { reason: why } if why.contains(reason)),
                "{verdict:?}"
            );
        }
    }
}

#[test]
fn a_container_that_waits_for_its_own_image_is_not_blocked_by_another() {
    for claim in ["startup/pull-failure-isolated", "startup/no-ready-wait"] {
        for reason in ["ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError", "ContainerCreating"]
        {
            let Recorded { case, mut evidence, .. } = Recorded::green(claim);
            crate::tampered::startup::never_begins(&mut evidence, "second");
            crate::tampering::each_status(&mut evidence, "second", |status| {
                let waiting = json!({ "waiting": { "reason": reason } });
                status.state = serde_json::from_value(waiting).unwrap();
            });
            let fails = matches!(case.verdict(&evidence), Verdict::Fail { .. });
            assert_eq!(fails, reason == "ContainerCreating", "{claim}, {reason}");
        }
    }
}
