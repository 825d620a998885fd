//! The third pod of the article's series: nginx in front of a web app in the same pod, exposed on a node port.

use super::answers::{
    assert_response, assert_response_through_nginx, premise_any_response, premise_response,
};
use super::client::{
    BEACON, MARKER, create_client_beside, create_ready_servers, node_port, premise_listening,
    request_with_retries, until_endpoint_ready, until_pod_ip, until_proxy_synced,
};
use super::readiness::premise_endpoint_stays_ready;
use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, SeenPod};
use podproof_core::judge::Inquiry;

const POD: &str = "mc3";
const WEBAPP: &str = "webapp";
const SERVICE: &str = "mc3-exposed";

/// The body that the web app returns.
const HELLO: &str = "Hello world!";

pub(super) const MC3: Case = Case {
    id: "network/mc3",
    pod_profile: PodProfile::AsTyped,
    allows: &[],
    drive: |stage| Box::pin(request_from_outside(stage)),
    judge: judge_mc3,
};

async fn request_from_outside(stage: &Stage) -> Result<(), StageError> {
    stage.apply("mc3-nginx-conf").await?;
    let pod = stage.create(POD).await?;
    stage.until_running(&pod).await?;
    stage.until_reported(&pod, WEBAPP, 0, "serve").await?;
    let client = create_client_beside(stage, &pod).await?;
    create_ready_servers(stage, &[BEACON]).await?;
    let port = node_port(&stage.apply(SERVICE).await?);
    until_endpoint_ready(stage, SERVICE, &pod).await?;
    until_proxy_synced(stage, &client, MARKER).await?;
    let host = |seen: &SeenPod| seen.host_ip().map(str::to_owned);
    let node = stage.until_pod("the IP of the pod's node", stage.budgets().pod_running(), &pod, host).await?;
    // nginx logs nothing when it is ready, so send requests until it responds.
    let address = until_pod_ip(stage, &pod).await?;
    request_with_retries(stage, "nginx", &client, (&address, 80)).await?;
    request_with_retries(stage, "by-node", &client, (&node, port)).await?;
    request_with_retries(stage, "directly", &client, (&address, 5000)).await
}

fn judge_mc3(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let pod = &seen.applied(POD, 0)?.uid;
    premise_listening(seen, pod, WEBAPP)?;
    premise_endpoint_stays_ready(seen, SERVICE, pod)?;
    premise_response(seen, MARKER, BEACON)?;
    premise_any_response(seen, "nginx")?;
    assert_response_through_nginx(seen, inquiry, "answers-through-nginx", ("by-node", HELLO))?;
    assert_response(seen, inquiry, "port-5000-is-open", ("directly", HELLO))
}
