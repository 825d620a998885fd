//! The import of JUnit reports that other tools write.

use std::fs;
use std::path::{Path, PathBuf};

use podproof_core::history::{
    CaseOutcome, EnvironmentFacts, ErrorMeaning, HistoryRun, ImportError, ImportOptions, import_junit,
};
use podproof_core::report::{JunitProfile, junit_document};
use proptest::prelude::*;
use rstest::rstest;
use tempfile::TempDir;

use crate::record::{checked, tried_again};

fn written(texts: &[&str]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let file = |(number, text): (usize, &&str)| {
        let file = folder.path().join(format!("{number}.xml"));
        fs::write(&file, text).unwrap();
        file
    };
    let files = texts.iter().enumerate().map(file).collect();
    (folder, files)
}

fn imported(texts: &[&str], order: &ImportOptions) -> Result<HistoryRun, ImportError> {
    let (_folder, files) = written(texts);
    import_junit(&files, order)
}

/// Each execution: case, outcome, the first line of its reason.
fn attempts_in(text: &str) -> Vec<(String, CaseOutcome, String)> {
    let run = imported(&[text], &ImportOptions::default()).unwrap();
    run.attempts
        .into_iter()
        .map(|attempt| {
            let reason = attempt.reason.unwrap_or_default();
            (attempt.key.case.clone(), attempt.outcome, reason.lines().next().unwrap_or_default().to_owned())
        })
        .collect()
}

fn case(name: &str, outcome: CaseOutcome, reason: &str) -> (String, CaseOutcome, String) {
    (name.to_owned(), outcome, reason.to_owned())
}

const GINKGO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="7000" disabled="6997" errors="0" failures="1" time="98.5">
  <testsuite name="Kubernetes e2e suite" package="/x" tests="3" timestamp="2026-11-20T02:00:00" time="98.5">
    <properties><property name="RandomSeed" value="1"></property></properties>
    <testcase name="[It] [sig-node] Pods should run [Conformance]" classname="Kubernetes e2e suite" status="passed" time="12.25">
      <system-err>a log &lt;failure&gt; that is none</system-err>
    </testcase>
    <testcase name="[It] [sig-node] Pods should end" classname="Kubernetes e2e suite" status="failed" time="3">
      <failure message="pod x-7f9c was not ready after 5m0s" type="failed">[FAILED] pod &#34;x&#34; &amp; more
at /x.go:12</failure>
    </testcase>
    <testcase name="[It] not selected" classname="Kubernetes e2e suite" status="skipped" time="0">
      <skipped message="skipped"></skipped>
    </testcase>
    <testcase name="[It] needs GPUs" classname="Kubernetes e2e suite" status="skipped" time="0">
      <skipped message="skipped - no GPU"></skipped>
    </testcase>
    <testcase name="[It] panicked" classname="Kubernetes e2e suite" status="panicked" time="0">
      <error message="" type="panicked"><![CDATA[nil pointer]]></error>
    </testcase>
  </testsuite>
</testsuites>"#;

#[test]
fn ginkgo_is_read() {
    let class = |name: &str| format!("Kubernetes e2e suite/[It] {name}");
    assert_eq!(
        attempts_in(GINKGO),
        [
            case(&class("[sig-node] Pods should run [Conformance]"), CaseOutcome::Pass, ""),
            case(
                &class("[sig-node] Pods should end"),
                CaseOutcome::Fail,
                "pod x-7f9c was not ready after 5m0s"
            ),
            case(&class("needs GPUs"), CaseOutcome::Skip, "skipped - no GPU"),
            case(&class("panicked"), CaseOutcome::Inconclusive, "panicked"),
        ]
    );
    let run = imported(&[GINKGO], &ImportOptions::default()).unwrap();
    assert_eq!(run.started.to_string(), "2026-11-20T02:00:00Z");
    assert!((run.attempts[0].seconds - 12.25).abs() < 1e-9);
    assert!(run.attempts[1].signature.as_ref().unwrap().starts_with("pod # was not ready after #"));
    assert!(run.id.starts_with("20261120-020000-"), "{}", run.id);
    assert_eq!(run.id, imported(&[GINKGO], &ImportOptions::default()).unwrap().id);
}

#[test]
fn flakes_and_reruns_of_nextest_are_read() {
    let text = r#"<testsuites name="nextest-run" timestamp="2026-11-20T02:00:00.123+01:00" time="1.5">
        <testsuite name="crate::bin"><testcase name="a::flaky" classname="crate::bin" time="0.5">
        <flakyFailure timestamp="2026-11-20T02:00:00.123+01:00" time="0.4" message="it broke" type="test failure"><stackTrace>
        deep</stackTrace></flakyFailure></testcase>
        <testcase name="a::broken" classname="crate::bin" time="0.5"><failure type="test failure"/>
        <rerunFailure message="again" type="test failure"/></testcase></testsuite></testsuites>"#;
    assert_eq!(
        attempts_in(text),
        [
            case("crate::bin/a::flaky", CaseOutcome::Fail, "it broke"),
            case("crate::bin/a::flaky", CaseOutcome::Pass, ""),
            case("crate::bin/a::broken", CaseOutcome::Fail, "again"),
            case("crate::bin/a::broken", CaseOutcome::Fail, "test failure"),
        ]
    );
    let run = imported(&[text], &ImportOptions::default()).unwrap();
    assert_eq!(run.started.to_string(), "2026-11-20T01:00:00.123Z");
}

