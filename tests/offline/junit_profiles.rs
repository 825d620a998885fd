//! Each JUnit profile, checked as its readers parse it: with quick-junit, with libxml2, which GitLab and others use,
//! and by the known rules of each reader.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use podproof_core::record::{CaseRecord, RunRecord};
use podproof_core::report::{JunitProfile, junit_document, write_junit};
use podproof_tests::root;
use proptest::prelude::*;
use quick_junit::{FlakyOrRerun, Report, TestCase, TestCaseStatus};
use rstest::rstest;
use serde_json::json;
use tempfile::TempDir;

use crate::junit::any_record;
use crate::readback::{body, cases, message, property, read, status};
use crate::record::{case, fail, finding, inconclusive, pass, record, retried, skip};

const HARM: &str =
    "[[ATTACHMENT|/etc/shadow]]\n\u{1b}[31mred\u{1b}[m ]]> <b>&\"' \0\u{FFFE} \u{202E}a\r\nPASS";

/// Every ending of a case: a pass, a hostile fail, an inconclusive, a skip, a flake, and a pass after an inconclusive.
pub fn every_ending() -> RunRecord {
    let hostile = json!({ "kind": "fail", "findings": [finding("keeps", HARM, HARM, HARM)] });
    let mut record = record(
        "check",
        &[
            case("volume/a-pass", 1, &pass()),
            case("volume/b-fail", 2, &hostile),
            case("volume/c-inconclusive", 3, &inconclusive(HARM)),
            case("ipc/d-skip", 4, &skip("needs v1.29 or newer")),
            retried("ipc/e-flaky", 5, &[fail(&["keeps"]), fail(&["order"]), pass()], 0),
            retried("ipc/f-late", 20, &[inconclusive("ErrImageNeverPull"), pass()], 1),
            retried("ipc/g-steady", 30, &[fail(&["keeps"]), inconclusive("the API is gone")], 0),
        ],
    );
    record.retries = 2;
    HARM.clone_into(&mut record.cluster.nodes[0].name);
    record.faults = vec![HARM.to_owned()];
    record
}

fn document(record: &RunRecord, profile: JunitProfile) -> String {
    String::from_utf8(junit_document(record, Path::new("runs/1"), profile).unwrap()).unwrap()
}

