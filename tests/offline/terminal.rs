//! The terminal output.

use std::path::Path;

use podproof_core::record::{CaseRecord, Event, RunOutcome, RunRecord, TimedEvent};
use podproof_core::report::{LiveLines, Styles, json_line, table};
use rstest::rstest;
use serde_json::{Value, json};

use crate::record::{case, checked, finding, inconclusive, pass, record, record_of_prove_run};

pub fn plain(record: &RunRecord) -> String {
    table(record, Path::new("runs/20261122-100000-3fa9c1d2"), &Styles::default())
}

/// The events of a run that went as `record` says.
pub fn events(record: &RunRecord) -> Vec<TimedEvent> {
    let started = Event::RunStarted {
        run: record.run.clone(),
        purpose: record.purpose,
        planned: record.cases.len(),
        parallel: record.parallel,
        cluster: record.cluster.clone(),
    };
    let cases = record.cases.iter().enumerate().flat_map(|(index, case)| {
        let retried = case.attempts.iter().zip(2..).take(case.attempts.len().saturating_sub(1));
        let retried = retried.map(move |(last, attempt)| {
            let (verdict, slug) = (last.verdict.clone(), last.slug.clone());
            let last = CaseRecord { verdict, slug, attempts: Vec::new(), ..case.clone() };
            Event::CaseRetried { index, attempt, last: Box::new(last) }
        });
        let started = Event::CaseStarted { index, slug: case.slug.clone() };
        let finished = Event::CaseFinished { index, case: Box::new(case.clone()) };
        [started].into_iter().chain(retried).chain([finished])
    });
    let end = [
        Event::CancelRequested { reason: "SIGINT".to_owned() },
        Event::CleanupStarted,
        Event::RunFinished { outcome: RunOutcome::of(record) },
    ];
    let timed = |event| TimedEvent { format: 1, at: record.started, event };
    [started].into_iter().chain(cases).chain(end).map(timed).collect()
}

pub fn live(record: &RunRecord) -> String {
    let mut lines = LiveLines::new(Styles::default());
    events(record).iter().filter_map(|event| lines.line(event)).collect()
}

