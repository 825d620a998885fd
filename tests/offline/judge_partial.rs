//! Verdicts from evidence that was cut off, or that shows something in one place only.

use std::path::PathBuf;

use podproof_core::evidence::{LogLine, Mark};
use podproof_core::judge::Verdict;
use rstest::rstest;

use crate::judge::Recorded;
use crate::judge_overlays::{expect_inconclusive, ordinary};

/// Errors that a kubelet sends instead of a log.
const KUBELET_ERRORS: [&str; 2] = [
    "unable to retrieve container logs for containerd://0123456789abcdef",
    "failed to try resolving symlinks in path \"/var/log/pods/a/b/0.log\": no such file or directory",
];

#[rstest]
fn an_error_of_the_kubelet_is_not_taken_for_a_log(
    #[files("fixtures/evidence/*/*/green.json")] file: PathBuf,
) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    for line in KUBELET_ERRORS {
        for at in 0..evidence.logs.len() {
            let mut lost = evidence.clone();
            lost.logs[at].lines = vec![LogLine { at: None, text: line.to_owned() }];
            let log = &lost.logs[at];
            assert_eq!((log.why_incomplete(), log.is_empty()), (Some(line), true));
            let verdict = case.verdict(&lost);
            assert!(!matches!(verdict, Verdict::Fail { .. }), "{}: {verdict:?}", log.container);
        }
    }
}

#[rstest]
fn a_truncated_log_never_makes_a_fail(#[files("fixtures/evidence/*/*/green.json")] file: PathBuf) {
    let Recorded { case, evidence, .. } = Recorded::read(&file);
    let cut_off = |which: &[&str], lost: usize, its_end: bool| {
        let mut cut = evidence.clone();
        for log in cut.logs.iter_mut().filter(|log| which.contains(&log.container.as_str())) {
            let left = log.lines.len().saturating_sub(lost);
            if its_end { log.lines.truncate(left) } else { drop(log.lines.drain(..log.lines.len() - left)) }
        }
        let verdict = case.verdict(&cut);
        let fails = matches!(verdict, Verdict::Fail { .. });
        assert!(!fails, "{lost} lines of {which:?}, from the end: {its_end}: {verdict:?}");
    };
    for lost in [1, 5, 50, 218] {
        cut_off(&["producer"], lost, true);
        cut_off(&["consumer"], lost, true);
        cut_off(&["producer", "consumer"], lost, true);
        cut_off(&["producer"], lost, false);
    }
}

#[rstest]
fn a_log_that_changed_when_it_was_read_again_is_inconclusive(
    #[values("ipc/mc2-article", "startup/race-rate", "restart/termination-message")] claim: &str,
) {
    let Recorded { case, mut evidence, .. } = Recorded::green(claim);
    evidence.logs.iter_mut().for_each(|log| log.confirmed = Some(true));
    assert_eq!(case.verdict(&evidence), Verdict::Pass);
    evidence.logs.iter_mut().for_each(|log| log.confirmed = Some(false));
    assert!(expect_inconclusive(&case.verdict(&evidence)).contains("a second read returned another log"));
}

#[rstest]
fn a_second_start_counts_by_its_event_too(
    #[values("startup/poststart-failure", "startup/fix-onfailure", "startup/fix-onfailure-pod")] claim: &str,
    #[values("first", "consumer")] container: &str,
) {
    let Recorded { case, mut evidence, .. } = Recorded::green(claim);
    for status in evidence.timeline.iter_mut().flat_map(ordinary).filter(|status| status.name == container) {
        let ended = status.last_state.take().filter(|state| state.terminated.is_some());
        status.restart_count = 0;
        status.state = ended.or(status.state.take());
    }
    let at = evidence.ended;
    evidence.marks.push(Mark { at, name: "waited-in-vain".to_owned() });
    let verdict = case.verdict(&evidence);
    assert!(!matches!(verdict, Verdict::Fail { .. }), "{verdict:?}");
}

#[test]
fn a_pass_needs_every_assertion() {
    let Recorded { case, mut evidence, .. } = Recorded::green("ipc/sysv-msg");
    let left = evidence.execs.iter_mut().find(|exec| exec.label == "left").unwrap();
    left.stdout = left.stdout.replace(r#""present":true"#, r#""present":false,"errno":"ENOENT""#);
    assert_eq!(expect_inconclusive(&case.verdict(&evidence)), "not asserted: is-taken");
    let Recorded { case, mut evidence, .. } = Recorded::green("ipc/mqueue-mount-shared");
    let look = evidence.execs.iter_mut().find(|exec| exec.label == "in-finder").unwrap();
    let lines = look.stdout.lines().map(|line| {
        let is_stat = line.contains(r#""verb":"stat""#);
        let to = if is_stat { r#""present":false,"errno":"ENOENT""# } else { r#""present":true"# };
        line.replace(r#""present":true"#, to) + "\n"
    });
    look.stdout = lines.collect();
    assert_eq!(expect_inconclusive(&case.verdict(&evidence)), "not asserted: same-file, tells-its-size");
}

#[test]
fn a_pod_that_was_not_seen_pending_does_not_confirm_the_article() {
    let Recorded { case, mut evidence, .. } = Recorded::green("lifecycle/never-completes");
    evidence.timeline.retain(|seen| seen.phase() != "Pending");
    assert!(expect_inconclusive(&case.verdict(&evidence)).contains("Pending"));
}
