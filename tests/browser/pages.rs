//! The pages that are looked at, made from records and evidence as a run leaves them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use podproof::report::html_page;
use podproof::run::{RunRecord, evidence_folder, judge_again};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::record::{case, fail, finding, inconclusive, pass, record, skip};

/// What a program in a pod may write to have its reader's browser obey it.
pub const HOSTILE: &str = "</script></style></title></svg><script>window.obeyed = 1; alert(1)</script>\
    <img src=x onerror=\"window.obeyed = 2\"><svg onload=\"window.obeyed = 3\"><link rel=stylesheet \
    href=http://192.0.2.1/a><iframe srcdoc=\"<script>parent.obeyed = 4</script>\"></iframe>\u{1b}[31mred\u{1b}[0m \
    \u{1b}]8;;http://192.0.2.1/\u{7}link\u{1b}]8;;\u{7} \u{202e}abc\u{2066} \0 ]]> --> \"' onclick=x {{7*7}} ${7}";

/// A page in a folder of its own.
pub struct Page {
    pub file: PathBuf,
    pub size: usize,
    _folder: TempDir,
}

impl Page {
    fn of(folder: TempDir, record: &RunRecord) -> Self {
        let page = html_page(record, folder.path());
        let file = folder.path().join("report.html");
        fs::write(&file, &page).unwrap();
        Self { file, size: page.len(), _folder: folder }
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evidence")
}

/// Puts evidence that was recorded on a real cluster where a run would have left it.
fn keep(folder: &Path, slug: &str, fixture: &str) {
    let place = evidence_folder(folder, slug);
    fs::create_dir_all(&place).unwrap();
    symlink(fixtures().join(fixture), place.join("evidence.json")).unwrap();
}

/// A run with each verdict, judged from recorded evidence: two claims fail as they do under a mutant.
pub fn usual() -> Page {
    let folder = tempfile::tempdir().unwrap();
    let mut cases = Vec::new();
    for (claim, fixture) in [
        ("volume/survives-sigkill", "never-flushed"),
        ("ipc/mc2-article", "green"),
        ("startup/init-sequential", "one-is-ordinary"),
        ("startup/race-reproduced", "green"),
        ("startup/init-sequential", "green"),
        ("volume/survives-crashloop", "green"),
        ("volume/survives-oom", "green"),
        ("lifecycle/prestop-before-term", "green"),
        ("network/service-two-containers", "green"),
    ] {
        let mut case = case(claim, 1, &pass());
        case["slug"] = json!(format!("{claim}.{}", cases.len()));
        case["title"] =
            json!(format!("What the claim {claim} says, in a sentence of usual length, holds in every pod."));
        keep(folder.path(), case["slug"].as_str().unwrap(), &format!("{claim}/{fixture}.json"));
        cases.push(case);
    }
    let untold = inconclusive("the image is not there:\nErrImageNeverPull");
    let mut doubtful =
        case("ipc/no-evidence", 2, &skip("needs v1.29 or newer, and the feature gate SidecarContainers"));
    doubtful["unproved"] = json!("needs a node that can be rebooted");
    cases.extend([case("network/untold", 2, &untold), doubtful]);
    let mut record = judge_again(folder.path(), &record("check", &cases));
    record.faults = vec!["events.jsonl is not whole".to_owned()];
    Page::of(folder, &record)
}

/// A run in which everything that comes from a cluster is hostile.
pub fn hostile() -> Page {
    let folder = tempfile::tempdir().unwrap();
    let found = json!({ "kind": "fail", "findings": [finding(HOSTILE, HOSTILE, HOSTILE, HOSTILE)] });
    let cases = [found, inconclusive(HOSTILE), skip(HOSTILE), pass()].into_iter().enumerate();
    let cases: Vec<_> = cases
        .map(|(place, verdict)| {
            let slug = format!("ipc/mc2-article.{place}");
            let folder = evidence_folder(folder.path(), &slug);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("evidence.json"), hostile_evidence().to_string()).unwrap();
            let mut case = case("ipc/mc2-article", 1, &verdict);
            case["slug"] = json!(slug);
            case["title"] = json!(HOSTILE);
            case["unproved"] = json!(HOSTILE);
            case["faults"] = json!([HOSTILE]);
            case["notes"] = json!([HOSTILE]);
            case
        })
        .collect();
    let mut record = record("check", &cases);
    HOSTILE.clone_into(&mut record.podproof);
    record.interrupted = Some(HOSTILE.to_owned());
    record.faults = vec![HOSTILE.to_owned()];
    HOSTILE.clone_into(&mut record.cluster.version);
    let node = &mut record.cluster.nodes[0];
    for text in [&mut node.name, &mut node.kubelet, &mut node.runtime, &mut node.os] {
        HOSTILE.clone_into(text);
    }
    Page::of(folder, &record)
}

/// Recorded evidence in which every text that a pod can choose is hostile, and a line has a megabyte.
fn hostile_evidence() -> Value {
    let text = fs::read_to_string(fixtures().join("ipc/mc2-article/green.json")).unwrap();
    let mut evidence: Value = serde_json::from_str(&text).unwrap();
    for event in evidence["events"].as_array_mut().unwrap() {
        event["event"]["message"] = json!(HOSTILE);
        event["event"]["reason"] = json!(HOSTILE);
        event["event"]["type"] = json!("Warning");
    }
    evidence["marks"] = json!([{ "at": evidence["started"], "name": HOSTILE }]);
    evidence["blocked"] = json!(HOSTILE);
    for log in evidence["logs"].as_array_mut().unwrap() {
        log["container"] = json!(HOSTILE);
        let lines = log["lines"].as_array_mut().unwrap();
        lines.push(json!({ "text": HOSTILE.repeat((1 << 20) / HOSTILE.len()) }));
        lines.push(json!({ "text": format!("Consumed: {HOSTILE}") }));
        lines.push(json!({ "text": HOSTILE }));
    }
    for seen in evidence["timeline"].as_array_mut().unwrap() {
        seen["pod"]["metadata"]["name"] = json!(HOSTILE);
        seen["pod"]["status"]["phase"] = json!(HOSTILE);
    }
    evidence
}

/// A run of 2,000 executions, a quarter of which failed and a quarter of which could not be told, each with evidence.
pub fn large() -> Page {
    let folder = tempfile::tempdir().unwrap();
    let seen = "a <long> text & more, ".repeat(100);
    let cases = (0..2000).map(|round| {
        let verdict = match round % 4 {
            0 => json!({ "kind": "fail", "findings": vec![finding("keeps", &seen, &seen, &seen); 4] }),
            1 => inconclusive(&seen),
            _ => pass(),
        };
        let slug = format!("ipc/mc2-article.{round}");
        keep(folder.path(), &slug, "ipc/mc2-article/green.json");
        let mut case = case("ipc/mc2-article", 1, &verdict);
        case["slug"] = json!(slug);
        case["round"] = json!(round + 1);
        case
    });
    let cases: Vec<_> = cases.collect();
    Page::of(folder, &record("check", &cases))
}

/// A run that has no evidence.
pub fn bare(record: &RunRecord) -> Page {
    Page::of(tempfile::tempdir().unwrap(), record)
}

/// A run of one case that failed by two assertions.
pub fn failed() -> Page {
    bare(&record("check", &[case("volume/survives-sigkill", 1, &fail(&["same-content", "same-inode"]))]))
}
