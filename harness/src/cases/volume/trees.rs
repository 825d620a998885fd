//! Parts of one volume, mounted with `subPath`.

use futures::future::try_join_all;

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "trees";

/// The label of a command, its container, the path that it reads, and the expected content.
const LOOKS: [(&str, &str, &str, &str); 4] = [
    ("in-left", "left", "/data/file", "of-left"),
    ("in-right", "right", "/data/file", "of-right"),
    ("left-in-whole", "whole", "/data/left/file", "of-left"),
    ("right-in-whole", "whole", "/data/right/file", "of-right"),
];

pub(super) const SUBPATH_TREES: Case = Case {
    id: "volume/subpath-trees",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_all(stage)),
    judge: judge_trees,
};

async fn read_all(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    try_join_all(["left", "right", "whole"].map(|name| stage.until_reported(&pod, name, 0, "hold"))).await?;
    for (label, container, path, _) in LOOKS {
        stage
            .probe(label, &pod, container, &["read", "--path", path, "then", "list", "--path", "/data"])
            .await?;
    }
    Ok(())
}

fn judge_trees(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    for (label, container, _, expected) in LOOKS {
        let file = seen.exec_report(label, "read")?;
        if container == "whole" {
            inquiry.assert_found("whole-has-both", &file, "content", expected)?;
        } else {
            inquiry.assert_found("each-has-its-own", &file, "content", expected)?;
            let list = seen.exec_report(label, "list")?;
            inquiry.assert_equal(
                "each-has-its-own",
                &serde_json::json!(["file"]),
                list.value.field("names")?,
                list.pointer,
            );
        }
    }
    Ok(())
}