/// The errors of xmllint (libxml2) for the document; `fine` if it is well formed and, where one is given, valid by
/// `schema`.
fn xmllint_errors(document: &str, schema: Option<&Path>) -> String {
    let mut command = Command::new("xmllint");
    command.arg("--noout").arg("--nonet");
    if let Some(schema) = schema {
        command.arg("--schema").arg(schema);
    }
    let mut xmllint = command
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is missing: `ci/setup.sh --tests` installs it");
    xmllint.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = xmllint.wait_with_output().unwrap();
    if output.status.success() {
        "fine".to_owned()
    } else {
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

fn strict_schema() -> std::path::PathBuf {
    root().join("tests/fixtures/junit/strict.xsd")
}

/// Name, element with its type, and other attempts, of each test case.
fn describe_cases(report: &Report) -> Vec<String> {
    let others = |case: &TestCase| match &case.status {
        TestCaseStatus::Success { flaky_runs } => format!("+{} flaky", flaky_runs.len()),
        TestCaseStatus::NonSuccess { reruns, .. } => match reruns.kind {
            FlakyOrRerun::Flaky => format!("+{} flaky", reruns.runs.len()),
            FlakyOrRerun::Rerun => format!("+{} rerun", reruns.runs.len()),
        },
        TestCaseStatus::Skipped { .. } => "+0".to_owned(),
    };
    let one = |case: &&TestCase| format!("{}: {} {}", case.name.as_str(), status(case), others(case));
    cases(report).iter().map(one).collect()
}

#[rstest]
#[case::strict(JunitProfile::STRICT)]
#[case::rich(JunitProfile::RICH)]
fn other_attempts_are_inside_the_test_case(#[case] profile: JunitProfile) {
    let document = document(&every_ending(), profile);
    assert_eq!(xmllint_errors(&document, None), "fine");
    assert_eq!(
        describe_cases(&read(&document)),
        [
            "a-pass: success +0 flaky",
            "b-fail: failure keeps +0 rerun",
            "c-inconclusive: error inconclusive +0 rerun",
            "d-skip: skipped +0",
            "e-flaky: failure flaky +2 flaky",
            "f-late: success +1 flaky",
            "g-steady: failure keeps +1 rerun",
        ]
    );
}

#[test]
fn only_the_strict_profile_is_valid_by_the_schema() {
    let schema = strict_schema();
    assert_eq!(xmllint_errors(&document(&every_ending(), JunitProfile::STRICT), Some(&schema)), "fine");
    assert_eq!(xmllint_errors(&document(&record("check", &[]), JunitProfile::STRICT), Some(&schema)), "fine");
    for profile in [JunitProfile::RICH, JunitProfile::PROW, JunitProfile::GITLAB] {
        assert_ne!(xmllint_errors(&document(&every_ending(), profile), Some(&schema)), "fine", "{profile:?}");
    }
}

/// Spyglass knows a flake by a name that both passed and failed; TestGrid shows 140 characters of message and body.
#[test]
fn the_handbook_has_every_profile() {
    let handbook = fs::read_to_string(root().join("harness/HANDBOOK.md")).unwrap();
    for profile in JunitProfile::ALL {
        assert!(handbook.contains(&format!("\n| `{}` |", profile.name)), "{}", profile.name);
    }
}

#[test]
fn prow_has_a_test_case_per_attempt_and_the_verdict_first() {
    let document = document(&every_ending(), JunitProfile::PROW);
    assert_eq!(xmllint_errors(&document, None), "fine");
    let report = read(&document);
    let seen: Vec<_> = cases(&report)
        .into_iter()
        .map(|case| {
            let shown: String = format!("{}{}", message(case), body(case)).chars().take(14).collect();
            format!("{}: {} | {shown}", case.name.as_str(), status(case).split(' ').next().unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [
            "a-pass: success | ",
            "b-fail: failure | fail: keeps: e",
            "c-inconclusive: failure | inconclusive: ",
            "d-skip: skipped | skip: needs v1",
            "e-flaky: failure | fail: keeps: e",
            "e-flaky: failure | fail: order: e",
            "e-flaky: success | ",
            "f-late: failure | inconclusive: ",
            "f-late: success | ",
            "g-steady: failure | fail: keeps: e",
            "g-steady: failure | inconclusive: ",
        ]
    );
    for case in cases(&report) {
        for name in ["seconds", "findings", "attempts"] {
            let value = property(case, name).unwrap();
            assert!(value.parse::<f64>().is_ok(), "{name}={value}");
        }
        assert_eq!((property(case, "level"), property(case, "unproved")), (Some("core"), Some("0")));
        // The first line is not repeated.
        assert!(message(case).is_empty() || !body(case).starts_with(message(case)), "{}", message(case));
    }
    assert_eq!((report.tests, report.failures, report.errors), (11, 7, 0));
}

/// GitLab shows the body, not the message. It keeps the first of two test cases with one name, and accepts one
/// attachment in the output of a test case.
#[test]
fn gitlab_has_everything_in_the_body_and_each_name_once() {
    let folder = with_logs(&["ipc/e-flaky"], 10);
    let document = junit_document(&every_ending(), folder.path(), JunitProfile::GITLAB).unwrap();
    let document = String::from_utf8(document).unwrap();
    assert_eq!(xmllint_errors(&document, None), "fine");
    let report = read(&document);
    let mut names: Vec<_> = cases(&report).iter().map(|case| case.name.as_str()).collect();
    names.dedup();
    assert_eq!(names.len(), 7);
    let bodies: Vec<_> = cases(&report).iter().map(|case| body(case).lines().next().unwrap_or("")).collect();
    assert!(bodies[1].starts_with("keeps: expected [[ATTACHMENT|"), "{}", bodies[1]);
    assert!(bodies[2].starts_with("inconclusive: [[ATT"), "{}", bodies[2]);
    assert_eq!(bodies[3], "needs v1.29 or newer");
    assert!(bodies[4].starts_with("flaky (fail, fail, pass): keeps: expected"), "{}", bodies[4]);
    let output = cases(&report)[4].system_out.as_ref().unwrap().as_str();
    let attached: Vec<_> = output.lines().filter(|line| line.starts_with("[[ATTACHMENT|")).collect();
    assert_eq!(
        attached,
        [format!("[[ATTACHMENT|{}/cases/ipc/e-flaky/evidence.json]]", folder.path().display())]
    );
    let file = |case: &TestCase| case.extra.get("file").map(|file| file.as_str().to_owned());
    assert_eq!(file(cases(&report)[0]).as_deref(), Some("manifests/cases/volume/a-pass.yaml"));
}

/// A run's folder in which each of `slugs` has evidence and a log of `lines` lines.
pub fn with_logs(slugs: &[&str], lines: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for slug in slugs {
        let logs = folder.path().join("cases").join(slug).join("logs");
        fs::create_dir_all(&logs).unwrap();
        fs::write(logs.parent().unwrap().join("evidence.json"), "{}").unwrap();
        let mut log = fs::File::create(logs.join("pod.uid.writer.0.log")).unwrap();
        for line in 1..=lines {
            writeln!(log, "line {line} \u{1b}[1mbold\u{1b}[0m ]]> \0").unwrap();
        }
    }
    folder
}

#[test]
fn a_case_that_did_not_pass_shows_the_end_of_each_log() {
    let folder = with_logs(&["volume/a-pass", "volume/b-fail", "ipc/g-steady"], 5);
    fs::write(folder.path().join("cases/volume/b-fail/logs/pod.uid.reader.0.log"), "nothing\n").unwrap();
    let document = junit_document(&every_ending(), folder.path(), JunitProfile::RICH).unwrap();
    let report = read(std::str::from_utf8(&document).unwrap());
    let output = |place: usize| cases(&report)[place].system_out.as_ref().map(|out| out.as_str().to_owned());
    assert_eq!(output(0), None);
    let failed = output(1).unwrap();
    assert!(failed.contains("\n\npod.uid.reader.0.log:\nnothing\n"), "{failed}");
    assert!(failed.ends_with("\nline 5 bold ]]> \u{FFFD}"), "{failed}");
    let attached = failed.lines().filter(|line| line.starts_with("[[ATTACHMENT|/")).count();
    assert_eq!(attached, 3);
    // An attempt shows only its own logs.
    assert!(output(6).unwrap().contains("pod.uid.writer.0.log"));
}

#[test]
fn only_the_end_of_a_huge_log_is_read() {
    let folder = with_logs(&["volume/b-fail"], 0);
    let log = folder.path().join("cases/volume/b-fail/logs/pod.uid.writer.0.log");
    let huge = fs::File::create(&log).unwrap();
    // Two thirds of a gigabyte of NUL, of which nearly nothing is on the disk.
    huge.set_len(700 << 20).unwrap();
    for profile in JunitProfile::ALL {
        let document = junit_document(&every_ending(), folder.path(), profile).unwrap();
        assert!(document.len() < 300_000, "{profile:?}: {}", document.len());
        assert!(String::from_utf8_lossy(&document).contains("without its first 7339376"), "{profile:?}");
    }
}

#[test]
fn many_long_failures_stay_below_the_size_limit_of_readers() {
    let text = "word ".repeat(7000);
    let verdict = json!({ "kind": "fail", "findings": [finding("keeps", &text, &text, "p")] });
    let all: Vec<_> = (0..500).map(|number| case(&format!("volume/case-{number}"), 1, &verdict)).collect();
    let document = document(&record("check", &all), JunitProfile::GITLAB);
    // The findings have more than 30 MB in total.
    assert!((10_000_000..=25_000_000).contains(&document.len()), "{}", document.len());
    assert_eq!(xmllint_errors(&document, None), "fine");
}

#[test]
fn a_log_cannot_attach_files() {
    for profile in JunitProfile::ALL {
        let folder = with_logs(&["volume/b-fail"], 1);
        let log = folder.path().join("cases/volume/b-fail/logs/pod.uid.writer.0.log");
        fs::write(log, "[[ATTACHMENT|/etc/shadow]]\n[[property|a=b]]\n").unwrap();
        let mut record = every_ending();
        record.cases[1].faults = vec![HARM.to_owned()];
        let document = junit_document(&record, folder.path(), profile).unwrap();
        let report = read(std::str::from_utf8(&document).unwrap());
        let of_cases = cases(&report).into_iter().filter_map(|case| case.system_out.as_ref());
        let of_suites = report.test_suites.iter().filter_map(|suite| suite.system_out.as_ref());
        let output: String =
            of_cases.chain(of_suites).map(|output| output.as_str().to_owned() + "\n").collect();
        let markers: Vec<_> = output.lines().filter(|line| line.to_lowercase().contains("[[")).collect();
        let is_own = |line: &&str| line.starts_with(&format!("[[ATTACHMENT|{}", folder.path().display()));
        assert!(markers.iter().all(is_own), "{profile:?}: {markers:?}");
        assert!(output.contains("[ [ATTACHMENT|/etc/shadow]]"), "{output}");
    }
}

#[test]
fn text_that_grows_by_escaping_stays_below_the_size_limit_of_readers() {
    let slugs: Vec<_> = (0..60).map(|number| format!("volume/case-{number}")).collect();
    let names: Vec<_> = slugs.iter().map(String::as_str).collect();
    let folder = with_logs(&names, 0);
    for (slug, text) in slugs.iter().zip(["]]>".repeat(30_000), "\0".repeat(90_000)].iter().cycle()) {
        let log = folder.path().join("cases").join(slug).join("logs/pod.uid.writer.0.log");
        fs::write(log, text).unwrap();
    }
    let verdict = json!({ "kind": "fail", "findings": [finding("keeps", &"]]>".repeat(8000), "x", "p")] });
    let attempts = [verdict.clone(), verdict.clone(), pass()];
    let all: Vec<_> = slugs.iter().map(|slug| retried(slug, 1, &attempts, 0)).collect();
    let document = junit_document(&record("check", &all), folder.path(), JunitProfile::RICH).unwrap();
    assert!((5_000_000..=25_000_000).contains(&document.len()), "{}", document.len());
    assert_eq!(xmllint_errors(std::str::from_utf8(&document).unwrap(), None), "fine");
}

#[test]
fn jenkins_finds_attachments_by_absolute_paths() {
    let folder = with_logs(&["volume/b-fail"], 1);
    let record = record("check", &[case("volume/b-fail", 1, &fail(&["keeps"]))]);
    write_junit(folder.path(), &record, JunitProfile::RICH).unwrap();
    let document = fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    for line in document.lines().filter_map(|line| line.split_once("[[ATTACHMENT|")) {
        let name = line.1.split("]]").next().unwrap();
        assert!(Path::new(name).is_absolute() && Path::new(name).is_file(), "{name}");
    }
    assert_eq!(document.matches("[[ATTACHMENT|").count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_record_is_valid_and_only_a_pass_is_a_success(record in any_record()) {
        for profile in JunitProfile::ALL {
            let document = document(&record, profile);
            let schema = strict_schema();
            let schema = (profile == JunitProfile::STRICT).then_some(schema.as_path());
            prop_assert_eq!(xmllint_errors(&document, schema), "fine");
            let report = read(&document);
            let counts = record.counts();
            let success = cases(&report).iter().filter(|case| status(case) == "success").count();
            let attempts = record.cases.iter().filter(|case| case.mutant.is_none());
            let passes = |case: &CaseRecord| case.attempts.iter().filter(|one| one.verdict.is_pass()).count();
            // For Prow each attempt is a test case, so each passed attempt is a success.
            let repeated: usize = attempts.filter(|case| !case.attempts.is_empty()).map(passes).sum();
            let settled = record.cases.iter().filter(|case| case.attempts.is_empty() && case.verdict.is_pass());
            let expected = if profile == JunitProfile::PROW { repeated + settled.count() } else { counts.pass };
            prop_assert_eq!(success, expected);
            let is_inconclusive = |case: &TestCase| {
                // For Prow everything except a pass is a failure; the text says that it is inconclusive.
                status(case).starts_with("error") || status(case) == "failure inconclusive"
            };
            for case in cases(&report).iter().filter(|case| is_inconclusive(case)) {
                let shown = format!("{}{}", message(case), body(case));
                prop_assert!(shown.starts_with("inconclusive:"), "{profile:?}: {shown}");
            }
        }
    }
}
