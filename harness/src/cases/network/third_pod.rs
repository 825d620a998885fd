//! The third pod of the article's family: nginx before another program of its pod, behind a port of the node.

use super::answers::{assert_answered, assert_answered_through_nginx, premise_answered, premise_reached};
use super::asking::{
    BEACON, MARKER, address_of, ask_patiently, client_beside, node_port, premise_listening, ready_servers,
    until_proxied, until_told_ready,
};
use super::readiness::premise_ready_since;
use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const POD: &str = "mc3";
const WEBAPP: &str = "webapp";
const SERVICE: &str = "mc3-exposed";

/// What the program behind nginx says.
const HELLO: &str = "Hello world!";

pub(super) const MC3: Case = Case {
    id: "network/mc3",
    attire: Attire::AsTyped,
    expects: &[],
    drive: |stage| Box::pin(ask_from_outside(stage)),
    judge: judge_mc3,
};

async fn ask_from_outside(stage: &Stage) -> Result<(), Blocked> {
    stage.apply("mc3-nginx-conf").await?;
    let pod = stage.create(POD).await?;
    stage.until_running(&pod).await?;
    stage.until_reported(&pod, WEBAPP, 0, "serve").await?;
    let client = client_beside(stage, &pod).await?;
    ready_servers(stage, &[BEACON]).await?;
    let port = node_port(&stage.apply(SERVICE).await?);
    until_told_ready(stage, SERVICE, &pod).await?;
    until_proxied(stage, &client, MARKER).await?;
    let host = |seen: &SeenPod| seen.host_ip().map(str::to_owned);
    let node = stage.until_pod("the address of its node", stage.budgets().pod_running(), &pod, host).await?;
    // nginx says nothing when it is up.
    let address = address_of(stage, &pod).await?;
    ask_patiently(stage, "nginx", &client, (&address, 80)).await?;
    ask_patiently(stage, "by-node", &client, (&node, port)).await?;
    ask_patiently(stage, "directly", &client, (&address, 5000)).await
}

fn judge_mc3(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let pod = &seen.applied(POD, 0)?.uid;
    premise_listening(seen, pod, WEBAPP)?;
    premise_ready_since(seen, SERVICE, pod)?;
    premise_answered(seen, MARKER, BEACON)?;
    premise_reached(seen, "nginx")?;
    assert_answered_through_nginx(seen, say, "answers-through-nginx", ("by-node", HELLO))?;
    assert_answered(seen, say, "port-5000-is-open", ("directly", HELLO))
}
