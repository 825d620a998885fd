//! Fixed records, from which reports are made.

use podproof_core::record::RunRecord;
use serde_json::{Value, json};

/// An execution of `claim` with `verdict`, `second` seconds into the run.
pub fn case(claim: &str, second: u32, verdict: &Value) -> Value {
    json!({
        "claim": claim, "title": format!("The claim {claim} holds."), "level": "core", "tier": "quick",
        "mutant": null, "round": 1, "slug": claim, "verdict": verdict,
        "started": format!("2026-11-22T10:00:{second:02}.25Z"), "seconds": 3.2, "faults": [],
    })
}

/// An execution under the mutant `name`, which `keeps` must kill, and `neighbour` may.
pub fn mutant(claim: &str, name: &str, second: u32, verdict: &Value) -> Value {
    let mut case = case(claim, second, verdict);
    case["mutant"] = json!({
        "name": name, "breaks": "the volume is on the root file system",
        "must_fail": "keeps", "may_fail": ["neighbour"],
    });
    case["slug"] = json!(format!("{claim}~{name}"));
    case
}

pub fn pass() -> Value {
    json!({ "kind": "pass" })
}

pub fn skip(reason: &str) -> Value {
    json!({ "kind": "skip", "reason": reason })
}

pub fn inconclusive(reason: &str) -> Value {
    json!({ "kind": "inconclusive", "reason": reason })
}

/// A fail by each of `assertions`.
pub fn fail(assertions: &[&str]) -> Value {
    let finding = |assertion: &&str| finding(assertion, "the token abc", "nothing", "logs[0].lines[3]");
    json!({ "kind": "fail", "findings": assertions.iter().map(finding).collect::<Vec<_>>() })
}

pub fn finding(assertion: &str, expected: &str, seen: &str, pointer: &str) -> Value {
    json!({ "assertion": assertion, "expected": expected, "seen": seen, "pointer": pointer })
}

/// A record of `cases` for a purpose, `check` or `prove`.
pub fn record(purpose: &str, cases: &[Value]) -> RunRecord {
    let node = json!({
        "name": "podproof-control-plane", "kubelet": "v1.20.5", "runtime": "containerd://1.6.20",
        "os": "Debian GNU/Linux 12", "kernel": "6.1.0", "architecture": "amd64", "pods": 110, "schedulable": true,
    });
    let record = json!({
        "format": 1, "run": "20261122-100000-3fa9c1d2", "podproof": "0.1.0", "purpose": purpose,
        "started": "2026-11-22T10:00:00Z", "ended": "2026-11-22T10:00:41.25Z",
        "cluster": { "version": "v1.20.2", "nodes": [node] },
        "parallel": 4, "interrupted": null, "cases": cases, "faults": [],
    });
    serde_json::from_value(record).expect("the record is valid")
}

/// One execution of each verdict, in two areas, with faults and a second round.
pub fn checked() -> RunRecord {
    let mut failed = case(
        "volume/survives-sigkill",
        4,
        &json!({ "kind": "fail", "findings": [
            finding("same-content", "the token abc", "\u{1b}[31mtwo\u{1b}[0m\nlines ]]> here", "logs[0].lines[3]"),
            finding("same-inode", "12", "13 <or> \"14\" & more", "probe[1]"),
        ]}),
    );
    failed["faults"] = json!(["namespace podproof-3fa9c1d2-1 is not gone"]);
    let mut again = case("volume/shared", 12, &pass());
    again["round"] = json!(2);
    again["slug"] = json!("volume/shared.2");
    again["level"] = json!("extended");
    let mut record = record(
        "check",
        &[
            case("volume/shared", 1, &pass()),
            failed,
            case("ipc/two-containers", 2, &inconclusive("the image is not there:\nErrImageNeverPull")),
            case("ipc/article", 3, &skip("needs v1.29 or newer")),
            again,
        ],
    );
    record.faults = vec!["events.jsonl is not whole".to_owned()];
    record
}

/// A case whose attempts have these verdicts, in order. The attempt at the index `counts` counts.
pub fn retried(claim: &str, second: u32, verdicts: &[Value], counts: usize) -> Value {
    let slug = |place: usize| match place {
        0 => claim.to_owned(),
        place => format!("{claim}.attempt-{}", place + 1),
    };
    let attempts = verdicts.iter().enumerate().map(|(place, verdict)| {
        json!({
            "slug": slug(place), "verdict": verdict, "seconds": 3.2,
            "started": format!("2026-11-22T10:00:{:02}.25Z", second + 4 * u32::try_from(place).unwrap()),
        })
    });
    let attempts: Vec<_> = attempts.collect();
    let mut case = case(claim, second, &verdicts[counts]);
    for field in ["slug", "started"] {
        case[field] = attempts[counts][field].clone();
    }
    case["attempts"] = json!(attempts);
    case
}

/// A flaky case, one that failed in each attempt, and one that was inconclusive only in the first; also one of each
/// verdict.
pub fn tried_again() -> RunRecord {
    let no_image = inconclusive("ErrImageNeverPull");
    let mut record = record(
        "check",
        &[
            case("volume/shared", 1, &pass()),
            retried("volume/survives-sigkill", 2, &[fail(&["same-content"]), pass()], 0),
            retried("ipc/two-containers", 10, &[fail(&["all-consumed"]), fail(&["exit-code"])], 0),
            retried("ipc/article", 20, &[no_image.clone(), pass()], 1),
            retried("ipc/marker", 28, &[no_image.clone(), no_image], 0),
            case("startup/spec-order", 3, &skip("needs v1.29 or newer")),
        ],
    );
    record.retries = 1;
    record
}

/// One execution of each proof.
pub fn record_of_prove_run() -> RunRecord {
    record(
        "prove",
        &[
            case("volume/shared", 1, &pass()),
            mutant("volume/shared", "no-volume", 4, &fail(&["keeps", "neighbour"])),
            mutant("volume/shared", "host-path", 8, &pass()),
            mutant("volume/shared", "other-pod", 12, &fail(&["same-inode"])),
            mutant("volume/shared", "too-big", 16, &inconclusive("Unschedulable")),
            case("ipc/article", 1, &fail(&["all-consumed"])),
            mutant("ipc/article", "no-queue", 5, &fail(&["keeps"])),
            case("startup/spec-order", 20, &skip("needs v1.29 or newer")),
        ],
    )
}
