//! The page of an experiment.

use std::fs;

use podproof_core::report::experiment_page;
use podproof_core::trials::{
    ExperimentRecord, Measured, Trial, TrialOutcome, read_experiment, write_experiment,
};
use podproof_tests::{podproof, run};

use crate::experiment::{group, record, trial};
use crate::markup::{assert_harmless, tags};

/// `count` trials, each a millisecond later than the one before, every third of which lost messages.
fn trials(count: u32) -> Vec<Trial> {
    let trial = |number: u32| {
        let outcome = if number.is_multiple_of(3) {
            TrialOutcome::Lost("no queue".to_owned())
        } else {
            TrialOutcome::Completed
        };
        let mut trial = trial(outcome);
        trial.number = number;
        trial.consumer.boottime_ns = Some(u64::from(number) * 1_000_000);
        trial
    };
    (0..count).map(trial).collect()
}

fn measured() -> ExperimentRecord {
    let mut skipped = group(Vec::new());
    skipped.skipped = Some("Kubernetes 1.29 is needed".to_owned());
    let mut hung = group(vec![trial(TrialOutcome::Hung("nothing goes on".to_owned()))]);
    hung.trials[0].consumer.boottime_ns = None;
    hung.measured = Measured::of(&hung.trials);
    record(&[group(trials(30)), hung, skipped])
}

#[test]
fn the_page_has_plots_and_numbers() {
    let record = measured();
    let page = experiment_page(&record);
    assert_harmless(&tags(&page));
    assert_eq!(page, experiment_page(&record), "the same record gives the same bytes");
    for words in [
        "20 of 30: 66.7 %, 95 % interval 48.8 to 80.8 %",
        "<td class=\"number\">66.7 %</td><td class=\"number\">48.8 to 80.8 %</td>",
        "role=\"img\" aria-labelledby=\"gaps-title gaps-text\"",
        "<line class=\"zero\"",
        "p50: 12.0 ms",
        "no trial in which both started",
        "<span class=\"tag warn\">skipped</span> none swapped: Kubernetes 1.29 is needed",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(page.matches("<circle class=\"point\"").count(), 30);
    assert!(page.contains("default-src 'none'; style-src") && !page.contains("<script"));
}

#[test]
fn an_experiment_without_groups_has_a_page() {
    assert_harmless(&tags(&experiment_page(&record(&[]))));
}

#[test]
fn a_large_experiment_has_a_small_page() {
    let groups = vec![group(trials(20_000)); 18];
    let page = experiment_page(&record(&groups));
    assert!(page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn hostile_text_in_an_experiment_is_escaped() {
    const HOSTILE: &str = "</title></svg><script>alert(1)</script>\u{1b}[31m\u{202E}\"";
    let mut record =
        record(&[group(vec![trial(TrialOutcome::Inconclusive(HOSTILE.to_owned()))]), group(Vec::new())]);
    for text in [&mut record.experiment, &mut record.podproof, &mut record.cluster.version] {
        HOSTILE.clone_into(text);
    }
    record.faults = vec![HOSTILE.to_owned()];
    record.interrupted = Some(HOSTILE.to_owned());
    record.groups[1].skipped = Some(HOSTILE.to_owned());
    HOSTILE.clone_into(&mut record.groups[0].strategy);
    let page = experiment_page(&record);
    assert_harmless(&tags(&page));
    assert!(!page.contains("<script"));
}

#[test]
fn report_writes_the_page_of_an_experiment_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    write_experiment(folder.path(), &measured()).unwrap();
    assert_eq!(read_experiment(folder.path()).unwrap(), measured());
    let ended = run(podproof(["report"]).arg(folder.path())).exits(0);
    assert!(ended.stdout.ends_with("report.html\n"), "{ended}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert_eq!(page, experiment_page(&measured()));
    assert!(folder.path().join("trials.csv").is_file());
    fs::write(folder.path().join("experiment.json"), "{}").unwrap();
    let _ = run(podproof(["report"]).arg(folder.path())).exits(96);
}
