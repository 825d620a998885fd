//! What one half of the evidence shows by itself stays a contradiction, whatever the other half lacks; and what was not
//! looked at for long enough is none.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateRunning};
use k8s_openapi::jiff::SignedDuration;
use podproof::evidence::{Evidence, ExecEnd};
use podproof::judge::Verdict;
use rstest::rstest;

use crate::judge::{Recorded, failed};
use crate::judge_tampered::{each_end, in_all_logs};
use crate::tampered_lifecycle::looks_once_more;

/// The producer was last seen running in a pod that starts nothing again, and its log had no end.
fn producer_goes_on(evidence: &mut Evidence) {
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
fn a_consumer_that_failed_is_a_contradiction_while_the_producer_waits(
    #[case] claim: &str,
    #[case] assertion: &str,
) {
    let Recorded { case, mut evidence, .. } = Recorded::green(claim);
    each_end(&mut evidence, "consumer", |end| end.exit_code = 3);
    producer_goes_on(&mut evidence);
    let verdict = case.verdict(&evidence);
    assert_eq!(failed(&verdict), [assertion], "{verdict:?}");
}

#[test]
fn a_producer_without_an_end_is_no_contradiction_by_itself() {
    let Recorded { case, mut evidence, .. } = Recorded::green("ipc/mc2-article");
    producer_goes_on(&mut evidence);
    let verdict = case.verdict(&evidence);
    assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{verdict:?}");
}

#[rstest]
#[case::had_a_line(ExecEnd::Exited(0), true)]
#[case::may_have_had_none(ExecEnd::Exited(1), false)]
fn a_file_that_had_a_line_and_is_empty_has_lost_it(#[case] ready: ExecEnd, #[case] is_lost: bool) {
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
fn a_witness_must_have_looked_for_long_enough(#[case] seconds: i64, #[case] is_fail: bool) {
    let Recorded { case, mut evidence, .. } = Recorded::green("lifecycle/term-reaches-all");
    in_all_logs(&mut evidence, " second", "");
    looks_once_more(&mut evidence, SignedDuration::from_secs(seconds));
    let verdict = case.verdict(&evidence);
    assert_eq!(matches!(verdict, Verdict::Fail { .. }), is_fail, "{verdict:?}");
    assert!(!verdict.is_pass());
}

#[rstest]
#[case::hook("lifecycle/prestop-before-term", "main", true)]
#[case::found("lifecycle/term-reaches-all", "witness", true)]
#[case::killed("lifecycle/grace-period", "main", false)]
fn a_line_that_was_read_counts_where_its_log_broke_afterwards(
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
