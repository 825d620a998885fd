//! The JUnit document, read back by two independent readers.

use std::fs;
use std::path::Path;

use assert_matches::assert_matches;
use junit_report::{Duration, Report as Skeleton, TestCaseBuilder, TestSuiteBuilder};
use podproof_core::record::RunRecord;
use podproof_core::report::{JunitProfile, junit_document, write_junit};
use podproof_tests::root;
use proptest::collection::vec;
use proptest::prelude::*;
use quick_junit::{NonSuccessKind, TestCaseStatus};
use rstest::rstest;
use serde_json::{Value, json};

use crate::readback::{body, cases, message, property, read, status};
use crate::record::{
    case, checked, fail, finding, inconclusive, mutant, pass, record, record_of_prove_run, retried, skip,
    tried_again,
};

fn document(record: &RunRecord) -> String {
    let folder = Path::new("runs/20261122-100000-3fa9c1d2");
    let document = junit_document(record, folder, JunitProfile::RICH).expect("a document");
    String::from_utf8(document).expect("UTF-8")
}

/// The document equals its golden file byte by byte. `PODPROOF_GOLDEN=write` writes the file again.
#[rstest]
#[case::checked("checked.junit.xml", checked())]
#[case::proved("proved.junit.xml", record_of_prove_run())]
#[case::tried_again("tried-again.junit.xml", tried_again())]
fn a_record_gives_its_golden_document(#[case] name: &str, #[case] record: RunRecord) {
    let golden = root().join("tests/fixtures/golden").join(name);
    let document = document(&record);
    if std::env::var_os("PODPROOF_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(&golden, &document).unwrap();
    }
    let kept = fs::read_to_string(&golden).unwrap();
    assert!(document == kept, "{} differs from\n{document}", golden.display());
}

#[test]
fn each_verdict_has_its_own_element() {
    let report = read(&document(&checked()));
    let seen: Vec<_> =
        cases(&report).iter().map(|case| (case.name.as_str().to_owned(), status(case))).collect();
    let expected = [
        ("shared", "success"),
        ("survives-sigkill", "failure same-content"),
        ("shared [round=2]", "success"),
        ("two-containers", "error inconclusive"),
        ("article", "skipped"),
    ];
    assert_eq!(seen, expected.map(|(name, status)| (name.to_owned(), status.to_owned())));

    let classes: Vec<_> = cases(&report).iter().map(|case| property(case, "outcome.class")).collect();
    assert_eq!(classes, [None, Some("product"), None, Some("harness"), Some("precondition")]);
}

#[test]
fn a_mutant_succeeds_only_if_the_expected_assertion_kills_it() {
    let report = read(&document(&record_of_prove_run()));
    let seen: Vec<_> =
        cases(&report).iter().map(|case| (case.name.as_str().to_owned(), status(case))).collect();
    let expected = [
        ("shared", "success"),
        ("shared [mutant=no-volume]", "success"),
        ("shared [mutant=host-path]", "failure mutant-survived"),
        ("shared [mutant=other-pod]", "failure mutant-killed-otherwise"),
        ("shared [mutant=too-big]", "error inconclusive"),
        ("article", "failure all-consumed"),
        ("article [mutant=no-queue]", "error inconclusive"),
        ("spec-order", "skipped"),
    ];
    assert_eq!(seen, expected.map(|(name, status)| (name.to_owned(), status.to_owned())));
    let killed = cases(&report)[1].system_out.as_ref().unwrap().as_str();
    assert_eq!(killed, "killed by keeps");
}

#[test]
fn counts_and_times_are_those_of_the_run() {
    let report = read(&document(&checked()));
    let totals = (report.tests, report.failures, report.errors, report.skipped);
    assert_eq!(totals, (5, 1, 1, 1));
    assert_eq!(report.time.unwrap().as_millis(), 41_250);

    let suites: Vec<_> = report
        .test_suites
        .iter()
        .map(|suite| {
            let counts = (suite.tests, suite.failures, suite.errors, suite.skipped);
            (suite.name.as_str(), counts, suite.time.unwrap().as_millis())
        })
        .collect();
    // From the first start to the last end, not the sum.
    assert_eq!(suites, [("podproof.volume", (3, 1, 0, 0), 14_200), ("podproof.ipc", (2, 0, 1, 1), 4_200),]);
    let case = cases(&report)[1];
    assert_eq!(case.time.unwrap().as_millis(), 3_200);
    assert_eq!(case.timestamp.unwrap().to_rfc3339(), "2026-11-22T10:00:04.250+00:00");
    assert_eq!(case.classname.as_ref().unwrap().as_str(), "podproof.volume");
}

