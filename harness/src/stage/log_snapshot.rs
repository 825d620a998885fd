//! Snapshots of container logs, as `kubectl logs [--previous]` prints them.

use kube::api::LogParams;

use super::context::Stage;
use super::error::StageError;
use super::refs::PodRef;
use super::request::retry;
use podproof_core::evidence::LogSnapshot;

impl Stage {
    /// Fetches the log of `container`, or of its previous instance, and records the answer under `label`.
    ///
    /// A refused request is recorded as an answer too and is no error.
    pub async fn snapshot_log(
        &self,
        label: &str,
        pod: &PodRef,
        container: &str,
        previous: bool,
    ) -> Result<(), StageError> {
        let started = podproof_core::evidence::now();
        let patience = self.budgets.exec();
        let wanted = LogParams { container: Some(container.to_owned()), previous, ..LogParams::default() };
        let (pods, action) = (self.pods(), format!("ask for the log of container {container}"));
        let answer = retry(patience, &action, || pods.logs(&pod.name, &wanted)).await;
        let answer = answer.map_err(|error| error.without_action());
        self.recorder.log_snapshot(LogSnapshot {
            label: label.to_owned(),
            pod: pod.name.clone(),
            container: container.to_owned(),
            previous,
            started,
            ended: podproof_core::evidence::now(),
            answer,
        });
        Ok(())
    }
}
