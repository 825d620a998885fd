//! Which IPC namespace a container is in.

use futures::try_join;

use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "three";
const INIT: &str = "init";
const MEMBERS: [&str; 2] = ["left", "right"];
const OTHER: &str = "other";

pub(super) const SAME_NAMESPACE: Case = Case {
    id: "ipc/same-namespace",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_everybody(stage)),
    judge: judge_links,
};

async fn ask_everybody(stage: &Stage) -> Result<(), Blocked> {
    let three = stage.create(POD).await?;
    // The numbers of namespaces can be compared on one node only.
    let other = stage.create_beside(OTHER, &three).await?;
    try_join!(
        stage.until_reported(&three, INIT, 0, "identity"),
        stage.until_reported(&three, MEMBERS[0], 0, "identity"),
        stage.until_reported(&three, MEMBERS[1], 0, "identity"),
        stage.until_reported(&other, OTHER, 0, "identity"),
    )?;
    // Alive at one time: the kernel gives the number of a dead namespace to a new one.
    try_join!(
        stage.probe("ipc-of-three", &three, MEMBERS[0], &["identity"]),
        stage.probe("ipc-of-other", &other, OTHER, &["identity"]),
    )?;
    Ok(())
}

fn judge_links(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (three, other) = (&seen.applied(POD, 0)?.uid, &seen.applied(OTHER, 0)?.uid);
    let node = seen.last(three)?.node();
    Inquiry::premise("both pods on one node", node.is_some() && node == seen.last(other)?.node())?;

    let here = seen.exec_report("ipc-of-three", "identity")?;
    let link = here.value.namespace("ipc")?;
    for member in [INIT].iter().chain(&MEMBERS) {
        let told = seen.log_report(three, member, 0, "identity")?;
        say.assert_equal("one-in-the-pod", &link, &told.value.namespace("ipc")?, told.pointer);
    }
    let elsewhere = seen.exec_report("ipc-of-other", "identity")?;
    // Where each pod has a kernel of its own, equal numbers mean nothing.
    let one_kernel = here.value.text("boot_id")? == elsewhere.value.text("boot_id")?;
    Inquiry::premise("both pods under one kernel", one_kernel)?;
    let theirs = elsewhere.value.namespace("ipc")?;
    say.assert_differ("another-in-another-pod", "IPC namespaces", &link, &theirs, elsewhere.pointer);
    Ok(())
}
