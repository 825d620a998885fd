//! Volumes of a pod whose node is started again.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::keeper::{KEEPER, all_back, kept, settle};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const TOKEN: &str = "/data/token";

/// What the node says of its boot before and after.
const BOOTS: (&str, &str) = ("boot-before", "boot-after");

pub(super) const DISK_SURVIVES_REBOOT: Case = Case {
    id: "volume/disk-survives-reboot",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Outage],
    drive: |stage| Box::pin(reboot(stage)),
    judge: judge_disk,
};

pub(super) const MEMORY_LOST_ON_REBOOT: Case = Case {
    id: "volume/memory-lost-on-reboot",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Outage],
    drive: |stage| Box::pin(reboot(stage)),
    judge: judge_memory,
};

async fn reboot(stage: &Stage) -> Result<(), Blocked> {
    let (keeper, node) = settle(stage).await?;
    stage.reboot(BOOTS, &node).await?;
    let back = |seen: &SeenPod| all_back(seen).then_some(());
    stage.until_pod("the keeper after the reboot", stage.budgets().reboot(), &keeper, back).await?;
    stage.until_reported(&keeper, MAIN, 1, "hold").await
}

/// Requires that the node was started again, and the pod's container with it; gives the pod's UID.
fn rebooted(seen: &Evidence) -> Result<&str, Missing> {
    let (before, after) = (seen.node_command(BOOTS.0)?, seen.node_command(BOOTS.1)?);
    let [before, after] = [before, after].map(|command| command.stdout.trim());
    Inquiry::premise("another boot of the node", !after.is_empty() && before != after)?;
    let uid = &seen.applied(KEEPER, 0)?.uid;
    kept(seen, uid, "write", TOKEN)?;
    // On a node that is a container both count from the start of the machine.
    let ticks = |text: &str| text.parse::<u64>().map_err(|_| Missing::new("the ticks of the node's boot"));
    let began = seen.log_report(uid, MAIN, 1, "identity")?.value.number("pid1_start_ticks")?;
    Inquiry::premise("a container that began after the boot", began > ticks(after)?)?;
    Ok(uid)
}

fn judge_disk(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let after = seen.log_report_on((rebooted(seen)?, MAIN, 1), "read", TOKEN)?;
    say.assert_found("token-survives", &after, "content", &seen.token)
}

fn judge_memory(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let after = seen.log_report_on((rebooted(seen)?, MAIN, 1), "read", TOKEN)?;
    say.assert_absent("token-is-gone", &after)
}
