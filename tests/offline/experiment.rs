//! The startup experiment: its strategies, its statistics, how trials are read, and its files.

use std::fs;
use std::path::{Path, PathBuf};

use podproof::experiment::{Strategy, read_trial};
use podproof_core::evidence::Evidence;
use podproof_core::plan::{Manifest, Tree};
use podproof_core::report::{Styles, experiment_table, trials_csv};
use podproof_core::statistics::{Distribution, Share, nearest_rank};
use podproof_core::trials::{
    ExperimentRecord, ListOrder, Measured, Start, Trial, TrialGroup, TrialOutcome, read_experiment,
    write_experiment,
};
use podproof_tests::{podproof, root, run};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use crate::judge::with_one_part_removed;

fn tree() -> Tree {
    Tree::Folder(root().join("manifests"))
}

fn containers(pod: &Value, list: &str) -> Vec<Value> {
    pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array).cloned().unwrap_or_default()
}

#[test]
fn each_strategy_has_a_manifest_and_there_are_no_others() {
    let mut files: Vec<_> = fs::read_dir(root().join("manifests/experiments/startup"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut names = Strategy::names();
    names.sort_unstable();
    assert_eq!(files, names);
}

#[test]
fn the_two_pods_of_a_strategy_differ_only_in_the_order_of_containers() {
    for name in Strategy::names() {
        let manifest = Manifest::read(&tree(), &format!("experiments/startup/{name}.yaml")).unwrap();
        assert_eq!(manifest.names(), ["original", "swapped"], "{name}");
        let [original, swapped] = ["original", "swapped"].map(|pod| manifest.object(pod).unwrap());
        let mut reversed = containers(swapped, "containers");
        reversed.reverse();
        assert_eq!(containers(original, "containers"), reversed, "{name}");
        assert_eq!(containers(original, "initContainers"), containers(swapped, "initContainers"), "{name}");
        let all = [containers(original, "containers"), containers(original, "initContainers")].concat();
        for program in ["producer", "consumer"] {
            assert!(all.iter().any(|container| container["name"] == program), "{name} has no {program}");
        }
        // The sidecar is an init container, so it starts first in either order.
        if name != "sidecar" {
            assert_eq!(containers(original, "containers")[0]["name"], "producer", "{name}");
        }
    }
}

#[test]
fn every_manifest_begins_with_a_comment() {
    for name in Strategy::names() {
        let file = root().join(format!("manifests/experiments/startup/{name}.yaml"));
        assert!(fs::read_to_string(file).unwrap().starts_with("# "), "{name}");
    }
}

proptest! {
    #[test]
    fn an_interval_contains_the_share_and_is_within_0_and_1(of in 1_u32..5000, part in 0.0..=1.0_f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a small number")]
        let count = (f64::from(of) * part) as u32;
        let share = Share::of(count, of).unwrap();
        prop_assert!(0.0 <= share.low && share.low <= share.share);
        prop_assert!(share.share <= share.high && share.high <= 1.0);
        // The interval of the complement is its mirror image.
        let other = Share::of(of - count, of).unwrap();
        prop_assert!((share.low - (1.0 - other.high)).abs() < 1e-9);
        // The same share of more trials has a narrower interval.
        let more = Share::of(count * 4, of * 4).unwrap();
        prop_assert!(more.high - more.low < share.high - share.low);
    }

    #[test]
    fn a_percentile_splits_the_values(mut values in prop::collection::vec(any::<i64>(), 1..200), percent in 0_u32..=100) {
        values.sort_unstable();
        let value = nearest_rank(&values, percent).unwrap();
        let not_above = values.iter().filter(|other| **other <= value).count();
        let below = values.iter().filter(|other| **other < value).count();
        prop_assert!(values.contains(&value));
        prop_assert!(not_above * 100 >= values.len() * percent as usize);
        prop_assert!(percent == 0 || below * 100 < values.len() * percent as usize);
    }

    #[test]
    fn a_distribution_is_in_order(values in prop::collection::vec(-1_000_000_000_000..1_000_000_000_000_i64, 1..200)) {
        let Distribution { count, min, p50, p90, p99, max } = Distribution::of(values.clone()).unwrap();
        prop_assert_eq!(count, values.len());
        prop_assert!(min <= p50 && p50 <= p90 && p90 <= p99 && p99 <= max);
    }

    #[test]
    fn any_text_keeps_the_shape_of_the_csv(texts in prop::collection::vec(any::<String>(), 1..6)) {
        let trials: Vec<_> = texts.iter().map(|text| trial(TrialOutcome::Inconclusive(text.clone()))).collect();
        let csv = trials_csv(&record(&[group(trials)]));
        let rows = parsed(&csv);
        prop_assert_eq!(rows.len(), texts.len() + 1);
        for row in rows {
            prop_assert_eq!(row.len(), 22);
            // A spreadsheet or a terminal would interpret these characters.
            prop_assert!(row.iter().all(|field| !field.starts_with(['=', '+', '@', '\t', '\r'])));
            prop_assert!(row.iter().all(|field| !field.contains(char::is_control)));
        }
    }
}

/// Parses CSV by RFC 4180, independently of the writer.
fn parsed(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            _ => field.push(c),
        }
    }
    assert!(row.is_empty() && field.is_empty(), "the last line has no end");
    rows
}

