//! Retried cases in every report.

use std::path::Path;

use podproof_core::history::{CaseOutcome, HistoryRun};
use podproof_core::report::{chrome_trace, html_page, markdown_summary, prometheus_text};
use serde_json::Value;

use crate::documents::ctrf;
use crate::history_judge::judged;
use crate::record::tried_again;
use crate::terminal::{live, plain};

#[test]
fn the_terminal_shows_flakes_and_each_attempt() {
    insta::assert_snapshot!(plain(&tried_again()), @r##"
    VERDICT       CLAIM                    SECONDS  WHAT
    PASS          volume/shared                3.2  The claim volume/shared holds.
    FLAKY         volume/survives-sigkill      3.2  same-content
    FAIL          ipc/two-containers           3.2  all-consumed
    PASS          ipc/article                  3.2  The claim ipc/article holds. (attempt 2)
    INCONCLUSIVE  ipc/marker                   3.2  ErrImageNeverPull
    SKIP          startup/spec-order           3.2  needs v1.29 or newer

    FLAKY volume/survives-sigkill
      The claim volume/survives-sigkill holds.
      same-content
        expected the token abc
        seen     nothing
        where    logs[0].lines[3]
      attempts fail, pass
      evidence runs/20261122-100000-3fa9c1d2/cases/volume/survives-sigkill/evidence.json

    FAIL ipc/two-containers
      The claim ipc/two-containers holds.
      all-consumed
        expected the token abc
        seen     nothing
        where    logs[0].lines[3]
      attempts fail, fail
      evidence runs/20261122-100000-3fa9c1d2/cases/ipc/two-containers/evidence.json

    INCONCLUSIVE ipc/marker
      The claim ipc/marker holds.
      ErrImageNeverPull
      attempts inconclusive, inconclusive

    nonconformant (6 cases: 2 passed, 1 failed, 1 flaky, 1 inconclusive, 1 skipped) after 41.2 s on v1.20.2, evidence in runs/20261122-100000-3fa9c1d2
    "##);
    insta::assert_snapshot!(live(&tried_again()), @r##"
    RUN                   20261122-100000-3fa9c1d2: 6 executions, 4 in parallel, on v1.20.2
    ON                    1 node: containerd://1.6.20, Debian GNU/Linux 12, Linux 6.1.0, amd64; no cluster DNS
    PASS            3.2s  volume/shared
    RETRY           3.2s  volume/survives-sigkill: fail, starting attempt 2: same-content
    FLAKY           3.2s  volume/survives-sigkill: same-content
    RETRY           3.2s  ipc/two-containers: fail, starting attempt 2: all-consumed
    FAIL            3.2s  ipc/two-containers: all-consumed
    RETRY           3.2s  ipc/article: inconclusive, starting attempt 2: ErrImageNeverPull
    PASS            3.2s  ipc/article.attempt-2
    RETRY           3.2s  ipc/marker: inconclusive, starting attempt 2: ErrImageNeverPull
    INCONCLUSIVE    3.2s  ipc/marker: ErrImageNeverPull
    SKIP            3.2s  startup/spec-order: needs v1.29 or newer
    STOP                  SIGINT: no new cases start
    CLEAN                 waiting for the namespaces to be deleted
    END                   nonconformant
    "##);
}

#[test]
fn no_format_shows_a_flake_as_a_pass() {
    let record = tried_again();
    let summary = markdown_summary(&record, None);
    assert!(summary.contains("- **FLAKY** volume/survives-sigkill"), "{summary}");
    assert!(summary.contains("  - attempts: fail, pass\n"), "{summary}");
    assert!(summary.contains("| failed | 2 |"), "{summary}");
    let metrics = prometheus_text(&record, "");
    for (verdict, count) in [("pass", 2), ("fail", 1), ("flaky", 1), ("inconclusive", 1), ("skip", 1)] {
        let sample = format!("tier=\"quick\",verdict=\"{verdict}\"}} {count}\n");
        assert!(metrics.contains(&sample), "{sample} in {metrics}");
    }
    let document = ctrf(&record);
    let tests: Vec<_> = document["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| {
            let retries = test["retries"].as_u64().unwrap_or_default();
            (
                test["status"].as_str().unwrap(),
                test["rawStatus"].as_str().unwrap(),
                test["flaky"] == true,
                retries,
            )
        })
        .collect();
    assert_eq!(
        tests,
        [
            ("passed", "pass", false, 0),
            ("failed", "flaky", true, 1),
            ("failed", "fail", false, 1),
            ("passed", "pass", false, 1),
            ("other", "inconclusive", false, 1),
            ("skipped", "skip", false, 0),
        ]
    );
}

#[test]
fn the_history_keeps_each_attempt_and_finds_the_flake() {
    let run = HistoryRun::of(&tried_again());
    let outcomes = |case: &str| {
        let of_case = run.attempts.iter().filter(|attempt| attempt.key.case == case);
        of_case.map(|attempt| attempt.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes("volume/survives-sigkill"), [CaseOutcome::Fail, CaseOutcome::Pass]);
    assert_eq!(outcomes("ipc/two-containers"), [CaseOutcome::Fail, CaseOutcome::Fail]);
    assert_eq!(outcomes("ipc/article"), [CaseOutcome::Inconclusive, CaseOutcome::Pass]);
    let report = judged(&[run]);
    let label = |case: &str| {
        let change = report.changes.iter().find(|change| change.key.case == case);
        change.map(|change| change.kind.label())
    };
    assert_eq!(label("volume/survives-sigkill"), Some("newly flaky"));
    assert_eq!(label("ipc/two-containers"), Some("still failing"));
    assert_eq!(label("ipc/article"), None);
}

#[test]
fn the_page_and_the_trace_show_each_attempt() {
    let record = tried_again();
    let page = html_page(&record, Path::new("/nonexistent"), None);
    for expected in ["FLAKY", "2 attempts", "cases/volume/survives-sigkill.attempt-2/evidence.json"] {
        assert!(page.contains(expected), "{expected}");
    }
    let trace: Value =
        serde_json::from_str(&chrome_trace(&record, Path::new("/nonexistent")).unwrap()).unwrap();
    let slices = trace["traceEvents"].as_array().unwrap().iter().filter(|event| event["cat"] == "case");
    let mut named: Vec<_> = slices
        .map(|slice| {
            format!("{}: {}", slice["name"].as_str().unwrap(), slice["args"]["verdict"].as_str().unwrap())
        })
        .filter(|slice| slice.contains("sigkill"))
        .collect();
    named.sort();
    assert_eq!(
        named,
        ["volume/survives-sigkill (attempt 1): FAIL", "volume/survives-sigkill (attempt 2): PASS"]
    );
}