#[test]
fn a_failure_has_all_findings_in_its_body_and_the_first_in_its_message() {
    let report = read(&document(&checked()));
    let failed = cases(&report)[1];
    assert_eq!(message(failed), "same-content: expected the token abc, seen two");
    assert_eq!(
        body(failed),
        "same-content: expected the token abc, seen two\nlines ]]> here (logs[0].lines[3])\n\
         same-inode: expected 12, seen 13 <or> \"14\" & more (probe[1])"
    );
    assert_eq!(
        failed.system_out.as_ref().unwrap().as_str(),
        "evidence: cases/volume/survives-sigkill/evidence.json\nfault: namespace podproof-3fa9c1d2-1 is not gone"
    );
}

#[test]
fn hostile_text_is_escaped() {
    let seen =
        "\u{1b}]0;title\u{7}\u{1b}[1;31mred\u{1b}[m NUL\0 \u{FFFE}\u{FFFF} ]]> ]]]]>> \u{FFFD} a\r\nb\rc\td";
    let verdict = json!({ "kind": "fail", "findings": [finding("keeps", "x", seen, "p")] });
    let report = read(&document(&record("check", &[case("volume/shared", 1, &verdict)])));
    assert_eq!(
        body(cases(&report)[0]),
        // This reader drops the TAB; the document has it.
        "keeps: expected x, seen red NUL\u{FFFD} \u{FFFD}\u{FFFD} ]]> ]]]]>> \u{FFFD} a\nb\ncd (p)"
    );
}

#[test]
fn a_very_long_text_is_cut_in_the_middle() {
    let seen = format!("begin{}end", "ü]]>\u{1b}[0m".repeat(100_000));
    let verdict = json!({ "kind": "fail", "findings": [finding("keeps", "x", &seen, "p")] });
    let document = document(&record("check", &[case("volume/shared", 1, &verdict)]));
    assert!(document.len() < 400_000, "{}", document.len());
    let report = read(&document);
    let body = body(cases(&report)[0]);
    assert!(body.starts_with("keeps: expected x, seen beginü]]>ü"));
    assert!(body.ends_with("end (p)"));
    assert!(body.contains("bytes left out"));
    assert!(message(cases(&report)[0]).chars().count() <= 1000);
}

#[test]
fn an_empty_reason_still_has_a_message() {
    let cases_of = [skip(" \n"), inconclusive(""), json!({ "kind": "fail", "findings": [] })];
    let cases_of: Vec<_> = cases_of.iter().map(|verdict| case("volume/shared", 1, verdict)).collect();
    let report = read(&document(&record("check", &cases_of)));
    for case in cases(&report) {
        assert!(message(case).ends_with("no reason was given"), "{}", message(case));
    }
}

#[test]
fn a_run_without_cases_gives_a_document() {
    let report = read(&document(&record("check", &[])));
    assert_eq!((report.tests, report.test_suites.len()), (0, 0));
}

#[test]
fn impossible_times_do_not_break_the_document() {
    let mut record = checked();
    record.ended = "-009000-01-01T00:00:00Z".parse().unwrap();
    record.cases[0].started = "9999-12-30T00:00:00Z".parse().unwrap();
    record.cases[1].seconds = f64::NAN;
    record.cases[2].seconds = -1.0;
    record.cases[3].seconds = 1e300;
    let report = read(&document(&record));
    assert_eq!(report.time.unwrap().as_millis(), 0);
}

#[test]
fn the_file_is_written_completely_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("junit.xml");
    write_junit(folder.path(), &checked(), JunitProfile::RICH).unwrap();
    let document = junit_document(&checked(), folder.path(), JunitProfile::RICH).unwrap();
    assert_eq!(fs::read(&file).unwrap(), document);

    let nowhere = file.join("no/such");
    let error = write_junit(&nowhere, &checked(), JunitProfile::RICH).unwrap_err();
    assert_eq!(error.to_string(), format!("write {}", nowhere.join("junit.xml").display()));
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1);
}

/// If this fails, `junit-report` has begun to split `]]>` itself, and podproof must no longer do so.
#[test]
fn the_junit_report_crate_writes_cdata_unchanged() {
    let mut failure = TestCaseBuilder::failure("name", Duration::ZERO, "type", "message");
    failure.set_trace("a ]]]]><![CDATA[> b").set_system_out("c ]]]]><![CDATA[> d");
    let mut report = Skeleton::new();
    report.add_testsuite(TestSuiteBuilder::new("suite").add_testcase(failure.build()).build());
    let mut document = Vec::new();
    report.write_xml(&mut document).unwrap();
    let document = String::from_utf8(document).unwrap();
    assert!(document.contains("<![CDATA[a ]]]]><![CDATA[> b]]>"), "{document}");
    assert!(document.contains("<![CDATA[c ]]]]><![CDATA[> d]]>"), "{document}");
}

