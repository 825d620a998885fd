//! One volume mounted at two paths.

use futures::try_join;

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const POD: &str = "mc1-like";
const WRITER: &str = "writer";
const READER: &str = "reader";

pub(super) const SHARED_TWO_MOUNTPATHS: Case = Case {
    id: "volume/shared-two-mountpaths",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_in_both(stage)),
    judge: judge_one_file,
};

async fn read_in_both(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    try_join!(stage.until_reported(&pod, WRITER, 0, "write"), stage.until_reported(&pod, READER, 0, "hold"),)?;
    try_join!(
        stage.probe("in-writer", &pod, WRITER, &["read", "--path", "/html/token"]),
        stage.probe("in-reader", &pod, READER, &["read", "--path", "/usr/share/nginx/html/token"]),
    )?;
    Ok(())
}

fn judge_one_file(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let written = seen.exec_report("in-writer", "read")?;
    let read = seen.exec_report("in-reader", "read")?;
    let wrote = written.value.present()? && written.value.text("content")? == seen.token;
    Inquiry::premise("the token where it was written", wrote)?;

    inquiry.assert_found("same-bytes", &read, "content", &seen.token)?;
    if read.value.present()? {
        let inode = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
        inquiry.assert_equal("same-file", &inode(&written.value)?, &inode(&read.value)?, &read.pointer);
    }
    Ok(())
}
