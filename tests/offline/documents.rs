//! The reports for other programs: summary, metrics, CTRF and trace.

use std::fs;
use std::path::Path;

use podproof_core::record::{RunRecord, evidence_folder};
use podproof_core::report::{
    ReportConfig, chrome_trace, ctrf_document, markdown_summary, prometheus_text, write_reports,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::judge::fixtures;
use crate::junit::any_record;
use crate::record::{case, checked, fail, finding, inconclusive, pass, record, record_of_prove_run, skip};

const HOSTILE: &str = "</details><script>alert(1)</script> | `a` **b** [c](https://d) @e \u{1b}[31mred\u{1b}[0m \
                       \u{FFFE} ]]> \u{202E}\n# f\n\"} 1\\";

fn hostile() -> RunRecord {
    let findings = json!({ "kind": "fail", "findings": [finding(HOSTILE, HOSTILE, HOSTILE, HOSTILE)] });
    let mut case_of = case("volume/shared", 1, &findings);
    case_of["title"] = json!(HOSTILE);
    let mut record = record(
        "check",
        &[case_of, case("ipc/x", 2, &inconclusive(HOSTILE)), case("ipc/y", 3, &skip(HOSTILE))],
    );
    HOSTILE.clone_into(&mut record.cluster.version);
    HOSTILE.clone_into(&mut record.podproof);
    record.interrupted = Some(HOSTILE.to_owned());
    record.faults = vec![HOSTILE.to_owned()];
    record
}

#[test]
fn a_summary_shows_failures_first() {
    let summary = markdown_summary(&checked(), None);
    let lines: Vec<_> = summary.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[0], "### podproof: nonconformant on v1.20.2");
    for row in ["| failed | 1 |", "| inconclusive | 1 |", "| skipped | 1 |", "| passed | 2 |"] {
        assert!(lines.contains(&row), "{summary}");
    }
    let place = |line: &str| {
        lines.iter().position(|other| *other == line).unwrap_or_else(|| panic!("{line}: {summary}"))
    };
    let heads = ["#### Failed (1)", "#### Inconclusive (1)", "#### Skipped (1)", "#### Passed (2)"];
    assert!(heads.map(place).is_sorted(), "{summary}");
    assert!(summary.contains("- **INCONCLUSIVE** ipc/two-containers"), "{summary}");
    assert!(summary.contains(r"  - the image is not there\:\\nErrImageNeverPull"), "{summary}");
    assert!(summary.contains(r"  - **same-content**: expected the token abc; seen two\\nlines \]\]&gt; here; where: logs\[0\].lines\[3\]"), "{summary}");
}

#[test]
fn a_long_summary_is_cut_and_says_so() {
    let long = "a <b> | ".repeat(200);
    let verdict = json!({ "kind": "fail", "findings": vec![finding("keeps", &long, &long, &long); 8] });
    let summary = markdown_summary(&record("check", &vec![case("volume/shared", 1, &verdict); 2000]), None);
    assert!(summary.len() <= 1 << 20 && summary.len() > 900_000, "{}", summary.len());
    assert!(summary.ends_with("more entries are left out; `report.html` has them.\n"));
    assert!(summary.contains("| failed | 2000 |"));
}

#[test]
fn a_summary_escapes_hostile_text() {
    let summary = markdown_summary(&hostile(), None);
    for harm in
        ["<script", "</details><", " | `a`", "**b**", "](", "s://", "\u{1b}", "\u{FFFE}", "\u{202E}", "\n# f"]
    {
        assert!(!summary.contains(harm), "{harm:?}: {summary}");
    }
}

