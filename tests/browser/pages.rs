//! The pages under test, made from records and evidence like those of a run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use podproof::run::judge_again;
use podproof_core::history::regression::{
    CaseChange, ChangeKind, ChangeRange, DurationChange, EarlierRunComparison, Health, HistoryComparison,
    RunReview, Waiver,
};
use podproof_core::history::{CaseKey, FactChange, RunName, Tally};
use podproof_core::record::{RunRecord, evidence_folder};
use podproof_core::report::{experiment_page, html_page, matrix_page};
use podproof_core::statistics::Share;
use podproof_core::trials::{ExperimentRecord, ListOrder, Measured, Start, Trial, TrialGroup, TrialOutcome};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::record::{case, fail, finding, inconclusive, pass, record, skip};

/// Text with which a program in a pod may try to control its reader's browser.
pub const HOSTILE: &str = "</script></style></title></svg><script>window.obeyed = 1; alert(1)</script>\
    <img src=x onerror=\"window.obeyed = 2\"><svg onload=\"window.obeyed = 3\"><link rel=stylesheet \
    href=http://192.0.2.1/a><iframe srcdoc=\"<script>parent.obeyed = 4</script>\"></iframe>\u{1b}[31mred\u{1b}[0m \
    \u{1b}]8;;http://192.0.2.1/\u{7}link\u{1b}]8;;\u{7} \u{202e}abc\u{2066} \0 ]]> --> \"' onclick=x {{7*7}} ${7}";

/// A page in its own folder.
pub struct Page {
    pub file: PathBuf,
    pub size: usize,
    _folder: TempDir,
}

impl Page {
    fn of(folder: TempDir, record: &RunRecord) -> Self {
        Self::beside(folder, record, None)
    }

    fn beside(folder: TempDir, record: &RunRecord, comparison: Option<&HistoryComparison>) -> Self {
        let page = html_page(record, folder.path(), comparison);
        Self::holding(folder, &page)
    }

    fn holding(folder: TempDir, page: &str) -> Self {
        let file = folder.path().join("report.html");
        fs::write(&file, page).unwrap();
        Self { file, size: page.len(), _folder: folder }
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/evidence")
}

/// Links evidence that was recorded on a real cluster into the folder of a run.
fn link_evidence(folder: &Path, slug: &str, fixture: &str) {
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
        link_evidence(folder.path(), case["slug"].as_str().unwrap(), &format!("{claim}/{fixture}.json"));
        cases.push(case);
    }
    for (place, case) in cases.iter_mut().enumerate().take(3) {
        case["round"] = json!(place + 1);
    }
    let no_image = inconclusive("the image is not there:\nErrImageNeverPull");
    let mut unproved =
        case("ipc/no-evidence", 2, &skip("needs v1.29 or newer, and the feature gate SidecarContainers"));
    unproved["unproved"] = json!("needs a node that can be rebooted");
    cases.extend([case("network/no-image", 2, &no_image), unproved]);
    let mut record = judge_again(folder.path(), &record("check", &cases));
    record.faults = vec!["events.jsonl is not whole".to_owned()];
    Page::beside(folder, &record, Some(&comparison()))
}

/// The comparison of the usual run with earlier runs: changes under each heading.
fn comparison() -> HistoryComparison {
    let run = |day: u32| RunName {
        id: format!("202611{day:02}-100000-3fa9c1d2"),
        started: format!("2026-11-{day:02}T10:00:00Z").parse().unwrap(),
    };
    let range = || ChangeRange { last_good: Some(run(18)), first_bad: run(19), changed_facts: Vec::new() };
    let duration =
        |confirmed, before, now| DurationChange { confirmed, before, now, p: 4.1e-4, range: range() };
    let flaky = ChangeKind::Flaky {
        rate: Share::of(4, 20).unwrap(),
        flips: 6,
        in_this_run: false,
        newly_flaky: false,
    };
    let kinds = [
        ("volume/survives-sigkill", ChangeKind::NewFailure { range: range() }),
        ("startup/init-sequential", ChangeKind::StillFailing { range: range(), runs: 5 }),
        ("isolation/rootfs", ChangeKind::Missing { last_present: run(21), runs: 1 }),
        ("ipc/mc2-article", flaky),
        ("volume/survives-oom", ChangeKind::Slower(duration(true, 3.1, 6.25))),
        ("ipc/no-evidence", ChangeKind::NewlySkipped { last_run: run(21) }),
        ("network/no-image", ChangeKind::Inconclusive { failing: None }),
        ("startup/race-reproduced", ChangeKind::Fixed { since: run(18), runs: 3 }),
        ("network/service-two-containers", ChangeKind::Faster(duration(false, 6.25, 3.1))),
        ("lifecycle/prestop-before-term", ChangeKind::New { revised: false }),
    ];
    let waiver = || Waiver {
        case: "startup/*".to_owned(),
        reason: "a known bug of the runtime".to_owned(),
        owner: "the node team".to_owned(),
        expires: "2026-12-24".parse().unwrap(),
    };
    let changes = kinds.map(|(case, kind)| CaseChange {
        key: CaseKey { case: case.to_owned(), variant: String::new() },
        reason: matches!(kind, ChangeKind::NewFailure { .. })
            .then(|| "token-survives: expected the token, seen nothing".to_owned()),
        waiver: matches!(kind, ChangeKind::StillFailing { .. }).then(waiver),
        kind,
    });
    let earlier = |day: u32, kernel: &str| EarlierRunComparison {
        run: run(day),
        earlier: Tally { pass: 10, fail: 1, ..Tally::default() },
        current: Tally { pass: 8, fail: 2, inconclusive: 1, ..Tally::default() },
        worse: 2,
        better: 1,
        changed_facts: vec![FactChange {
            fact: "kernel".to_owned(),
            before: Some(kernel.to_owned()),
            after: Some("6.1.0-48-amd64".to_owned()),
        }],
    };
    HistoryComparison {
        series: "nightly".to_owned(),
        review: RunReview {
            run: run(22),
            compared_runs: 30,
            health: Health::Sound,
            changed_facts: Vec::new(),
            changes: changes.to_vec(),
            expired: Vec::new(),
        },
        previous: Some(earlier(21, "6.1.0-47-amd64")),
        last_good: Some(earlier(18, "6.1.0-44-amd64")),
    }
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

/// A run of 2,000 executions, of which a quarter failed and a quarter is inconclusive, each with evidence.
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
        link_evidence(folder.path(), &slug, "ipc/mc2-article/green.json");
        let mut case = case("ipc/mc2-article", 1, &verdict);
        case["slug"] = json!(slug);
        case["round"] = json!(round + 1);
        case
    });
    let cases: Vec<_> = cases.collect();
    Page::of(folder, &record("check", &cases))
}

