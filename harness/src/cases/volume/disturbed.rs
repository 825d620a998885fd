//! Volumes while the services of their node are restarted.

use crate::cases::case::Case;
use crate::cases::comeback::{MAIN, started};
use crate::cases::keeper::{KEEPER, kept, settle};
use crate::cases::premise::Expected;
use crate::cases::quiet::{watch_for, watch_for_restarts, watched};
use crate::cases::service::{restart, restarted};
use crate::evidence::{Change, Evidence, Fact, LogText, Missing, Observed, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// The tokens, the command that reads each afterwards, and the assertion that it is still there.
const TOKENS: [(&str, &str, &str); 2] = [
    ("/disk/token", "disk-after", "disk-token-survives"),
    ("/memory/token", "memory-after", "memory-token-survives"),
];

/// The token of a pod that is being deleted.
const LAST_TOKEN: &str = "/data/token";

pub(super) const SURVIVES_KUBELET_RESTART: Case = Case {
    id: "volume/survives-kubelet-restart",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Outage],
    drive: |stage| Box::pin(keep_through(stage, "kubelet")),
    judge: judge_kept,
};

pub(super) const SURVIVES_RUNTIME_RESTART: Case = Case {
    id: "volume/survives-runtime-restart",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Outage],
    drive: |stage| Box::pin(keep_through(stage, "containerd")),
    judge: judge_kept,
};

pub(super) const IN_USE_WHILE_TERMINATING: Case = Case {
    id: "volume/in-use-while-terminating",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(read_while_terminating(stage)),
    judge: judge_while_terminating,
};

async fn keep_through(stage: &Stage, service: &str) -> Result<(), Blocked> {
    let (keeper, node) = settle(stage).await?;
    restart(stage, &node, &keeper, service).await?;
    watch_for_restarts(stage, &keeper).await?;
    stage.probe("identity-after", &keeper, MAIN, &["identity"]).await?;
    for (path, label, _) in TOKENS {
        stage.probe(label, &keeper, MAIN, &["read", "--path", path]).await?;
    }
    Ok(())
}

fn judge_kept(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    restarted(seen)?;
    for (path, label, assertion) in TOKENS {
        kept(seen, uid, "write", path)?;
        say.assert_found(assertion, &seen.exec_report(label, "read")?, "content", &seen.token)?;
    }
    let last = started(seen.container(uid, MAIN)?)?;
    let ticks = |report: Fact<ProbeReport>| report.value.number("pid1_start_ticks");
    let before = ticks(seen.log_report(uid, MAIN, 0, "identity")?)?;
    let after = ticks(seen.exec_report("identity-after", "identity")?)?;
    let goes_on = last.value.restarts == 0 && before == after;
    if goes_on {
        watched(seen)?;
    }
    let told = format!("{} restarts, process of tick {after}", last.value.restarts);
    let expected = format!("0 restarts, process of tick {before}");
    say.assert("nothing-restarts", goes_on, expected, told, last.pointer);
    Ok(())
}

async fn read_while_terminating(stage: &Stage) -> Result<(), Blocked> {
    let (keeper, node) = settle(stage).await?;
    stage.delete(&keeper).await?;
    let ignored = |report: ProbeReport| report.verb() == "hold" && report.text("state") == Ok("ignored");
    let told = |log: &LogText| log.reports().any(ignored).then_some(());
    stage.until_log("TERM in container main", (&keeper, MAIN, 0), told).await?;
    restart(stage, &node, &keeper, "kubelet").await?;
    stage.probe("token-after", &keeper, MAIN, &["read", "--path", LAST_TOKEN]).await?;
    // A kubelet that cleans up what it should not does so some time after its start.
    let gone = |seen: &Observed| seen.pod(&keeper.uid).is_none_or(|seen| seen.change == Change::Deleted);
    watch_for(stage, "the end of the pod", stage.budgets().stall(), gone).await?;
    stage.probe("token-later", &keeper, MAIN, &["read", "--path", LAST_TOKEN]).await?;
    Ok(())
}

fn judge_while_terminating(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    restarted(seen)?;
    kept(seen, uid, "write", LAST_TOKEN)?;
    let deleted = seen.states(uid).any(|state| state.pod.metadata.deletion_timestamp.is_some());
    Inquiry::premise("the pod's deletion under way", deleted)?;
    watched(seen)?;
    for label in ["token-after", "token-later"] {
        say.assert_found("token-is-there", &seen.exec_report(label, "read")?, "content", &seen.token)?;
    }
    Ok(())
}
