//! One volume at two mount paths.

use futures::try_join;

use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc1-like";
const WRITER: &str = "writer";
const READER: &str = "reader";

pub(super) const SHARED_TWO_MOUNTPATHS: Case = Case {
    id: "volume/shared-two-mountpaths",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(read_in_both(stage)),
    judge: judge_one_file,
};

async fn read_in_both(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    try_join!(stage.until_reported(&pod, WRITER, 0, "write"), stage.until_reported(&pod, READER, 0, "hold"),)?;
    try_join!(
        stage.probe("in-writer", &pod, WRITER, &["read", "--path", "/html/token"]),
        stage.probe("in-reader", &pod, READER, &["read", "--path", "/usr/share/nginx/html/token"]),
    )?;
    Ok(())
}

fn judge_one_file(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let written = seen.exec_report("in-writer", "read")?;
    let read = seen.exec_report("in-reader", "read")?;
    let wrote = written.value.present()? && written.value.text("content")? == seen.token;
    Inquiry::premise("the token where it was written", wrote)?;

    say.assert_found("same-bytes", &read, "content", &seen.token)?;
    if read.value.present()? {
        let place = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
        say.assert_equal("same-file", &place(&written.value)?, &place(&read.value)?, &read.pointer);
    }
    Ok(())
}