#[test]
fn metrics_have_the_time_and_the_outcome_of_a_run() {
    let metrics = prometheus_text(&checked(), "");
    for line in [
        "podproof_run_last_timestamp_seconds{purpose=\"check\"} 1795341641.250",
        "podproof_run_duration_seconds{purpose=\"check\"} 41.250",
        "podproof_run_outcome{purpose=\"check\",outcome=\"nonconformant\"} 1",
        "podproof_run_outcome{purpose=\"check\",outcome=\"conformant\"} 0",
        "podproof_run_cases{purpose=\"check\",tier=\"quick\",verdict=\"pass\"} 2",
        "podproof_run_cases{purpose=\"check\",tier=\"quick\",verdict=\"inconclusive\"} 1",
        "podproof_case_duration_seconds{purpose=\"check\",claim=\"volume/shared\",mutant=\"\",round=\"2\",tier=\"quick\",verdict=\"pass\"} 3.200",
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line} is missing:\n{metrics}");
    }
    assert!(!metrics.contains("last_success"), "{metrics}");
    let good = prometheus_text(&record("check", &[case("volume/shared", 1, &pass())]), "");
    assert!(
        good.contains("\npodproof_run_last_success_timestamp_seconds{purpose=\"check\"} 1795341641.250\n"),
        "{good}"
    );
    let without_verdict =
        prometheus_text(&record("check", &[case("volume/shared", 1, &inconclusive("why"))]), "");
    assert!(
        !without_verdict.contains("last_success") && without_verdict.contains("outcome=\"inconclusive\"} 1"),
        "{without_verdict}"
    );
}

#[test]
fn a_metrics_file_keeps_the_time_of_the_last_success() {
    let folder = tempfile::tempdir().unwrap();
    let order = ReportConfig {
        metrics: Some(folder.path().join("collected/podproof.prom")),
        ..ReportConfig::default()
    };
    let file = order.metrics.clone().unwrap();
    let success = "\npodproof_run_last_success_timestamp_seconds{purpose=\"check\"} 1795341641.250\n";
    let after = |record: &RunRecord| {
        assert!(write_reports(folder.path(), record, &order).is_empty());
        let metrics = fs::read_to_string(&file).unwrap();
        assert_metrics(&metrics);
        metrics
    };
    assert!(!after(&checked()).contains("last_success"));
    let good = record("check", &[case("volume/shared", 1, &pass())]);
    assert!(after(&good).contains(success));
    let mut bad = checked();
    bad.ended = "2026-11-23T10:00:00Z".parse().unwrap();
    let metrics = after(&bad);
    assert!(metrics.contains(success) && metrics.contains("outcome=\"nonconformant\"} 1"), "{metrics}");
    // A proof keeps the time of the check.
    let proof = record("prove", &[case("volume/shared", 1, &pass())]);
    let metrics = after(&proof);
    assert!(
        metrics.contains(success) && metrics.contains(&success[1..].replace("check", "prove")),
        "{metrics}"
    );
    assert!(after(&bad).contains(&success[1..].replace("check", "prove")));
    // Reporting an earlier run again does not set the time back.
    let later = fs::read_to_string(&file).unwrap();
    assert_eq!(after(&good), later);
    // A value that is not a time is ignored.
    fs::write(&file, success.replace("1795341641.250", "NaN").replace("} ", "} \n")).unwrap();
    assert!(!after(&bad).contains("last_success"));
    // So is a file that is not UTF-8.
    fs::write(&file, b"\xff\xfe").unwrap();
    assert!(!after(&bad).contains("last_success"));
}

/// Asserts that each sample has a name, quoted labels and a finite number, and that no series occurs twice.
fn assert_metrics(metrics: &str) {
    let mut seen = std::collections::BTreeSet::new();
    for line in metrics.lines().filter(|line| !line.starts_with("# ")) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        let (name, labels) = series.split_once('{').unwrap();
        assert!(
            name.starts_with("podproof_") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "{line}"
        );
        let labels = labels.strip_suffix('}').unwrap();
        let unescaped = labels.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(unescaped.matches('"').count() % 2, 0, "{line}");
        assert!(seen.insert(series.to_owned()), "{line} occurs twice");
    }
}

pub fn ctrf(record: &RunRecord) -> Value {
    let document: Value = serde_json::from_str(&ctrf_document(record).unwrap()).unwrap();
    assert_eq!((&document["reportFormat"], &document["specVersion"]), (&json!("CTRF"), &json!("0.1.0")));
    let results = &document["results"];
    let tests = results["tests"].as_array().unwrap();
    for status in ["passed", "failed", "skipped", "pending", "other"] {
        let count = tests.iter().filter(|test| test["status"] == status).count();
        assert_eq!(results["summary"][status], count, "{status}");
    }
    assert_eq!(results["summary"]["tests"], tests.len());
    for test in tests {
        assert!(!test["name"].as_str().unwrap().is_empty());
        assert!(test["duration"].is_u64() && test["start"].is_i64() && test["stop"].is_i64());
        assert!(test["message"].is_string() || test["status"] == "passed", "{test}");
    }
    results.clone()
}

