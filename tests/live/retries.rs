//! Cases that do otherwise at the second attempt.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use podproof::judge::Verdict;
use podproof::run::{RunRecord, judge_again, read_record};
use podproof_tests::{Kept, manifests_with, ours, run};
use rstest::rstest;

use crate::interrupt::namespaces_of;

const CASE: &str = "volume/shared-two-mountpaths";

/// A folder of the node that all its containers may write to and that survives pods.
const NODE_FOLDER: &str = "/tmp";

/// At the first attempt, and at that only, the name that both containers know leads to a place that only the writer has.
fn manifest_of_a_flake(marker: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{ name: mc1-like }}
spec:
  volumes:
    - {{ name: html, emptyDir: {{}} }}
    - {{ name: secret, emptyDir: {{}} }}
    - {{ name: node, hostPath: {{ path: {NODE_FOLDER}, type: Directory }} }}
  initContainers:
    - name: chance
      image: debian
      command: [sh, -c, 'test -e /node/{marker} || {{ ln -s /secret/token /html/token && : >/node/{marker}; }}']
      volumeMounts:
        - {{ name: html, mountPath: /html }}
        - {{ name: node, mountPath: /node }}
  containers:
    - name: writer
      image: podproof/probe
      args: [write, --path, /html/token, --text, $(PODPROOF_TOKEN), then, hold]
      volumeMounts:
        - {{ name: html, mountPath: /html }}
        - {{ name: secret, mountPath: /secret }}
    - name: reader
      image: podproof/probe
      args: [hold]
      volumeMounts:
        - {{ name: html, mountPath: /usr/share/nginx/html }}
"
    )
}

/// The marker on the node, removed also when the test fails.
struct Marker(String);

impl Marker {
    fn new(out: &Path) -> Self {
        Self(format!("podproof-{}", out.file_name().unwrap().to_str().unwrap().trim_start_matches('.')))
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        let file = format!("{NODE_FOLDER}/{}", self.0);
        let _ = Command::new("docker").args(["exec", "podproof-control-plane", "rm", "-f", &file]).output();
    }
}

struct Done {
    folder: PathBuf,
    record: RunRecord,
    stdout: String,
    _out: Kept,
}

fn tried(manifest: impl Fn(&str) -> String, retries: &str, code: i32) -> Done {
    let out = Kept::new();
    let marker = Marker::new(out.path());
    let manifests = manifests_with(CASE, &manifest(&marker.0));
    let mut command = ours(&["run", "--cluster", "kind", "--select", CASE, "--retries", retries]);
    let command = command.arg("--manifests").arg(manifests.path()).arg("--out").arg(out.path());
    let ended = run(command).exits(code);
    let folder = out.the_run();
    let record = read_record(&folder).unwrap();
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone\n{ended}");
    assert_eq!(namespaces_of(record.run.as_str()), "");
    Done { folder, record, stdout: ended.stdout, _out: out }
}

fn words(record: &RunRecord) -> Vec<&str> {
    record.cases[0].attempts.iter().map(|attempt| attempt.verdict.word()).collect()
}

#[test]
#[ignore = "needs a cluster: make test"]
fn a_pass_after_a_failure_is_flaky_and_both_attempts_are_kept() {
    let Done { folder, record, stdout, _out } = tried(manifest_of_a_flake, "3", 100);
    assert_eq!(words(&record), ["fail", "pass"]);
    assert!(record.cases[0].is_flaky());
    assert!(stdout.contains("FLAKY") && stdout.contains("(1 case: 1 flaky)"), "{stdout}");
    for attempt in &record.cases[0].attempts {
        assert!(folder.join("cases").join(&attempt.slug).join("evidence.json").is_file(), "{attempt:?}");
    }
    let junit = fs::read_to_string(folder.join("junit.xml")).unwrap();
    assert!(junit.contains("<flakyFailure") && junit.contains("<failure type=\"flaky\""), "{junit}");
    for report in ["report.html", "summary.md", "ctrf.json", "metrics.prom"] {
        let text = fs::read_to_string(folder.join(report)).unwrap().to_lowercase();
        assert!(text.contains("flaky"), "{report}");
    }
}

#[rstest]
#[case::fails_each_time(manifest_of_a_break, "1", 100, &["fail", "fail"])]
#[case::is_never_told(manifest_of_no_image, "2", 101, &["inconclusive", "inconclusive", "inconclusive"])]
#[case::is_not_tried_again(manifest_of_a_break, "0", 100, &[])]
#[ignore = "needs a cluster: make test"]
fn what_stays_so_is_no_flake(
    #[case] manifest: fn(&str) -> String,
    #[case] retries: &str,
    #[case] code: i32,
    #[case] expected: &[&str],
) {
    let done = tried(manifest, retries, code);
    assert_eq!(words(&done.record), expected);
    assert!(!done.record.cases[0].is_flaky());
    assert!(!matches!(done.record.cases[0].verdict, Verdict::Pass | Verdict::Skip { .. }));
}

/// The reader never has the writer's volume.
fn manifest_of_a_break(marker: &str) -> String {
    manifest_of_a_flake(marker).replace(&format!(": >/node/{marker}"), "true")
}

fn manifest_of_no_image(marker: &str) -> String {
    manifest_of_a_flake(marker).replace("image: debian", "image: podproof.local/nowhere:1")
}