#[test]
fn the_table_of_a_run() {
    insta::assert_snapshot!(plain(&checked()), @r##"
    VERDICT       CLAIM                    SECONDS  WHAT
    PASS          volume/shared                3.2  The claim volume/shared holds.
    FAIL          volume/survives-sigkill      3.2  same-content, same-inode
    INCONCLUSIVE  ipc/two-containers           3.2  the image is not there:\nErrImageNeverPull
    SKIP          ipc/article                  3.2  needs v1.29 or newer
    PASS          volume/shared (round 2)      3.2  The claim volume/shared holds.

    FAIL volume/survives-sigkill
      The claim volume/survives-sigkill holds.
      same-content
        expected the token abc
        seen     \u{1b}[31mtwo\u{1b}[0m
                 lines ]]> here
        where    logs[0].lines[3]
      same-inode
        expected 12
        seen     13 <or> "14" & more
        where    probe[1]
      evidence runs/20261122-100000-3fa9c1d2/cases/volume/survives-sigkill/evidence.json

    INCONCLUSIVE ipc/two-containers
      The claim ipc/two-containers holds.
      the image is not there:
      ErrImageNeverPull

    FAULT volume/survives-sigkill: namespace podproof-3fa9c1d2-1 is not gone
    FAULT events.jsonl is not whole

    nonconformant (5 executions: 2 passed, 1 failed, 1 inconclusive, 1 skipped) after 41.2 s on v1.20.2, evidence in runs/20261122-100000-3fa9c1d2
    "##);
}

#[test]
fn the_table_of_a_proof() {
    insta::assert_snapshot!(plain(&record_of_prove_run()), @r##"
    PROOF            CASE                MUTANT     KILLED BY   SECONDS  WHAT
    PASS             volume/shared       -          -               3.2  passes without a mutant
    KILLED           volume/shared       no-volume  keeps           3.2  the volume is on the root file system
    SURVIVED         volume/shared       host-path  -               3.2  keeps must fail
    WRONG-ASSERTION  volume/shared       other-pod  same-inode      3.2  keeps must fail
    INCONCLUSIVE     volume/shared       too-big    -               3.2  Unschedulable
    FAIL             ipc/article         -          -               3.2  fails without a mutant: all-consumed
    INCONCLUSIVE     ipc/article         no-queue   -               3.2  the case does not pass without the mutant
    SKIP             startup/spec-order  -          -               3.2  needs v1.29 or newer

    SURVIVED volume/shared under host-path
      The claim volume/shared holds.
      passed although the volume is on the root file system; keeps must fail
      evidence runs/20261122-100000-3fa9c1d2/cases/volume/shared~host-path/evidence.json

    WRONG-ASSERTION volume/shared under other-pod
      The claim volume/shared holds.
      keeps must fail
      same-inode
        expected the token abc
        seen     nothing
        where    logs[0].lines[3]
      evidence runs/20261122-100000-3fa9c1d2/cases/volume/shared~other-pod/evidence.json

    INCONCLUSIVE volume/shared under too-big
      The claim volume/shared holds.
      Unschedulable

    FAIL ipc/article
      The claim ipc/article holds.
      all-consumed
        expected the token abc
        seen     nothing
        where    logs[0].lines[3]
      evidence runs/20261122-100000-3fa9c1d2/cases/ipc/article/evidence.json

    INCONCLUSIVE ipc/article under no-queue
      The claim ipc/article holds.
      the case does not pass without the mutant
      evidence runs/20261122-100000-3fa9c1d2/cases/ipc/article~no-queue/evidence.json

    nonconformant (3 cases: 1 passed, 1 failed, 1 skipped; 5 mutants: 1 killed, 1 survived, 1 killed by the wrong assertion, 2 inconclusive) after 41.2 s on v1.20.2, evidence in runs/20261122-100000-3fa9c1d2
    "##);
}

#[test]
fn the_lines_of_a_run() {
    insta::assert_snapshot!(live(&checked()), @r##"
    RUN                   20261122-100000-3fa9c1d2: 5 executions, 4 in parallel, on v1.20.2
    ON                    1 node: containerd://1.6.20, Debian GNU/Linux 12, Linux 6.1.0, amd64; no cluster DNS
    PASS            3.2s  volume/shared
    FAIL            3.2s  volume/survives-sigkill: same-content, same-inode (1 fault)
    INCONCLUSIVE    3.2s  ipc/two-containers: the image is not there:\nErrImageNeverPull
    SKIP            3.2s  ipc/article: needs v1.29 or newer
    PASS            3.2s  volume/shared.2
    STOP                  SIGINT: no new cases start
    CLEAN                 waiting for the namespaces to be deleted
    END                   nonconformant
    "##);
}

#[test]
fn the_lines_of_a_proof() {
    insta::assert_snapshot!(live(&record_of_prove_run()), @r##"
    RUN                      20261122-100000-3fa9c1d2: 8 executions, 4 in parallel, on v1.20.2
    ON                       1 node: containerd://1.6.20, Debian GNU/Linux 12, Linux 6.1.0, amd64; no cluster DNS
    PASS               3.2s  volume/shared
    KILLED             3.2s  volume/shared~no-volume: keeps, neighbour
    SURVIVED           3.2s  volume/shared~host-path
    WRONG-ASSERTION    3.2s  volume/shared~other-pod: same-inode
    INCONCLUSIVE       3.2s  volume/shared~too-big: Unschedulable
    FAIL               3.2s  ipc/article: all-consumed
    INCONCLUSIVE       3.2s  ipc/article~no-queue: the case does not pass without the mutant
    SKIP               3.2s  startup/spec-order: needs v1.29 or newer
    STOP                     SIGINT: no new cases start
    CLEAN                    waiting for the namespaces to be deleted
    END                      nonconformant
    "##);
}

#[test]
fn the_facts_of_the_cluster_are_one_line() {
    let mut record = record("check", &[]);
    let mut two = record.cluster.nodes[0].clone();
    two.runtime = "cri-o://1.30.0".to_owned();
    two.schedulable = false;
    two.capabilities.cgroup = Some(2);
    record.cluster.nodes.push(two);
    record.cluster.cluster_dns = true;
    record.cluster.capabilities = serde_json::from_value(json!({
        "runtime_classes": [{ "name": "gvisor", "handler": "runsc" }], "pod_security": true,
        "missing_rights": ["create pods/exec", "get pods/log", "list nodes", "get nodes/proxy"],
    }))
    .unwrap();
    let line = live(&record).lines().nth(1).unwrap().to_owned();
    assert_eq!(
        line,
        "ON                    2 nodes, 1 schedulable: containerd://1.6.20 or cri-o://1.30.0, Debian GNU/Linux 12, \
         Linux 6.1.0, amd64, cgroup v2; cluster DNS; Pod Security is enforced; runtime classes gvisor; \
         you may not: create pods/exec, get pods/log, list nodes and 1 more"
    );
}

#[test]
fn a_note_on_the_runtime_is_shown_only_with_a_finding() {
    let note = "on gVisor: it has no mq_timedsend (gvisor.dev/issue/136)";
    let mut record = checked();
    for case in &mut record.cases {
        case.notes = vec![note.to_owned()];
    }
    let table = plain(&record);
    assert_eq!(table.matches(note).count(), 1, "{table}");
    let failed = table.split("FAIL volume/survives-sigkill").nth(1).unwrap();
    let section = failed.split("evidence").next().unwrap();
    assert!(section.ends_with(&format!("  note {note}\n  ")), "{section}");
    record.cases[1].notes.clear();
    assert_eq!(plain(&record), plain(&checked()));
}

#[test]
fn one_case_is_singular() {
    let table = plain(&record("check", &[case("volume/shared", 1, &pass())]));
    assert!(table.contains("(1 case: 1 passed)"), "{table}");
}

#[test]
fn a_run_without_cases_is_inconclusive() {
    let table = plain(&record("check", &[]));
    assert!(table.contains("inconclusive (0 cases)"), "{table}");
}

/// Asserts that the text has no control characters except LF and none that reorder text.
fn assert_harmless(text: &str) {
    let harm: Vec<_> = text
        .chars()
        .filter(|c| {
            (c.is_control() && *c != '\n') || ('\u{202A}'..='\u{202E}').contains(c) || *c == '\u{2066}'
        })
        .collect();
    assert!(harm.is_empty(), "{harm:?} in {text}");
}

fn hostile() -> RunRecord {
    let text = "a\u{1b}[2Jb\u{9b}31mc\u{202E}d\u{2066}e\u{7}f\0g\rPASS volume/shared\n\th\u{7f}";
    let verdict = json!({ "kind": "fail", "findings": [finding(text, text, text, text)] });
    let mut cases = vec![case("volume/shared", 1, &verdict), case("ipc/article", 2, &inconclusive(text))];
    for case in &mut cases {
        case["title"] = json!(text);
        case["slug"] = json!(text);
        case["faults"] = json!([text]);
    }
    let mut record = record("check", &cases);
    text.clone_into(&mut record.cluster.version);
    record.interrupted = Some(text.to_owned());
    record.faults = vec![text.to_owned()];
    record
}

#[test]
fn hostile_text_is_escaped() {
    assert_harmless(&live(&hostile()));
    let table = plain(&hostile()).replace('\t', "");
    assert_harmless(&table);
    assert!(table.contains(r"a\u{1b}[2Jb\u{9b}31mc\u{202e}d\u{2066}e\u{7}f\u{0}g\rPASS"), "{table}");
    // A hostile text cannot begin a line.
    assert!(!table.contains("\nPASS"), "{table}");
}

#[test]
fn a_very_long_text_is_cut() {
    let text = "ü".repeat(1 << 20);
    let verdict = json!({ "kind": "fail", "findings": [finding(&text, &text, &text, &text)] });
    let table = plain(&record("check", &[case("volume/shared", 1, &verdict)]));
    assert!(table.len() < 10_000, "{}", table.len());
    assert!(table.contains("bytes left out"), "{table}");
}

#[test]
fn a_json_line_is_escaped_and_keeps_its_meaning() {
    for event in events(&hostile()) {
        let line = json_line(&event).unwrap();
        assert_harmless(&line);
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read, serde_json::to_value(&event).unwrap());
        assert_eq!(line.lines().count(), 1);
    }
}

#[rstest]
#[case::checked(checked())]
#[case::proved(record_of_prove_run())]
fn colour_adds_nothing_but_colour(#[case] record: RunRecord) {
    let coloured = table(&record, Path::new("runs/20261122-100000-3fa9c1d2"), &Styles::coloured());
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let mut stripped = Vec::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        stripped.push(before);
        rest = after.split_once('m').unwrap().1;
    }
    stripped.push(rest);
    assert_eq!(stripped.concat(), plain(&record));
    assert!(!plain(&record).contains('\u{1b}'));
}

#[test]
fn the_path_of_evidence_is_shown_only_if_it_exists() {
    let folder = tempfile::tempdir().unwrap();
    let record = record("check", &[case("ipc/article", 1, &inconclusive("the API server is silent"))]);
    let shown = |folder: &Path| table(&record, folder, &Styles::default());
    let place = folder.path().join("cases/ipc/article");
    assert!(!shown(folder.path()).contains("evidence.json"));
    // A folder without the file does not count.
    std::fs::create_dir_all(place.join("logs")).unwrap();
    assert!(!shown(folder.path()).contains("evidence.json"));
    std::fs::write(place.join("evidence.json"), "{}").unwrap();
    assert!(shown(folder.path()).contains(&format!("evidence {}", place.join("evidence.json").display())));
}