pub(crate) fn trial(outcome: TrialOutcome) -> Trial {
    let at = |boottime_ns| Start { boottime_ns: Some(boottime_ns), ticks: Some(7), ..Start::default() };
    Trial {
        number: 1,
        namespace: "podproof-3fa9c1d2-0-none-original".to_owned(),
        pod: "trial-1".to_owned(),
        outcome,
        restarts: 0,
        producer: at(2_000_000),
        consumer: at(500_000),
    }
}

pub(crate) fn group(trials: Vec<Trial>) -> TrialGroup {
    TrialGroup {
        strategy: "none".to_owned(),
        order: ListOrder::Swapped,
        skipped: None,
        measured: Measured::of(&trials),
        trials,
    }
}

pub(crate) fn record(groups: &[TrialGroup]) -> ExperimentRecord {
    let cluster = crate::record::record("check", &[]).cluster;
    serde_json::from_value(json!({
        "format": 1, "experiment": "startup", "run": "20261122-100000-3fa9c1d2", "podproof": "0.1.0",
        "started": "2026-11-22T10:00:00Z", "ended": "2026-11-22T10:01:00Z", "cluster": cluster,
        "trials": 2, "parallel": 2, "interrupted": null, "groups": groups, "faults": [],
    }))
    .unwrap()
}

#[test]
fn inconclusive_trials_are_in_no_share() {
    let lost = || TrialOutcome::Lost("no queue".to_owned());
    let inconclusive = TrialOutcome::Inconclusive("evicted".to_owned());
    let measured = Measured::of(&[trial(TrialOutcome::Completed), trial(lost()), trial(inconclusive)]);
    assert_eq!(measured.completed, Share::of(1, 2));
    assert_eq!((measured.lost, measured.hung, measured.inconclusive), (1, 0, 1));
    assert_eq!(measured.gap_by_clock_ms.map(|gap| gap.min), Some(-1.5));
    // The gap by ticks needs the length of a tick.
    assert_eq!(measured.gap_by_ticks_ms, None);
    assert_eq!(Measured::of(&[]), Measured::default());
}

