//! IPC objects whose creator ends and comes back.

use crate::cases::case::Case;
use crate::cases::comeback::{End, MAIN, SIBLING, all_came_back, came_back, end_all, end_once};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

const QUEUE: &str = "/podproof";
const KEY: &str = "70726f6f";
const FILE: &str = "/dev/shm/token";

/// What looks for the object, what makes it, and the assertion that it is still there.
const OBJECTS: [(&str, &str, &str); 3] = [
    ("mq-look", "mq-send", "queue-survives"),
    ("shm-look", "shm-put", "segment-survives"),
    ("read", "write", "shm-file-survives"),
];

pub(super) const SURVIVES_CONTAINER_RESTART: Case = Case {
    id: "ipc/survives-container-restart",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(end_the_creator(stage)),
    judge: |seen, say| judge_objects(seen, say, came_back(seen, 1)?),
};

pub(super) const RESTART_ALL_KEEPS_IPC: Case = Case {
    id: "ipc/restart-all-keeps-ipc",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Ended(SIBLING), Expected::Outage],
    drive: |stage| Box::pin(end_all_and_look(stage)),
    judge: |seen, say| judge_objects(seen, say, all_came_back(seen)?),
};

async fn end_the_creator(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_once(stage, "write", End::Told).await?;
    look_in_sibling(stage, &pair).await
}

async fn end_all_and_look(stage: &Stage) -> Result<(), Blocked> {
    let pair = end_all(stage, "write").await?;
    look_in_sibling(stage, &pair).await
}

async fn look_in_sibling(stage: &Stage, pair: &PodRef) -> Result<(), Blocked> {
    let looks = [
        &["mq-receive", "--queue", QUEUE, "then"][..],
        &["shm-look", "--key", KEY, "then"],
        &["read", "--path", FILE],
    ];
    stage.probe("in-sibling", pair, SIBLING, &looks.concat()).await?;
    Ok(())
}

fn judge_objects(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    for (look, make, _) in OBJECTS {
        let before = seen.log_report(uid, MAIN, 0, look)?;
        Inquiry::premise_absent(&format!("nothing at the first `{look}`"), &before)?;
        let made = seen.log_report(uid, MAIN, 0, make)?;
        Inquiry::premise(&format!("a first `{make}` that worked"), made.value.ok())?;
    }
    judge_for_the_new_instance(seen, say, uid)?;
    judge_for_the_sibling(seen, say)
}

fn judge_for_the_new_instance(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    for (look, _, assertion) in OBJECTS {
        let found = seen.log_report(uid, MAIN, 1, look)?;
        match look {
            "mq-look" => {
                let waiting = found.value.present()?.then(|| found.value.number("curmsgs")).transpose()?;
                say.assert_equal(assertion, &Some(3), &waiting, found.pointer);
            }
            "shm-look" => say.assert_found(assertion, &found, "text", &seen.token)?,
            _ => say.assert_found(assertion, &found, "content", &seen.token)?,
        }
    }
    Ok(())
}

fn judge_for_the_sibling(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let received = seen.exec_report("in-sibling", "mq-receive")?;
    let expected: Vec<_> = (1..=3).map(|index| format!("{}-{index}", seen.token)).collect();
    let texts = if received.value.present()? { received.value.field("texts")?.clone() } else { ().into() };
    say.assert_equal("queue-survives", &serde_json::json!(expected), &texts, received.pointer);
    let segment = seen.exec_report("in-sibling", "shm-look")?;
    say.assert_found("segment-survives", &segment, "text", &seen.token)?;
    let file = seen.exec_report("in-sibling", "read")?;
    say.assert_found("shm-file-survives", &file, "content", &seen.token)
}
