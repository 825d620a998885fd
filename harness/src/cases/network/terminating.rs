//! The endpoint of a pod that is terminating.

use jiff::Timestamp;

use super::client::{SERVER, create_server};
use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Kind, Missing, Observations, SeenObject, SeenPod, WatchChange};
use podproof_core::judge::Inquiry;

const SERVICE: &str = "echo";

/// A service created while the pod terminates. When its endpoint slice exists, the controller also had time to update
/// the slice of the first service.
const LATER: &str = "later";

pub(super) const TERMINATING_ENDPOINT: Case = Case {
    id: "network/terminating-endpoint",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::Deletion],
    drive: |stage| Box::pin(terminate_slowly(stage)),
    judge: judge_terminating,
};

async fn terminate_slowly(stage: &Stage) -> Result<(), StageError> {
    let server = create_server(stage, SERVER).await?;
    stage.apply(SERVICE).await?;
    let endpoint =
        |seen: &Observations| seen.endpoints(SERVICE).into_iter().find(|one| one.pod == server.uid);
    let ready = |seen: &Observations| {
        let ready = endpoint(seen).is_some_and(|endpoint| endpoint.ready);
        if ready { Progress::Met(()) } else { Progress::NotYet }
    };
    stage.until("the pod ready in its endpoint slice", stage.budgets().controller(), ready).await?;
    stage.delete(&server).await?;
    stage.apply(LATER).await?;
    let not_ready = |seen: &Observations| {
        let still = endpoint(seen).is_some_and(|endpoint| endpoint.ready);
        if still { Progress::NotYet } else { Progress::Met(()) }
    };
    stage.until("the pod not ready in its endpoint slice", stage.budgets().controller(), not_ready).await?;
    stage.until_gone(&server).await
}

fn judge_terminating(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(SERVER, 0)?.uid;
    Inquiry::premise("the removal of the pod", seen.pod(uid)?.change == WatchChange::Deleted)?;
    let states: Vec<_> = seen.endpoint_states(SERVICE, uid).collect();
    Inquiry::premise("a pod that was ready", states.first().is_some_and(|first| first.ready))?;
    let pointer = format!("objects/{SERVICE}");
    let ending: Vec<_> = states.iter().filter(|state| state.terminating == Some(true)).collect();
    if ending.is_empty() {
        premise_controller(seen, uid)?;
    }
    let listed = format!("{states:?}");
    inquiry.assert(
        "told-as-terminating",
        !ending.is_empty(),
        "a state with terminating: true",
        &listed,
        &pointer,
    );
    if let Some(first) = ending.first() {
        let serves = first.serving == Some(true);
        if !serves {
            premise_in_time(seen, uid, first.at)?;
        }
        inquiry.assert("still-serving", serves, "serving: true while it terminates", &listed, &pointer);
        inquiry.assert(
            "not-ready",
            ending.iter().all(|state| !state.ready),
            "ready: false",
            &listed,
            &pointer,
        );
    }
    Ok(())
}

/// Requires that the endpoint slice controller worked while the pod terminated.
fn premise_controller(seen: &Evidence, uid: &str) -> Result<(), Missing> {
    let gone = seen.pod(uid)?.at;
    let is_later = |object: &&SeenObject| {
        object.kind == Kind::EndpointSlice
            && object.text("/metadata/labels/kubernetes.io~1service-name") == Some(LATER)
    };
    let made = seen.objects.iter().find(is_later).is_some_and(|slice| slice.at < gone);
    Inquiry::premise("an endpoint slice of another service created before the pod was gone", made)
}

/// Requires that the pod was still ready when an endpoint slice first listed it as terminating, at `marked`.
fn premise_in_time(seen: &Evidence, uid: &str, marked: Timestamp) -> Result<(), Missing> {
    let mut before = seen
        .states(uid)
        .take_while(|state| state.at <= marked)
        .skip_while(|state| !state.all_containers_ready());
    Inquiry::premise(
        "an endpoint slice that changed while the pod was ready",
        before.all(SeenPod::all_containers_ready),
    )
}