#[test]
fn the_table_shows_shares_gaps_and_skipped_groups() {
    let inconclusive = trial(TrialOutcome::Inconclusive("evil \u{1B}[2J".to_owned()));
    let mut skipped = group(Vec::new());
    skipped.skipped = Some("Kubernetes 1.29 is needed, this is v1.20.2".to_owned());
    let groups = [group(vec![trial(TrialOutcome::Completed), inconclusive]), skipped];
    let text = experiment_table(&record(&groups), Path::new("runs/x"), &Styles::default());
    for part in [
        "none      swapped       2    100.0 %  20.7 to 100.0 %     0     0             1",
        "none      swapped       2  -1.5  -1.5  -1.5  -1.5  -1.5",
        "skipped: none swapped: Kubernetes 1.29 is needed",
        r"inconclusive: none swapped 1: evil \u{1b}[2J",
        "2 trials, 2 in parallel, after 60.0 s on v1.20.2, evidence in runs/x",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

fn recorded(name: &str) -> Evidence {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/experiment").join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[rstest]
#[case::completed("none-original", "completed", 0)]
#[case::lost("none-swapped", "lost", 0)]
#[case::hung("init-waits-original", "hung", 0)]
#[case::restarted("onfailure-swapped", "completed", 1)]
fn a_recorded_trial_has_its_outcome_and_restarts(
    #[case] name: &str,
    #[case] outcome: &str,
    #[case] restarts: i32,
) {
    let trial = read_trial(&recorded(name), "trial-1", 1);
    assert_eq!((trial.outcome.word(), trial.restarts), (outcome, restarts), "{trial:?}");
    if outcome == "hung" {
        assert_eq!(trial.gap_by_clock(), None);
        return;
    }
    // All three clocks agree on the order.
    let first = name.ends_with("original");
    for gap in [trial.gap_by_clock(), trial.gap_by_event(), trial.gap_by_ticks()] {
        assert_eq!(gap.map(|gap| gap > 0), Some(first), "{trial:?}");
    }
}

#[rstest]
fn missing_evidence_never_makes_another_outcome(#[files("fixtures/experiment/*.json")] file: PathBuf) {
    let evidence = recorded(file.file_stem().unwrap().to_str().unwrap());
    let whole = read_trial(&evidence, "trial-1", 1).outcome;
    let mut needed = 0;
    for (what, rest) in with_one_part_removed(&evidence) {
        match read_trial(&rest, "trial-1", 1).outcome {
            TrialOutcome::Inconclusive(_) => needed += 1,
            other => assert_eq!(other.word(), whole.word(), "without {what}"),
        }
    }
    assert!(needed >= 2, "only {needed} parts of the evidence are needed");
}

#[test]
fn a_trial_whose_pod_was_evicted_is_inconclusive() {
    let mut evidence = recorded("none-swapped");
    for seen in &mut evidence.timeline {
        seen.pod.status.as_mut().unwrap().reason = Some("Evicted".to_owned());
    }
    let outcome = read_trial(&evidence, "trial-1", 1).outcome;
    assert!(matches!(&outcome, TrialOutcome::Inconclusive(why) if why.contains("Evicted")), "{outcome:?}");
}

#[test]
fn a_missing_message_is_a_lost_trial() {
    let mut evidence = recorded("none-original");
    let consumer = evidence.logs.iter_mut().find(|log| log.container == "consumer").unwrap();
    let at = consumer.lines.iter().position(|line| line.text.starts_with("Consumed: ")).unwrap();
    // Not the first message: the beginning of a log may be missing.
    consumer.lines.remove(at + 3);
    assert_eq!(read_trial(&evidence, "trial-1", 1).outcome.word(), "lost");
}

#[test]
fn an_unknown_strategy_exits_4_and_lists_all_strategies() {
    let args = ["experiment", "startup", "--context", "none", "--strategy", "retri"];
    let ended = run(&mut podproof(args)).exits(4);
    assert!(ended.stderr.contains("retri") && ended.stderr.contains("marker-file"), "{ended}");
}

#[rstest]
#[case::no_cluster(&["experiment", "startup"])]
#[case::no_trials(&["experiment", "startup", "--context", "x", "--trials", "0"])]
#[case::nothing_to_measure(&["experiment"])]
fn wrong_usage_exits_2(#[case] args: &[&str]) {
    assert!(run(&mut podproof(args)).exits(2).stdout.is_empty());
}

#[test]
fn the_journal_of_a_killed_experiment_is_read_up_to_its_last_complete_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let head = record(&[group(Vec::new())]);
    let lost = trial(TrialOutcome::Lost("no queue".to_owned()));
    let batch = |trials: &[Trial]| json!({ "group": 0, "trials": trials }).to_string();
    let whole = [
        serde_json::to_string(&ExperimentRecord {
            interrupted: Some("being killed".to_owned()),
            ..head.clone()
        })
        .unwrap(),
        batch(&[trial(TrialOutcome::Completed), lost]),
        batch(&[trial(TrialOutcome::Completed)]),
    ];
    let text = format!("{}\n", whole.join("\n"));
    for end in whole[0].len() + 1..=text.len() {
        fs::write(folder.join("experiment.jsonl"), &text[..end]).unwrap();
        let read = read_experiment(folder).unwrap();
        let expected = match text[..end].matches('\n').count() {
            1 => None,
            2 => Share::of(1, 2),
            _ => Share::of(2, 3),
        };
        assert_eq!(read.groups[0].measured.completed, expected, "cut at {end}");
        assert_eq!(read.interrupted.as_deref(), Some("being killed"));
    }
    // A report can be made from the journal. A finished record takes precedence and removes it.
    let _ = run(podproof(["report"]).arg(folder)).exits(0);
    assert!(fs::read_to_string(folder.join("report.html")).unwrap().contains("being killed"));
    write_experiment(folder, &head).unwrap();
    assert_eq!(read_experiment(folder).unwrap(), head);
    assert!(!folder.join("experiment.jsonl").exists());
    // An invalid journal is an error.
    fs::remove_file(folder.join("experiment.json")).unwrap();
    fs::write(folder.join("experiment.jsonl"), format!("{}\n{{\"group\": 9, \"trials\": []}}\n", whole[0]))
        .unwrap();
    assert!(read_experiment(folder).unwrap_err().to_string().contains("experiment.jsonl"));
}
