//! Incomplete evidence: a contradiction in one part counts even if another part is missing, but an absence that was not
//! observed for long enough does not.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateRunning};
use k8s_openapi::jiff::SignedDuration;
use podproof_core::evidence::{Evidence, ExecEnd};
use podproof_core::judge::Verdict;
use rstest::rstest;

use crate::judge::{Recorded, failed};
use crate::tampered::lifecycle::add_later_look;
use crate::tampering::{each_end, in_all_logs};

/// Changes the evidence so that the producer still runs, in a pod that restarts nothing, and its log is incomplete.
fn keep_producer_running(evidence: &mut Evidence) {
    for seen in &mut evidence.timeline {
        seen.pod.spec.as_mut().unwrap().restart_policy = Some("Never".to_owned());
        let Some(status) = seen.pod.status.as_mut() else { continue };
        let ended = status.container_statuses.iter_mut().flatten().filter(|status| {
            status.name == "producer" && status.state.as_ref().is_some_and(|state| state.terminated.is_some())
        });
        for producer in ended {
            let running = Some(ContainerStateRunning::default());
            producer.state = Some(ContainerState { running, ..ContainerState::default() });
            status.phase = Some("Running".to_owned());
        }
    }
    for log in evidence.logs.iter_mut().filter(|log| log.container == "producer") {
        log.complete = false;
    }
}

#[rstest]
#[case::article("ipc/mc2-article", "both-exit-zero")]
#[case::own_users("ipc/userns-pod", "pod-succeeds")]
#[case::one_of_many("startup/race-rate", "each-ends-as-known")]
#[case::remedy("startup/fix-retry", "all-succeed")]
fn a_failed_consumer_is_a_fail_even_while_the_producer_waits(#[case] claim: &str, #[case] assertion: &str) {
    let Recorded { case, mut evidence, .. } = Recorded::green(claim);
    each_end(&mut evidence, "consumer", |end| end.exit_code = 3);
    keep_producer_running(&mut evidence);
    let verdict = case.verdict(&evidence);
    assert_eq!(failed(&verdict), [assertion], "{verdict:?}");
}

#[test]
fn a_producer_that_still_runs_is_inconclusive() {
    let Recorded { case, mut evidence, .. } = Recorded::green("ipc/mc2-article");
    keep_producer_running(&mut evidence);
    let verdict = case.verdict(&evidence);
    assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
}

#[rstest]
#[case::had_a_line(ExecEnd::Exited(0), true)]
#[case::may_have_had_none(ExecEnd::Exited(1), false)]
fn an_empty_file_lost_a_line_only_if_it_had_one(#[case] ready: ExecEnd, #[case] is_lost: bool) {
    let Recorded { case, mut evidence, .. } = Recorded::green("volume/appends-every-second");
    for exec in &mut evidence.execs {
        match exec.label.as_str() {
            "ready" => exec.end = ready.clone(),
            _ => exec.stdout = format!("====\n{}", exec.stdout.split("====\n").last().unwrap()),
        }
    }
    let verdict = case.verdict(&evidence);
    assert_eq!(failed(&verdict).contains(&"nothing-is-lost"), is_lost, "{verdict:?}");
    assert!(!verdict.is_pass());
}

#[rstest]
#[case::a_moment(1, false)]
#[case::long_enough(25, true)]
fn an_absence_counts_only_after_a_long_enough_look(#[case] seconds: i64, #[case] is_fail: bool) {
    let Recorded { case, mut evidence, .. } = Recorded::green("lifecycle/term-reaches-all");
    in_all_logs(&mut evidence, " second", "");
    add_later_look(&mut evidence, SignedDuration::from_secs(seconds));
    let verdict = case.verdict(&evidence);
    assert_eq!(matches!(verdict, Verdict::Fail { .. }), is_fail, "{verdict:?}");
    assert!(!verdict.is_pass());
}

#[rstest]
#[case::hook("lifecycle/prestop-before-term", "main", true)]
#[case::found("lifecycle/term-reaches-all", "witness", true)]
#[case::killed("lifecycle/grace-period", "main", false)]
fn a_line_read_before_the_log_broke_counts(
    #[case] claim: &str,
    #[case] container: &str,
    #[case] is_enough: bool,
) {
    let Recorded { case, mut evidence, .. } = Recorded::green(claim);
    let log = evidence.logs.iter_mut().find(|log| log.container == container).unwrap();
    (log.complete, log.broken) = (false, Some("the API server does not give it".to_owned()));
    let verdict = case.verdict(&evidence);
    assert_eq!(verdict.is_pass(), is_enough, "{verdict:?}");
}