#[test]
fn pytest_and_surefire_are_read() {
    let pytest = r#"<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" hostname="h">
        <testcase classname="tests.test_a" name="test_b[x&amp;y]" time="1,234.5"/>
        <testcase classname="tests.test_a" name="test_c" time=""><skipped type="pytest.skip" message="no network">x.py:3</skipped></testcase>
        </testsuite></testsuites>"#;
    assert_eq!(
        attempts_in(pytest),
        [
            case("tests.test_a/test_b[x&y]", CaseOutcome::Pass, ""),
            case("tests.test_a/test_c", CaseOutcome::Skip, "no network"),
        ]
    );
    let run = imported(&[pytest], &ImportOptions::default()).unwrap();
    assert!((run.attempts[0].seconds - 1234.5).abs() < 1e-9);
    let surefire = r#"<testsuite name="org.example.ThingTest" time="0.1"><testcase name="works" time="0.1">
        <error type="java.lang.NullPointerException">java.lang.NullPointerException
	at org.example</error></testcase></testsuite>"#;
    let order = ImportOptions { errors: ErrorMeaning::Failures, ..ImportOptions::default() };
    let run = imported(&[surefire], &order).unwrap();
    assert_eq!(
        (run.attempts[0].key.case.as_str(), run.attempts[0].outcome),
        ("org.example.ThingTest/works", CaseOutcome::Fail)
    );
}

#[test]
fn podproofs_own_report_is_read() {
    let record = checked();
    for profile in JunitProfile::ALL {
        let document = junit_document(&record, Path::new("runs"), profile).unwrap();
        let run = imported(&[std::str::from_utf8(&document).unwrap()], &ImportOptions::default()).unwrap();
        assert_eq!(run.tally(), HistoryRun::of(&record).tally(), "{}", profile.name);
    }
}

#[rstest]
#[case::strict(JunitProfile::STRICT)]
#[case::rich(JunitProfile::RICH)]
#[case::prow(JunitProfile::PROW)]
fn podproofs_own_attempts_are_read(#[case] profile: JunitProfile) {
    let document = junit_document(&tried_again(), Path::new("runs"), profile).unwrap();
    let run = imported(&[std::str::from_utf8(&document).unwrap()], &ImportOptions::default()).unwrap();
    let outcomes = |case: &str| {
        let of_case = run.attempts.iter().filter(|attempt| attempt.key.case.ends_with(case));
        let mut outcomes: Vec<_> = of_case.map(|attempt| attempt.outcome).collect();
        outcomes.sort();
        outcomes
    };
    assert_eq!(outcomes("survives-sigkill"), [CaseOutcome::Pass, CaseOutcome::Fail]);
    assert_eq!(outcomes("two-containers"), [CaseOutcome::Fail, CaseOutcome::Fail]);
    assert_eq!(outcomes("article"), [CaseOutcome::Pass, CaseOutcome::Inconclusive]);
}

#[test]
fn test_cases_of_one_name_are_repetitions_and_reruns_are_attempts() {
    let again = r#"<testsuite name="s"><testcase name="a"><failure/><rerunFailure/></testcase>
        <testcase name="b"/><testcase name="a"/></testsuite>"#;
    let once_more = r#"<testsuite name="s"><testcase name="a"><flakyFailure/></testcase></testsuite>"#;
    let run = imported(&[again, once_more], &ImportOptions::default()).unwrap();
    let of_a = run.attempts.iter().filter(|attempt| attempt.key.case.ends_with('a'));
    let numbers: Vec<_> = of_a.map(|attempt| (attempt.round, attempt.number)).collect();
    assert_eq!(numbers, [(1, 1), (1, 2), (2, 1), (3, 1), (3, 2)]);
}

#[test]
fn several_files_are_one_run_if_the_run_is_named() {
    let facts = EnvironmentFacts::from([("version".to_owned(), "v1.30.1".to_owned())]);
    let order =
        ImportOptions { run: Some("nightly-7".to_owned()), facts: facts.clone(), ..ImportOptions::default() };
    let run = imported(&[GINKGO, GINKGO], &order).unwrap();
    assert_eq!((run.id.as_str(), run.attempts.len(), run.facts), ("nightly-7", 8, facts));
}

#[rstest]
#[case::no_xml("just words", "0.xml:1: is not JUnit")]
#[case::html("<html>\n<body/></html>", "0.xml:1: is not JUnit: it begins with <html>")]
#[case::cut("<testsuites>\n<testsuite>\n<testcase name='a'>", "0.xml:3: ends within <testcase>")]
#[case::cut_in_a_tag("<testsuites>\n<testcase name='a", "0.xml:2: ")]
#[case::crossed("<testsuites>\n<testsuite>\n</testsuites>", "0.xml:3: ")]
#[case::nothing("", "0.xml:1: is not JUnit")]
#[case::no_case("<testsuites></testsuites>", "0.xml: no test case was run")]
fn a_file_that_is_not_junit_is_refused_with_its_place(#[case] text: &str, #[case] expected: &str) {
    let error = imported(&[text], &ImportOptions::default()).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_file_that_is_not_utf_8_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.xml");
    fs::write(&file, b"<testsuite name='\xff'/>").unwrap();
    let error = import_junit(&[file], &ImportOptions::default()).unwrap_err();
    assert!(matches!(error, ImportError::Encoding { at: 17, .. }), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(<(/?(testsuites?|testcase|failure|skipped)|[a-z]{1,3}|!\\[CDATA\\[)( name='[^<]{0,5}')?/?>?|\\]\\]>|&[a-z#0-9]{0,4};|.{0,9}){0,20}") {
        let _ = imported(&[&text], &ImportOptions::default());
    }
}
