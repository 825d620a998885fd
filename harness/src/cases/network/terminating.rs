//! A pod behind a service that is being ended.

use jiff::Timestamp;

use super::asking::{SERVER, server};
use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Change, Evidence, Kind, Missing, Observed, SeenObject, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

const SERVICE: &str = "echo";

/// A service that is made when the pod is being ended: who makes its slice would have changed the other as well.
const LATER: &str = "later";

pub(super) const TERMINATING_ENDPOINT: Case = Case {
    id: "network/terminating-endpoint",
    attire: Attire::Restricted,
    expects: &[Expected::Deletion],
    drive: |stage| Box::pin(end_slowly(stage)),
    judge: judge_terminating,
};

async fn end_slowly(stage: &Stage) -> Result<(), Blocked> {
    let server = server(stage, SERVER).await?;
    stage.apply(SERVICE).await?;
    let of_server = |seen: &Observed| seen.endpoints(SERVICE).into_iter().find(|one| one.pod == server.uid);
    let ready = |seen: &Observed| {
        let ready = of_server(seen).is_some_and(|endpoint| endpoint.ready);
        if ready { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until("the pod behind its service", stage.budgets().controller(), ready).await?;
    stage.delete(&server).await?;
    stage.apply(LATER).await?;
    let no_more_ready = |seen: &Observed| {
        let still = of_server(seen).is_some_and(|endpoint| endpoint.ready);
        if still { Progress::NotYet } else { Progress::Met(()) }
    };
    stage.until("the pod out of its service", stage.budgets().controller(), no_more_ready).await?;
    stage.until_gone(&server).await
}

fn judge_terminating(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SERVER, 0)?.uid;
    Inquiry::premise("the end of the pod", seen.last(uid)?.change == Change::Deleted)?;
    let states: Vec<_> = seen.endpoint_states(SERVICE, uid).collect();
    Inquiry::premise("a pod that was ready", states.first().is_some_and(|first| first.ready))?;
    let pointer = format!("objects/{SERVICE}");
    let ending: Vec<_> = states.iter().filter(|state| state.terminating == Some(true)).collect();
    if ending.is_empty() {
        premise_controller(seen, uid)?;
    }
    let told = format!("{states:?}");
    say.assert("told-as-terminating", !ending.is_empty(), "a state with terminating: true", &told, &pointer);
    if let Some(first) = ending.first() {
        let serves = first.serving == Some(true);
        if !serves {
            premise_in_time(seen, uid, first.at)?;
        }
        say.assert("still-serving", serves, "serving: true while it is being ended", &told, &pointer);
        say.assert("not-ready", ending.iter().all(|state| !state.ready), "ready: false", &told, &pointer);
    }
    Ok(())
}

/// Requires that the controller of the slices did its work while the pod was being ended.
fn premise_controller(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let gone = seen.last(uid)?.at;
    let is_later = |object: &&SeenObject| {
        object.kind == Kind::EndpointSlice
            && object.text("/metadata/labels/kubernetes.io~1service-name") == Some(LATER)
    };
    let made = seen.objects.iter().find(is_later).is_some_and(|slice| slice.at < gone);
    Inquiry::premise("another slice that was made before the pod was gone", made)
}

/// Requires that the pod had not ceased to be ready before a slice said that it is being ended.
fn premise_in_time(seen: &Evidence, uid: &str, marked: Timestamp) -> Result<(), Missing> {
    let mut before =
        seen.states(uid).take_while(|state| state.at <= marked).skip_while(|state| !state.is_ready());
    Inquiry::premise("a slice that is changed while the pod serves", before.all(SeenPod::is_ready))
}
