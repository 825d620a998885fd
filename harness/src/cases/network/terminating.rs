//! A pod behind a service that is being ended.

use super::asking::{SERVER, server};
use crate::cases::case::Case;
use crate::cases::premise::Expected;
use crate::evidence::{Change, Evidence, Missing, Observed};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

const SERVICE: &str = "echo";

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
    let told = format!("{states:?}");
    say.assert("told-as-terminating", !ending.is_empty(), "a state with terminating: true", &told, &pointer);
    if let Some(first) = ending.first() {
        let serves = first.serving == Some(true);
        say.assert("still-serving", serves, "serving: true while it is being ended", &told, &pointer);
        say.assert("not-ready", ending.iter().all(|state| !state.ready), "ready: false", &told, &pointer);
    }
    Ok(())
}
