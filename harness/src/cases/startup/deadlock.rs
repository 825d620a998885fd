//! An init container that waits for what only a later container does.

use crate::cases::case::Case;
use crate::cases::exchange::{CONSUMER, PRODUCER, undisturbed};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Missing, Observed, ended};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Stage};

use super::later::met_if;

const POD: &str = "mc2";
const INIT: &str = "init";

/// The containers that come after the init container.
const LATER: [&str; 2] = [PRODUCER, CONSUMER];

/// The moment at which the pod has been watched for the whole of the quiet window.
const WATCHED: &str = "watched";

pub(super) const INIT_WAIT_DEADLOCK: Case = Case {
    id: "startup/init-wait-deadlock",
    attire: Attire::Restricted,
    expects: &[Expected::Restart],
    drive: |stage| Box::pin(wait_for_nothing(stage)),
    judge: judge_deadlock,
};

async fn wait_for_nothing(stage: &Stage) -> Result<(), Blocked> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, INIT, 0, "mq-look").await?;
    let window = stage.budgets().quiet_window();
    let went_on = stage.unless("the pod to go on", window, |seen| met_if(goes_on(seen, &pod))).await?;
    if went_on.is_none() {
        stage.mark(WATCHED);
        stage.probe("queue-after", &pod, INIT, &["mq-look"]).await?;
    }
    Ok(())
}

fn goes_on(seen: &Observed, pod: &PodRef) -> bool {
    let end = || ended(seen.pod(&pod.uid)?.container(INIT)?);
    end().is_some() || LATER.iter().any(|name| seen.has_begun(&pod.uid, name))
}

fn judge_deadlock(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    undisturbed(seen, uid)?;
    let look = seen.log_report(uid, INIT, 0, "mq-look")?;
    Inquiry::premise_absent("an init container that found no queue", &look)?;

    let init = seen.container(uid, INIT)?;
    let begun: Vec<_> = LATER.into_iter().filter(|name| seen.has_begun(uid, name)).collect();
    let told = init.value.running || init.value.ended.is_some();
    Inquiry::premise("an init container that runs or has ended", told)?;
    if init.value.running && begun.is_empty() {
        // That nothing happened counts only when it was watched for long enough.
        seen.mark(WATCHED)?;
        let look = seen.exec_report("queue-after", "mq-look")?;
        Inquiry::premise_absent("still no queue after the window", &look)?;
    }
    let phase = seen.last(uid)?.phase();
    let told = format!("running: {}, {phase}", init.value.running);
    say.assert_equal("stays-in-init", &"running: true, Pending", &told.as_str(), init.pointer);
    let told = begun.join(" ");
    say.assert(
        "nothing-else-starts",
        begun.is_empty(),
        "no other container",
        told,
        format!("timeline/{POD}"),
    );
    Ok(())
}
