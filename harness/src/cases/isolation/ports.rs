//! One port in two pods.

use crate::cases::case::Case;
use crate::cases::neighbours::{HERE, THERE, neighbours};
use crate::evidence::{Evidence, Missing};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

/// A port that nothing on a node is known to use.
const PORT: u16 = 28_148;

/// What the servers of the two pods answer.
const TEXTS: [&str; 2] = ["from-here", "from-there"];

pub(super) const PORTS_BETWEEN_PODS: Case = Case {
    id: "isolation/ports-between-pods",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(listen_in_both(stage)),
    judge: judge_answers,
};

async fn listen_in_both(stage: &Stage) -> Result<(), Blocked> {
    let here = stage.create(HERE).await?;
    stage.until_reported(&here, HERE, 0, "serve").await?;
    let there = stage.create_beside(THERE, &here).await?;
    stage.until_reported(&there, THERE, 0, "serve").await?;
    stage.fetch("answer-here", &here, PORT, "/").await?;
    stage.fetch("answer-there", &there, PORT, "/").await?;
    Ok(())
}

fn judge_answers(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let (here, there) = neighbours(seen)?;
    let first = seen.log_report(here, HERE, 0, "serve")?;
    Inquiry::premise("the first pod at its port", first.value.ok())?;
    let second = seen.log_report(there, THERE, 0, "serve")?;
    let taken = second.value.text("errno") == Ok("EADDRINUSE");
    Inquiry::premise("an answer to the second pod", second.value.ok() || taken)?;
    say.assert("both-may-listen", !taken, "a listener", second.value.to_string(), second.pointer);

    for (label, expected) in [("answer-here", TEXTS[0]), ("answer-there", TEXTS[1])] {
        let answer = &seen.fetch(label)?.answer;
        let (_, body) = answer.as_ref().map_err(|why| Missing::new(format!("the {label} ({why})")))?;
        let ours = TEXTS.contains(&body.as_str());
        Inquiry::premise(&format!("an {label} by one of the two servers (somebody else: {body:?})"), ours)?;
        say.assert_equal("each-answers-itself", &expected, &body.as_str(), format!("fetches/{label}"));
    }
    Ok(())
}
