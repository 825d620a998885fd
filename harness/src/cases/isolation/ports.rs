//! The same port in two pods.

use crate::cases::case::Case;
use crate::cases::two_pods::{HERE, THERE, premise_same_node};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

/// A port that nothing on a node is known to use.
const PORT: u16 = 28_148;

/// The bodies that the servers of the two pods return.
const TEXTS: [&str; 2] = ["from-here", "from-there"];

pub(super) const PORTS_BETWEEN_PODS: Case = Case {
    id: "isolation/ports-between-pods",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(listen_in_both(stage)),
    judge: judge_answers,
};

async fn listen_in_both(stage: &Stage) -> Result<(), StageError> {
    let here = stage.create(HERE).await?;
    stage.until_reported(&here, HERE, 0, "serve").await?;
    let there = stage.create_beside(THERE, &here).await?;
    stage.until_reported(&there, THERE, 0, "serve").await?;
    stage.fetch("answer-here", &here, PORT, "/").await?;
    stage.fetch("answer-there", &there, PORT, "/").await?;
    Ok(())
}

fn judge_answers(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let (here, there) = premise_same_node(seen)?;
    let first = seen.log_report(here, HERE, 0, "serve")?;
    Inquiry::premise("the first pod listening on its port", first.value.ok())?;
    let second = seen.log_report(there, THERE, 0, "serve")?;
    let taken = second.value.text("errno") == Ok("EADDRINUSE");
    Inquiry::premise("a second pod that listens, or EADDRINUSE", second.value.ok() || taken)?;
    inquiry.assert("both-may-listen", !taken, "a listener", second.value.to_string(), second.pointer);

    for (label, expected) in [("answer-here", TEXTS[0]), ("answer-there", TEXTS[1])] {
        let answer = &seen.fetch(label)?.answer;
        let (_, body) = answer.as_ref().map_err(|why| Missing::new(format!("the {label} ({why})")))?;
        let own_server = TEXTS.contains(&body.as_str());
        Inquiry::premise(
            &format!("an {label} from one of the two servers (another server: {body:?})"),
            own_server,
        )?;
        inquiry.assert_equal("each-answers-itself", &expected, &body.as_str(), format!("fetches/{label}"));
    }
    Ok(())
}
