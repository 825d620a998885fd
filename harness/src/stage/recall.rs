//! Logs asked for at one time, as `kubectl logs [--previous]` does.

use kube::api::LogParams;

use super::asking::asked_again;
use super::blocked::Blocked;
use super::deeds::PodRef;
use super::open::Stage;
use crate::evidence::Recall;

impl Stage {
    /// Asks for the log of `container`, or of the instance before its last one, and keeps the answer as evidence
    /// under `label`. That there is none is an answer as well and does not block.
    pub async fn recall(
        &self,
        label: &str,
        pod: &PodRef,
        container: &str,
        previous: bool,
    ) -> Result<(), Blocked> {
        let started = crate::evidence::now();
        let patience = self.budgets.exec();
        let wanted = LogParams { container: Some(container.to_owned()), previous, ..LogParams::default() };
        let (pods, action) = (self.pods(), format!("ask for the log of container {container}"));
        let answer = asked_again(patience, &action, || pods.logs(&pod.name, &wanted)).await;
        let answer = answer.map_err(|blocked| blocked.of_request());
        self.recorder.recall(Recall {
            label: label.to_owned(),
            pod: pod.name.clone(),
            container: container.to_owned(),
            previous,
            started,
            ended: crate::evidence::now(),
            answer,
        });
        Ok(())
    }
}
