//! Changes of evidence, one or more per assertion of this area, that contradict it. The offline suite compiles this file.

use podproof_core::evidence::{Evidence, Exec, Mark};
use serde_json::{Value, json};

use crate::tampering::{Tampering, in_page, repeat_last_state, replace_in_exec, replace_in_log, token};

const UNREADY: &str = r#""ready":false"#;

pub(crate) const ROWS: &[Tampering] = &[
    ("network/shared-netns", "one-namespace", |e| replace_in_log(e, ("right", 0), "net:[", "net:[9")),
    ("network/shared-netns", "the-pods-address", |e| replace_in_log(e, ("right", 0), "10.244.", "10.99.")),
    ("network/shared-netns", "another-in-another-pod", |e| {
        let output = e.execs.iter().find(|exec| exec.label == "net-of-three").unwrap().stdout.clone();
        e.execs.iter_mut().find(|exec| exec.label == "net-of-other").unwrap().stdout = output;
    }),
    ("network/localhost", "name-resolves", |e| {
        replace_in_exec(e, "localhost", r#""127.0.0.1""#, r#""192.0.2.1""#);
    }),
    ("network/localhost", "answers-on-localhost", |e| refuse(e, "localhost")),
    ("network/port-conflict", "one-gets-the-port", |e| {
        replace_in_log(e, ("second", 0), r#""ok":false"#, r#""ok":true"#);
    }),
    ("network/port-conflict", "the-other-is-told", |e| {
        replace_in_log(e, ("second", 0), "EADDRINUSE", "EACCES");
    }),
    ("network/port-conflict", "another-port-is-free", |e| {
        replace_in_log(e, ("apart", 0), r#""ok":true"#, r#""ok":false,"errno":"EADDRINUSE""#);
    }),
    ("network/hostname", "is-the-pods-name", |e| replace_in_log(e, ("right", 0), "three", "four")),
    ("network/hostname", "one-namespace", |e| replace_in_log(e, ("right", 0), "uts:[", "uts:[9")),
    ("network/loopback-not-exposed", "refused-by-address", |e| answer_all_the_same(e, "inside")),
    ("network/loopback-not-exposed", "reached-by-port-forward", |e| in_page(e, |_| "outside".to_owned())),
    ("network/undeclared-port-reachable", "answers", |e| refuse(e, "direct")),
    ("network/node-to-pod", "answers", |e| refuse(e, "direct")),
    ("network/port-forward", "each-answers-for-itself", |e| in_page(e, |_| "one".to_owned())),
    ("network/ip-survives-container-restart", "same-address", |e| {
        repeat_last_state(e);
        let uid = e.applied[0].uid.clone();
        let last = e.timeline.iter_mut().rev().find(|seen| seen.uid() == uid).unwrap();
        last.pod.status.as_mut().unwrap().pod_ip = Some("10.9.9.9".to_owned());
    }),
    ("network/ip-survives-container-restart", "reached-again", |e| refuse(e, "after")),
    ("network/clusterip-all-ready", "each-is-reached", |e| {
        replace_in_exec(e, "often", r#""three":"#, r#""two":"#);
    }),
    ("network/clusterip-all-ready", "nobody-else-is", |e| {
        replace_in_exec(e, "often", r#""three":"#, r#""beacon":"#);
    }),
    ("network/readiness-gates", "told-as-unready", never_unready),
    ("network/readiness-gates", "gets-nothing", |e| {
        replace_in_exec(e, "after", r#""steady":"#, r#""wavering":1,"steady":"#);
    }),
    ("network/one-container-unready-hides-pod", "told-as-unready", never_unready),
    ("network/one-container-unready-hides-pod", "whole-pod-is-hidden", |e| {
        answer_all_the_same(e, "while-unready");
    }),
    ("network/one-container-unready-hides-pod", "shown-when-all-are-ready", |e| refuse(e, "when-ready")),
    ("network/service-two-containers", "first-port-first-container", |e| {
        replace_in_exec(e, "first-port", r#""body":"one""#, r#""body":"two""#);
    }),
    ("network/service-two-containers", "second-port-second-container", |e| {
        replace_in_exec(e, "second-port", r#""body":"two""#, r#""body":"one""#);
    }),
    ("network/pod-to-pod-no-nat", "server-sees-the-clients-address", |e| {
        replace_in_exec(e, "who-asks", &token(e), &format!("{} 10.9.9.9 instead of", token(e)));
    }),
    ("network/node-to-node-no-nat", "server-sees-the-clients-address", |e| {
        replace_in_exec(e, "who-asks", &token(e), &format!("{} 10.9.9.9 instead of", token(e)));
    }),
    ("network/nodeport-every-node", "every-node-answers", |e| {
        let label = e.execs.last().unwrap().label.clone();
        refuse(e, &label);
    }),
    ("network/hostport", "reached-by-the-node", |e| refuse(e, "by-node")),
    ("network/hostport", "second-does-not-fit", |e| {
        let status = e.timeline.iter_mut().rev().find(|seen| seen.name() == "second").unwrap();
        let status = status.pod.status.as_mut().unwrap();
        (status.phase, status.reason) = (Some("Running".to_owned()), None);
    }),
    ("network/mc3", "answers-through-nginx", |e| {
        replace_in_exec(e, "by-node", r#""status":200"#, r#""status":502"#);
    }),
    ("network/mc3", "port-5000-is-open", |e| refuse(e, "directly")),
    ("network/terminating-endpoint", "told-as-terminating", |e| in_conditions(e, "terminating", false)),
    ("network/terminating-endpoint", "still-serving", |e| in_conditions(e, "serving", false)),
    ("network/terminating-endpoint", "not-ready", |e| in_conditions(e, "ready", true)),
    ("network/dns-service", "is-the-services-address", resolve_one_more),
    ("network/dns-headless", "is-all-the-pods-addresses", resolve_one_more),
    // These also see objects that are not pods.
    ("volume/gone-on-controller-replacement", "same-name", |e| {
        let uid = e.timeline.last().unwrap().uid().to_owned();
        for seen in e.timeline.iter_mut().filter(|seen| seen.uid() == uid) {
            seen.pod.metadata.name = Some("keeper-1".to_owned());
        }
    }),
    ("volume/gone-on-controller-replacement", "starts-empty", |e| {
        replace_in_log(e, ("holder", 0), r#""count":0"#, r#""count":1"#);
    }),
    ("lifecycle/sidecar-job-completes", "job-completes", |e| {
        e.objects.last_mut().unwrap().object["status"]["conditions"] = json!([]);
        e.marks.push(Mark { at: e.ended, name: "never complete".to_owned() });
    }),
];

/// Makes the endpoint slices never report a pod as not ready, although the drive waited long enough.
fn never_unready(evidence: &mut Evidence) {
    for seen in &mut evidence.objects {
        seen.object = seen.object.to_string().replace(UNREADY, r#""ready":true"#).parse().unwrap();
    }
    evidence.marks.push(Mark { at: evidence.ended, name: "never told".to_owned() });
}

fn resolve_one_more(evidence: &mut Evidence) {
    replace_in_exec(evidence, "resolve", r#""addresses":["#, r#""addresses":["10.9.9.9","#);
}

/// Makes the network refuse the connection that was answered.
fn refuse(evidence: &mut Evidence, label: &str) {
    let argv = evidence.execs.iter().find(|exec| exec.label == label).unwrap().argv.clone();
    let is_it =
        |exec: &&mut Exec| exec.label == label || (exec.label == "ready" && exec.argv.starts_with(&argv));
    for exec in evidence.execs.iter_mut().filter(is_it) {
        exec.stdout = exec.stdout.replace(r#""ok":true,"#, r#""ok":false,"errno":"ECONNREFUSED","#);
        exec.stdout = exec.stdout.replace(r#""status":200,"#, "");
    }
}

/// Makes a server answer the connection that the network refused.
fn answer_all_the_same(evidence: &mut Evidence, label: &str) {
    let own = format!(r#""ok":true,"status":200,"body":"{}""#, evidence.token);
    replace_in_exec(evidence, label, r#""ok":false"#, &own);
}

/// Changes a condition of all endpoints in all states.
fn in_conditions(evidence: &mut Evidence, condition: &str, truth: bool) {
    for seen in &mut evidence.objects {
        let endpoints = seen.object.get_mut("endpoints").and_then(Value::as_array_mut);
        for endpoint in endpoints.into_iter().flatten() {
            endpoint["conditions"][condition] = json!(truth);
        }
    }
}