/// An experiment in which one strategy always works, one works in one order, one never works and one was skipped.
pub fn experiment() -> Page {
    let folder = tempfile::tempdir().unwrap();
    let mut groups = Vec::new();
    for (strategy, works) in
        [("none", [true, false]), ("retry", [true, true]), ("init-waits", [false, false])]
    {
        for (order, works) in ListOrder::ALL.into_iter().zip(works) {
            let trials: Vec<_> = (0..40).map(|number| trial(number, strategy, order, works)).collect();
            let measured = Measured::of(&trials);
            groups.push(TrialGroup { strategy: strategy.to_owned(), order, skipped: None, measured, trials });
        }
    }
    groups.push(TrialGroup {
        strategy: "sidecar".to_owned(),
        order: ListOrder::Original,
        skipped: Some("Kubernetes 1.29 is needed, this is v1.20.2".to_owned()),
        measured: Measured::default(),
        trials: Vec::new(),
    });
    let record: ExperimentRecord = serde_json::from_value(json!({
        "format": 1, "experiment": "startup", "run": "20261122-100000-3fa9c1d2", "podproof": "0.1.0",
        "started": "2026-11-22T10:00:00Z", "ended": "2026-11-22T10:01:00Z",
        "cluster": record("check", &[]).cluster, "trials": 40, "parallel": 4, "interrupted": null,
        "groups": groups, "faults": [],
    }))
    .unwrap();
    Page::holding(folder, &experiment_page(&record))
}

fn trial(number: u32, strategy: &str, order: ListOrder, works: bool) -> Trial {
    let outcome = match (works, number) {
        (true, _) => TrialOutcome::Completed,
        (false, 0) => TrialOutcome::Inconclusive("the pod was evicted".to_owned()),
        (false, _) => TrialOutcome::Lost("the consumer found no queue and gave up".to_owned()),
    };
    let at = |milliseconds: u32| Start {
        boottime_ns: Some(u64::from(milliseconds) * 1_000_000),
        ..Start::default()
    };
    let (early, late) = (at(10_000), at(10_400 + number * number + number * 37 % 400));
    let (producer, consumer) = match (strategy, order) {
        ("init-waits", _) => (Start::default(), early),
        (_, ListOrder::Original) => (early, late),
        (_, ListOrder::Swapped) => (late, early),
    };
    let (namespace, pod) = ("podproof-3fa9c1d2-0".to_owned(), format!("trial-{number}"));
    Trial { number, namespace, pod, outcome, restarts: 0, producer, consumer }
}

/// Twelve runs of many cases on several versions.
pub fn matrix() -> Page {
    let verdicts = [pass(), fail(&["keeps"]), inconclusive("why"), skip("needs v1.29")];
    let run = |place: usize| {
        let case_of = |number: usize| {
            let verdict =
                if number.is_multiple_of(5) { &verdicts[(number / 5 + place) % 4] } else { &verdicts[0] };
            case(&format!("volume/a-claim-with-a-long-name-{number}"), 1, verdict)
        };
        let mut record = record("check", &(0..40).map(case_of).collect::<Vec<_>>());
        record.cluster.version = format!("v1.{}.{}", 20 + place, place % 3);
        record
    };
    let records: Vec<_> = (0..12).map(run).collect();
    Page::holding(tempfile::tempdir().unwrap(), &matrix_page(&records))
}

/// A run that has no evidence.
pub fn bare(record: &RunRecord) -> Page {
    Page::of(tempfile::tempdir().unwrap(), record)
}

/// A run of one case that failed by two assertions.
pub fn failed() -> Page {
    bare(&record("check", &[case("volume/survives-sigkill", 1, &fail(&["same-content", "same-inode"]))]))
}