/// Any text, with harmful sequences more often than by chance.
fn hostile() -> impl Strategy<Value = String> {
    const HARM: [&str; 14] = [
        "]]>",
        "]]",
        ">",
        "<![CDATA[",
        "<",
        "&#0;",
        "\u{1b}[31m",
        "\u{1b}]0;",
        "\u{7}",
        "\u{9b}",
        "\0",
        "\u{FFFE}",
        "\r",
        "\n",
    ];
    let piece = prop_oneof![
        proptest::sample::select(&HARM[..]).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        ".{0,5}",
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn any_verdict() -> impl Strategy<Value = Value> {
    let any_finding = (hostile(), hostile(), hostile(), hostile())
        .prop_map(|(assertion, expected, seen, pointer)| finding(&assertion, &expected, &seen, &pointer));
    prop_oneof![
        Just(pass()),
        hostile().prop_map(|reason| skip(&reason)),
        hostile().prop_map(|reason| inconclusive(&reason)),
        vec(any_finding, 0..4).prop_map(|findings| json!({ "kind": "fail", "findings": findings })),
    ]
}

/// The index of the attempt that counts.
fn counting(attempts: &[Value]) -> usize {
    let rank = |verdict: &Value| {
        ["fail", "pass", "inconclusive", "skip"].iter().position(|kind| verdict["kind"] == *kind)
    };
    attempts.iter().enumerate().min_by_key(|(_, verdict)| rank(verdict)).unwrap().0
}

fn any_case() -> impl Strategy<Value = Value> {
    let texts = (hostile(), hostile(), vec(hostile(), 0..3), hostile());
    let area = proptest::sample::select(&["volume", "ipc"][..]);
    let attempts = vec(any_verdict(), 0..4);
    (area, any::<bool>(), any_verdict(), attempts, texts).prop_map(
        |(area, mutated, verdict, attempts, (title, slug, faults, name))| {
            let claim = format!("{area}/claim");
            let mut case = match (mutated, attempts.len()) {
                (true, _) => mutant(&claim, &name, 1, &verdict),
                (false, 0 | 1) => case(&claim, 1, &verdict),
                (false, _) => retried(&claim, 1, &attempts, counting(&attempts)),
            };
            case["title"] = json!(title);
            case["slug"] = json!(slug);
            case["faults"] = json!(faults);
            case
        },
    )
}

pub fn any_record() -> impl Strategy<Value = RunRecord> {
    let texts = (hostile(), hostile(), proptest::option::of(hostile()), vec(hostile(), 0..3));
    (vec(any_case(), 0..6), texts).prop_map(|(cases, (version, runtime, interrupted, faults))| {
        let mut record = record("check", &cases);
        record.podproof.clone_from(&version);
        record.cluster.nodes[0].name.clone_from(&version);
        record.cluster.version = version;
        record.cluster.nodes[0].runtime = runtime;
        record.interrupted = interrupted;
        record.faults = faults;
        record
    })
}

proptest! {
    #[test]
    fn any_record_gives_a_document_with_correct_counts(record in any_record()) {
        let report = read(&document(&record));
        let counts = record.counts();
        let declared = (report.tests, report.failures, report.errors, report.skipped);
        prop_assert_eq!(declared, (record.cases.len(), counts.fail + counts.flaky, counts.inconclusive, counts.skip));
        let statuses: Vec<_> = cases(&report).iter().map(|case| status(case)).collect();
        let count = |start: &str| statuses.iter().filter(|status| status.starts_with(start)).count();
        let read = (count("success"), count("failure"), count("error"), count("skipped"));
        prop_assert_eq!(read, (counts.pass, counts.fail + counts.flaky, counts.inconclusive, counts.skip));
    }

    #[test]
    fn any_text_in_a_proof_is_well_formed_and_never_a_false_success(verdict in any_verdict(), name in hostile()) {
        let record = record("prove", &[case("ipc/x", 1, &pass()), mutant("ipc/x", &name, 5, &verdict)]);
        let report = read(&document(&record));
        // No assertion of these verdicts is the one that must fail.
        let status = status(cases(&report)[1]);
        prop_assert_ne!(status, "success");
    }
}

#[test]
fn fail_and_inconclusive_never_share_an_element() {
    let cases_of = [case("ipc/a", 1, &fail(&["keeps"])), case("ipc/b", 1, &inconclusive("keeps"))];
    let report = read(&document(&record("check", &cases_of)));
    let [failed, unclear] = cases(&report)[..] else { panic!("two cases") };
    assert_matches!(failed.status, TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. });
    assert_matches!(unclear.status, TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, .. });
}
