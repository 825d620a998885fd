//! A job whose pod has a sidecar.

use crate::cases::case::Case;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenObject};
use podproof_core::judge::Inquiry;

const JOB: &str = "job";
const APP: &str = "app";
const SIDECAR: &str = "sidecar";

/// The mark set when the job did not complete within the budget.
const NEVER_COMPLETE: &str = "never complete";

pub(super) const SIDECAR_JOB_COMPLETES: Case = Case {
    id: "lifecycle/sidecar-job-completes",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(SIDECAR)],
    drive: |stage| Box::pin(run_a_job(stage)),
    judge: judge_job,
};

async fn run_a_job(stage: &Stage) -> Result<(), StageError> {
    let job = stage.apply(JOB).await?;
    let pod = stage.until_created(&job, None).await?;
    stage.until_reported(&pod, SIDECAR, 0, "hold").await?;
    stage.until_ended(&pod, APP).await?;
    let complete = |seen: &Observations| {
        let complete = seen.object(&job.uid).is_some_and(is_complete);
        if complete { Progress::Met(()) } else { Progress::NotYet }
    };
    if stage.observe_for("the job complete", stage.budgets().controller(), complete).await?.is_none() {
        stage.mark(NEVER_COMPLETE);
    }
    Ok(())
}

fn is_complete(job: &SeenObject) -> bool {
    let conditions = job.object.pointer("/status/conditions").and_then(|all| all.as_array());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|condition| condition["type"] == "Complete" && condition["status"] == "True")
}

fn judge_job(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let job = seen.object(&seen.applied(JOB, 0)?.uid)?;
    let made = seen.created_by(&job.uid);
    let [pod] = made[..] else { return Err(Missing::new("one pod of the job")) };
    seen.log_report(pod, SIDECAR, 0, "hold")?;
    let end = seen.ending(pod, APP, 0)?;
    Inquiry::premise("a container that exited with code 0", end.value.exit_code == 0)?;
    let complete = is_complete(job);
    if !complete {
        seen.mark(NEVER_COMPLETE)?;
    }
    let actual = job.object["status"].to_string();
    inquiry.assert("job-completes", complete, "the condition Complete", actual, format!("objects/{JOB}"));
    Ok(())
}
