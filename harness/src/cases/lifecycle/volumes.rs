//! The life of a pod's volume, and that of the pod in the API.

use crate::cases::case::Case;
use crate::cases::comeback::MAIN;
use crate::cases::keeper::{KEEPER, kept, settle};
use crate::cases::place::{DATA, assert_gone, look_after, look_before, look_when_gone, premise_there_before};
use crate::cases::premise::Expected;
use crate::evidence::{Change, Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage, volume_path};

/// The look at the volume of the second pod.
const NEW: &str = "volume-of-the-new";

pub(super) const API_GONE_IMPLIES_VOLUME_GONE: Case = Case {
    id: "lifecycle/api-gone-implies-volume-gone",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(delete_a_full_one(stage)),
    judge: judge_order,
};

pub(super) const ASSOCIATED_UID: Case = Case {
    id: "lifecycle/associated-uid",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(use_the_name_again(stage)),
    judge: judge_both,
};

async fn delete_a_full_one(stage: &Stage) -> Result<(), Blocked> {
    let (keeper, node) = settle(stage).await?;
    look_before(stage, &node, &keeper).await?;
    stage.delete_and_wait(&keeper).await?;
    look_after(stage, &node, &keeper).await
}

fn judge_order(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(KEEPER, 0)?.uid;
    let filled = seen.log_report(uid, MAIN, 0, "fill")?;
    Inquiry::premise("a volume with much in it", filled.value.truth("complete")?)?;
    Inquiry::premise("the pod gone from the API", seen.last(uid)?.change == Change::Deleted)?;
    assert_gone(seen, say, "volume-went-first")
}

async fn use_the_name_again(stage: &Stage) -> Result<(), Blocked> {
    let (first, node) = settle(stage).await?;
    look_before(stage, &node, &first).await?;
    stage.delete_and_wait(&first).await?;
    let second = stage.create_beside(KEEPER, &first).await?;
    stage.until_reported(&second, MAIN, 0, "hold").await?;
    stage.look_on_node(NEW, &node, &volume_path(&second.uid, DATA)).await?;
    look_when_gone(stage, &node, &first).await
}

fn judge_both(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (first, second) = (&seen.applied(KEEPER, 0)?.uid, &seen.applied(KEEPER, 1)?.uid);
    Inquiry::premise("a second pod with a UID of its own", first != second)?;
    kept(seen, first, "write", "/data/token")?;
    kept(seen, second, "write", "/data/token")?;
    premise_there_before(seen)?;
    let new = seen.on_node(NEW)?;
    let told = new.value.unwrap_or("nothing there");
    say.assert("new-uid-has-its-own", new.value.is_some(), "a directory of its UID", told, new.pointer);
    assert_gone(seen, say, "old-uid-has-none")
}