#[test]
fn only_a_pass_is_passed_in_ctrf() {
    let statuses = |record| {
        let results = ctrf(&record);
        let tests = results["tests"].as_array().unwrap().clone();
        tests.iter().map(|test| test["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(statuses(checked()), ["passed", "failed", "other", "skipped", "passed"]);
    let raw = &ctrf(&checked())["tests"][2]["rawStatus"];
    assert_eq!(raw, "inconclusive");
    assert_eq!(
        statuses(record_of_prove_run()),
        ["passed", "passed", "failed", "failed", "other", "failed", "other", "skipped"]
    );
}

#[test]
fn a_trace_has_one_slice_per_case_and_wait_and_no_overlap_in_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let place = evidence_folder(folder.path(), "ipc/mc2-article");
    fs::create_dir_all(&place).unwrap();
    fs::copy(fixtures().join("ipc/mc2-article/green.json"), place.join("evidence.json")).unwrap();
    let cases = [
        case("ipc/mc2-article", 1, &pass()),
        case("ipc/x", 2, &inconclusive("why")),
        case("ipc/y", 5, &pass()),
    ];
    let trace: Value =
        serde_json::from_str(&chrome_trace(&record("check", &cases), folder.path()).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |cat: &str| events.iter().filter(|event| event["cat"] == cat).collect::<Vec<_>>();
    assert_eq!((of("case").len(), of("wait").len()), (3, 1));
    assert_eq!(of("case")[1]["args"]["verdict"], "INCONCLUSIVE");
    assert_eq!(
        (of("case")[0]["ts"].as_i64(), of("case")[0]["dur"].as_i64()),
        (Some(1_250_000), Some(3_200_000))
    );
    let slices: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    for (place, one) in slices.iter().enumerate() {
        for other in &slices[place + 1..] {
            let span = |slice: &Value| {
                (
                    slice["ts"].as_i64().unwrap(),
                    slice["ts"].as_i64().unwrap() + slice["dur"].as_i64().unwrap(),
                )
            };
            let ((start, end), (from, to)) = (span(one), span(other));
            assert!(one["tid"] != other["tid"] || end <= from || to <= start, "{one} {other}");
        }
    }
}

#[test]
fn a_report_that_cannot_be_written_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let all = ["ctrf.json", "junit.xml", "metrics.prom", "report.html", "summary.md", "trace.json"];
    // A folder where a file should be.
    fs::create_dir(folder.path().join("report.html")).unwrap();
    let faults = write_reports(folder.path(), &checked(), &ReportConfig::default());
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].to_string().ends_with("report.html"), "{faults:?}");
    assert_eq!(names(), all);
    fs::remove_dir(folder.path().join("report.html")).unwrap();
    assert!(write_reports(folder.path(), &hostile(), &ReportConfig::default()).is_empty());
    assert_eq!(names(), all);
}

#[test]
fn a_fail_is_shown_in_every_format() {
    let record = record("check", &[case("volume/shared", 1, &fail(&["keeps"]))]);
    assert!(markdown_summary(&record, None).contains("- **FAIL** volume/shared"));
    assert!(prometheus_text(&record, "").contains("verdict=\"fail\"} 1"));
    assert_eq!(
        ctrf(&record)["tests"][0]["trace"],
        "keeps: expected the token abc, seen nothing (logs[0].lines[3])"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_record_gives_valid_documents(record in any_record()) {
        assert_metrics(&prometheus_text(&record, ""));
        ctrf(&record);
        let trace = chrome_trace(&record, Path::new("/nonexistent")).unwrap();
        serde_json::from_str::<Value>(&trace).unwrap();
        let summary = markdown_summary(&record, None);
        let counts = record.counts();
        prop_assert!(summary.contains(&format!("| inconclusive | {} |", counts.inconclusive)), "{summary}");
        prop_assert!(summary.contains(&format!("| passed | {} |", counts.pass)), "{summary}");
        let forbidden = |c: char| c.is_control() && c != '\n';
        prop_assert!(!summary.contains(forbidden), "{summary:?}");
    }
}
