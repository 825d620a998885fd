//! IPC objects whose creator is restarted.

use crate::cases::case::Case;
use crate::cases::container_restart::{
    End, MAIN, SIBLING, premise_all_restarted, premise_restarted_after_exit, restart_all_containers,
    restart_main_once,
};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, PodRef, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const QUEUE: &str = "/podproof";
const KEY: &str = "70726f6f";
const FILE: &str = "/dev/shm/token";

/// The verb that looks for the object, the verb that creates it, and the assertion that it survives.
const OBJECTS: [(&str, &str, &str); 3] = [
    ("mq-look", "mq-send", "queue-survives"),
    ("shm-look", "shm-put", "segment-survives"),
    ("read", "write", "shm-file-survives"),
];

pub(super) const SURVIVES_CONTAINER_RESTART: Case = Case {
    id: "ipc/survives-container-restart",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(restart_creator(stage)),
    judge: |seen, inquiry| judge_objects(seen, inquiry, premise_restarted_after_exit(seen, 1)?),
};

pub(super) const RESTART_ALL_KEEPS_IPC: Case = Case {
    id: "ipc/restart-all-keeps-ipc",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::KillOrRestart(SIBLING), Disturbance::Outage],
    drive: |stage| Box::pin(restart_all_and_look(stage)),
    judge: |seen, inquiry| judge_objects(seen, inquiry, premise_all_restarted(seen)?),
};

async fn restart_creator(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_main_once(stage, "write", End::ExitOnFile).await?;
    look_in_sibling(stage, &pair).await
}

async fn restart_all_and_look(stage: &Stage) -> Result<(), StageError> {
    let pair = restart_all_containers(stage, "write").await?;
    look_in_sibling(stage, &pair).await
}

async fn look_in_sibling(stage: &Stage, pair: &PodRef) -> Result<(), StageError> {
    let looks = [
        &["mq-receive", "--queue", QUEUE, "then"][..],
        &["shm-look", "--key", KEY, "then"],
        &["read", "--path", FILE],
    ];
    stage.probe("in-sibling", pair, SIBLING, &looks.concat()).await?;
    Ok(())
}

fn judge_objects(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    for (look, make, _) in OBJECTS {
        let before = seen.log_report(uid, MAIN, 0, look)?;
        Inquiry::premise_absent(&format!("nothing at the first `{look}`"), &before)?;
        let made = seen.log_report(uid, MAIN, 0, make)?;
        Inquiry::premise(&format!("a first `{make}` that succeeded"), made.value.ok())?;
    }
    judge_new_instance(seen, inquiry, uid)?;
    judge_sibling(seen, inquiry)
}

fn judge_new_instance(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    for (look, _, assertion) in OBJECTS {
        let found = seen.log_report(uid, MAIN, 1, look)?;
        match look {
            "mq-look" => {
                let waiting = found.value.present()?.then(|| found.value.number("curmsgs")).transpose()?;
                inquiry.assert_equal(assertion, &Some(3), &waiting, found.pointer);
            }
            "shm-look" => inquiry.assert_found(assertion, &found, "text", &seen.token)?,
            _ => inquiry.assert_found(assertion, &found, "content", &seen.token)?,
        }
    }
    Ok(())
}

fn judge_sibling(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let received = seen.exec_report("in-sibling", "mq-receive")?;
    let expected: Vec<_> = (1..=3).map(|index| format!("{}-{index}", seen.token)).collect();
    let texts = if received.value.present()? { received.value.field("texts")?.clone() } else { ().into() };
    inquiry.assert_equal("queue-survives", &serde_json::json!(expected), &texts, received.pointer);
    let segment = seen.exec_report("in-sibling", "shm-look")?;
    inquiry.assert_found("segment-survives", &segment, "text", &seen.token)?;
    let file = seen.exec_report("in-sibling", "read")?;
    inquiry.assert_found("shm-file-survives", &file, "content", &seen.token)
}
