//! Volumes of a pod whose node reboots.

use crate::cases::case::Case;
use crate::cases::container_restart::MAIN;
use crate::cases::node_disturbance::{POD, all_restarted_once, premise_ok_report, start_pod};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

const TOKEN: &str = "/data/token";

/// The labels of the commands that identify the node's boot, before and after the reboot.
const BOOTS: (&str, &str) = ("boot-before", "boot-after");

pub(super) const DISK_SURVIVES_REBOOT: Case = Case {
    id: "volume/disk-survives-reboot",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::Outage],
    drive: |stage| Box::pin(reboot(stage)),
    judge: judge_disk,
};

pub(super) const MEMORY_LOST_ON_REBOOT: Case = Case {
    id: "volume/memory-lost-on-reboot",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::Outage],
    drive: |stage| Box::pin(reboot(stage)),
    judge: judge_memory,
};

async fn reboot(stage: &Stage) -> Result<(), StageError> {
    let (pod, node) = start_pod(stage).await?;
    stage.reboot(BOOTS, &node).await?;
    let restarted = |seen: &SeenPod| all_restarted_once(seen).then_some(());
    stage
        .until_pod("the restart of pod keeper after the reboot", stage.budgets().reboot(), &pod, restarted)
        .await?;
    stage.until_reported(&pod, MAIN, 1, "hold").await
}

/// Requires that the node rebooted and the pod's container was restarted after that. Returns the pod's UID.
fn premise_rebooted(seen: &Evidence) -> Result<&str, Missing> {
    let (before, after) = (seen.node_command(BOOTS.0)?, seen.node_command(BOOTS.1)?);
    let [before, after] = [before, after].map(|command| command.stdout.trim());
    Inquiry::premise("a reboot of the node", !after.is_empty() && before != after)?;
    let uid = &seen.applied(POD, 0)?.uid;
    premise_ok_report(seen, uid, "write", TOKEN)?;
    // If the node is itself a container, both tick counts start at the boot of the host.
    let ticks = |text: &str| text.parse::<u64>().map_err(|_| Missing::new("the ticks of the node's boot"));
    let began = seen.log_report(uid, MAIN, 1, "identity")?.value.number("pid1_start_ticks")?;
    Inquiry::premise("a container that started after the reboot", began > ticks(after)?)?;
    Ok(uid)
}

fn judge_disk(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let after = seen.log_report_on((premise_rebooted(seen)?, MAIN, 1), "read", TOKEN)?;
    inquiry.assert_found("token-survives", &after, "content", &seen.token)
}

fn judge_memory(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let after = seen.log_report_on((premise_rebooted(seen)?, MAIN, 1), "read", TOKEN)?;
    inquiry.assert_absent("token-is-gone", &after)
}
