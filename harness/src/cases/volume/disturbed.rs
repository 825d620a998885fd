//! Volumes while the services of their node are restarted.

use crate::cases::case::Case;
use crate::cases::container_restart::{MAIN, premise_started};
use crate::cases::never_happens::{premise_watched, watch_for_restarts, watch_window};
use crate::cases::node_disturbance::{POD, premise_ok_report, start_pod};
use crate::cases::node_service::{premise_service_restarted, restart_service};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, LogText, Missing, Observations, ProbeReport, WatchChange};
use podproof_core::judge::Inquiry;

/// The path of each token, the label of the command that reads it afterwards, and the assertion that it survives.
const TOKENS: [(&str, &str, &str); 2] = [
    ("/disk/token", "disk-after", "disk-token-survives"),
    ("/memory/token", "memory-after", "memory-token-survives"),
];

/// The token of the pod that is being deleted.
const TERMINATING_TOKEN: &str = "/data/token";

pub(super) const SURVIVES_KUBELET_RESTART: Case = Case {
    id: "volume/survives-kubelet-restart",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::Outage],
    drive: |stage| Box::pin(restart_and_read(stage, "kubelet")),
    judge: judge_survival,
};

pub(super) const SURVIVES_RUNTIME_RESTART: Case = Case {
    id: "volume/survives-runtime-restart",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::Outage],
    drive: |stage| Box::pin(restart_and_read(stage, "containerd")),
    judge: judge_survival,
};

pub(super) const IN_USE_WHILE_TERMINATING: Case = Case {
    id: "volume/in-use-while-terminating",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(read_while_terminating(stage)),
    judge: judge_while_terminating,
};

async fn restart_and_read(stage: &Stage, service: &str) -> Result<(), StageError> {
    let (pod, node) = start_pod(stage).await?;
    restart_service(stage, &node, &pod, service).await?;
    watch_for_restarts(stage, &pod).await?;
    stage.probe("identity-after", &pod, MAIN, &["identity"]).await?;
    for (path, label, _) in TOKENS {
        stage.probe(label, &pod, MAIN, &["read", "--path", path]).await?;
    }
    Ok(())
}

fn judge_survival(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_service_restarted(seen)?;
    for (path, label, assertion) in TOKENS {
        premise_ok_report(seen, uid, "write", path)?;
        inquiry.assert_found(assertion, &seen.exec_report(label, "read")?, "content", &seen.token)?;
    }
    let last = premise_started(seen.container(uid, MAIN)?)?;
    let ticks = |report: Fact<ProbeReport>| report.value.number("pid1_start_ticks");
    let before = ticks(seen.log_report(uid, MAIN, 0, "identity")?)?;
    let after = ticks(seen.exec_report("identity-after", "identity")?)?;
    let is_same_process = last.value.restarts == 0 && before == after;
    if is_same_process {
        premise_watched(seen)?;
    }
    let actual = format!("{} restarts, started at tick {after}", last.value.restarts);
    let expected = format!("0 restarts, started at tick {before}");
    inquiry.assert("nothing-restarts", is_same_process, expected, actual, last.pointer);
    Ok(())
}

async fn read_while_terminating(stage: &Stage) -> Result<(), StageError> {
    let (pod, node) = start_pod(stage).await?;
    stage.delete(&pod).await?;
    let is_ignored = |report: ProbeReport| report.verb() == "hold" && report.text("state") == Ok("ignored");
    let ignores_term = |log: &LogText| log.reports().any(is_ignored).then_some(());
    stage.until_log("TERM in container main", (&pod, MAIN, 0), ignores_term).await?;
    restart_service(stage, &node, &pod, "kubelet").await?;
    stage.probe("token-after", &pod, MAIN, &["read", "--path", TERMINATING_TOKEN]).await?;
    // A kubelet that wrongly cleans up a volume does so some time after its start.
    let gone =
        |seen: &Observations| seen.pod(&pod.uid).is_none_or(|seen| seen.change == WatchChange::Deleted);
    watch_window(stage, "the end of the pod", stage.budgets().stall(), gone).await?;
    stage.probe("token-later", &pod, MAIN, &["read", "--path", TERMINATING_TOKEN]).await?;
    Ok(())
}

fn judge_while_terminating(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    premise_service_restarted(seen)?;
    premise_ok_report(seen, uid, "write", TERMINATING_TOKEN)?;
    let deleted = seen.states(uid).any(|state| state.pod.metadata.deletion_timestamp.is_some());
    Inquiry::premise("the pod being deleted", deleted)?;
    premise_watched(seen)?;
    for label in ["token-after", "token-later"] {
        inquiry.assert_found("token-is-there", &seen.exec_report(label, "read")?, "content", &seen.token)?;
    }
    Ok(())
}
