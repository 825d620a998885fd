//! Cases that podproof tries again, on a real cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use podproof::run::judge_again;
use podproof_core::judge::Verdict;
use podproof_core::record::{RunRecord, read_record};
use podproof_tests::{KeptFolder, manifests_with, podproof_with_home, run};
use rstest::rstest;

use crate::interrupt::namespaces_of;

const CASE: &str = "volume/shared-two-mountpaths";

/// A folder on the node that every container can write to and that outlives pods.
const NODE_FOLDER: &str = "/tmp";

/// Fails only at the first attempt: a link then leads the shared file to a volume that only the writer mounts.
fn flaky_manifest(marker: &str) -> String {
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

/// The marker file on the node. It is removed when this is dropped, so also when the test fails.
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

struct RetriedRun {
    folder: PathBuf,
    record: RunRecord,
    stdout: String,
    _out: KeptFolder,
}

fn run_with_retries(manifest: impl Fn(&str) -> String, retries: &str, code: i32) -> RetriedRun {
    let out = KeptFolder::new();
    let marker = Marker::new(out.path());
    let manifests = manifests_with(CASE, &manifest(&marker.0));
    let mut command =
        podproof_with_home(&["run", "--cluster", "kind", "--select", CASE, "--retries", retries]);
    let command = command.arg("--manifests").arg(manifests.path()).arg("--out").arg(out.path());
    let ended = run(command).exits(code);
    let folder = out.run_folder();
    let record = read_record(&folder).unwrap();
    assert_eq!(judge_again(&folder, &record), record, "judged from files alone\n{ended}");
    assert_eq!(namespaces_of(record.run.as_str()), "");
    RetriedRun { folder, record, stdout: ended.stdout, _out: out }
}

fn words(record: &RunRecord) -> Vec<&str> {
    record.cases[0].attempts.iter().map(|attempt| attempt.verdict.word()).collect()
}

#[test]
#[ignore = "needs a cluster: make test"]
fn a_pass_after_a_failure_is_flaky_and_both_attempts_are_kept() {
    let RetriedRun { folder, record, stdout, _out } = run_with_retries(flaky_manifest, "3", 100);
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
#[case::fails_each_time(failing_manifest, "1", 100, &["fail", "fail"])]
#[case::is_always_inconclusive(manifest_without_image, "2", 101, &["inconclusive", "inconclusive", "inconclusive"])]
#[case::is_not_tried_again(failing_manifest, "0", 100, &[])]
#[ignore = "needs a cluster: make test"]
fn the_same_verdict_in_each_attempt_is_not_flaky(
    #[case] manifest: fn(&str) -> String,
    #[case] retries: &str,
    #[case] code: i32,
    #[case] expected: &[&str],
) {
    let done = run_with_retries(manifest, retries, code);
    assert_eq!(words(&done.record), expected);
    assert!(!done.record.cases[0].is_flaky());
    assert!(!matches!(done.record.cases[0].verdict, Verdict::Pass | Verdict::Skip { .. }));
}

/// Fails at each attempt, because no marker is left.
fn failing_manifest(marker: &str) -> String {
    flaky_manifest(marker).replace(&format!(": >/node/{marker}"), "true")
}

fn manifest_without_image(marker: &str) -> String {
    flaky_manifest(marker).replace("image: debian", "image: podproof.local/nowhere:1")
}
