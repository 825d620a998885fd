//! Services: the pods that they route to.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{
    assert_refused, assert_response, premise_own_body, premise_own_response, premise_response,
};
use super::client::{
    BEACON, MARKER, SERVER, cluster_ip, create_client_beside, create_ready_servers, create_server,
    request_in_batches, request_once, request_with_retries, until_endpoint_ready, until_pod_ip,
    until_proxy_synced, until_ready,
};
use super::readiness::{premise_endpoint_stays_ready, premise_stays_ready};
use crate::cases::case::Case;
use crate::stage::{PodProfile, PodRef, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, Observations, SeenPod};
use podproof_core::judge::Inquiry;

const SERVICE: &str = "echo";

pub(super) const CLUSTERIP_ALL_READY: Case = Case {
    id: "network/clusterip-all-ready",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_three_replicas(stage)),
    judge: judge_three_replicas,
};

pub(super) const SERVICE_TWO_CONTAINERS: Case = Case {
    id: "network/service-two-containers",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(request_two_ports(stage)),
    judge: judge_two_ports,
};

pub(super) const READINESS_GATES: Case = Case {
    id: "network/readiness-gates",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(make_one_unready(stage)),
    judge: judge_unready,
};

pub(super) const ONE_CONTAINER_UNREADY_HIDES_POD: Case = Case {
    id: "network/one-container-unready-hides-pod",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(make_one_container_ready(stage)),
    judge: judge_hidden,
};

/// Returns whether the endpoint slices list the pod as ready, or `None` if they do not list it.
fn endpoint_ready(seen: &Observations, pod: &PodRef) -> Option<bool> {
    seen.endpoints(SERVICE)
        .into_iter()
        .find(|endpoint| endpoint.pod == pod.uid)
        .map(|endpoint| endpoint.ready)
}

/// The mark set when the endpoint slices did not change within the budget.
const SLICES_UNCHANGED: &str = "never told";

/// Asserts that an endpoint slice listed the pod as not ready.
fn assert_listed_unready(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let unready = seen.endpoint_states(SERVICE, uid).any(|state| !state.ready);
    if !unready {
        seen.mark(SLICES_UNCHANGED)?;
    }
    inquiry.assert(
        "told-as-unready",
        unready,
        "a state with ready: false",
        "none",
        format!("objects/{SERVICE}"),
    );
    Ok(())
}

/// Waits until the endpoint slices list each pod as `ready`, and returns whether they did within the budget.
async fn wait_for_slices(stage: &Stage, pods: &[PodRef], ready: bool) -> Result<bool, StageError> {
    let names: Vec<_> = pods.iter().map(|pod| pod.name.as_str()).collect();
    let what = format!("{} in slices as ready: {ready}", names.join(", "));
    let look = |seen: &Observations| {
        let all = pods.iter().all(|pod| endpoint_ready(seen, pod) == Some(ready));
        if all { Progress::Met(()) } else { Progress::NotYet }
    };
    let came = stage.observe_for(&what, stage.budgets().controller(), look).await?.is_some();
    if !came {
        stage.mark(SLICES_UNCHANGED);
    }
    Ok(came)
}

const REPLICAS: [&str; 3] = ["one", "two", "three"];

async fn request_three_replicas(stage: &Stage) -> Result<(), StageError> {
    let servers = create_ready_servers(stage, &REPLICAS).await?;
    let client = create_client_beside(stage, &servers[0]).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    let all_listed = wait_for_slices(stage, &servers, true).await?;
    request_with_retries(stage, "once", &client, (&service, 80)).await?;
    // Do not wait for a pod that the slices do not list: no request will get there.
    let all = |bodies: &BTreeSet<String>| !all_listed || REPLICAS.iter().all(|name| bodies.contains(*name));
    request_in_batches(stage, "often", &client, (&service, 80), all).await
}

/// Returns how often each body was in the responses to the requests `label`. Requires that no request failed.
fn bodies(seen: &Evidence, label: &str) -> Result<(BTreeMap<String, u64>, String), Missing> {
    let report = seen.exec_report(label, "fetch")?;
    let failures = report.value.number("failures")?;
    Inquiry::premise(&format!("a response to each request ({})", report.value), failures == 0)?;
    let bodies = report.value.field("bodies")?.as_object();
    let bodies = bodies.ok_or_else(|| Missing::new(format!("the responses to {label}")))?;
    for body in bodies.keys() {
        premise_own_body(seen, label, body)?;
    }
    let counted = bodies.iter().filter_map(|(body, times)| Some((body.clone(), times.as_u64()?)));
    Ok((counted.collect(), report.pointer))
}

fn judge_three_replicas(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    for name in REPLICAS {
        let uid = &seen.applied(name, 0)?.uid;
        if seen.endpoint_states(SERVICE, uid).next().is_some() {
            premise_endpoint_stays_ready(seen, SERVICE, uid)?;
        } else {
            premise_stays_ready(seen, uid)?;
            seen.mark(SLICES_UNCHANGED)?;
        }
    }
    // A response to this request shows that the client's node knows the service.
    premise_own_response(seen, "once")?;
    let (bodies, pointer) = bodies(seen, "often")?;
    let actual = format!("{bodies:?}");
    let all = REPLICAS.iter().all(|name| bodies.contains_key(*name));
    inquiry.assert("each-is-reached", all, REPLICAS.join(", "), &actual, &pointer);
    let only = bodies.keys().all(|body| REPLICAS.contains(&body.as_str()));
    inquiry.assert("nobody-else-is", only, REPLICAS.join(", "), &actual, pointer);
    Ok(())
}

async fn request_two_ports(stage: &Stage) -> Result<(), StageError> {
    let pair = stage.create("pair").await?;
    stage.until_reported(&pair, "one", 0, "serve").await?;
    stage.until_reported(&pair, "two", 0, "serve").await?;
    let client = create_client_beside(stage, &pair).await?;
    until_ready(stage, &pair).await?;
    create_ready_servers(stage, &[BEACON]).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    until_endpoint_ready(stage, SERVICE, &pair).await?;
    until_proxy_synced(stage, &client, MARKER).await?;
    request_with_retries(stage, "first-port", &client, (&service, 80)).await?;
    request_with_retries(stage, "second-port", &client, (&service, 81)).await
}

fn judge_two_ports(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    premise_endpoint_stays_ready(seen, SERVICE, &seen.applied("pair", 0)?.uid)?;
    premise_response(seen, MARKER, BEACON)?;
    assert_response(seen, inquiry, "first-port-first-container", ("first-port", "one"))?;
    assert_response(seen, inquiry, "second-port-second-container", ("second-port", "two"))
}

const STEADY: &str = "steady";
const WAVERING: &str = "wavering";

async fn make_one_unready(stage: &Stage) -> Result<(), StageError> {
    let servers = create_ready_servers(stage, &[STEADY, WAVERING]).await?;
    let wavering = &servers[1];
    let client = create_client_beside(stage, wavering).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    request_with_retries(stage, "once", &client, (&service, 80)).await?;
    let both = |bodies: &BTreeSet<String>| bodies.contains(STEADY) && bodies.contains(WAVERING);
    request_in_batches(stage, "before", &client, (&service, 80), both).await?;
    stage.probe("end", wavering, SERVER, &["remove", "--path", "/www/ready"]).await?;
    let unready = |seen: &SeenPod| (!seen.all_containers_ready()).then_some(());
    stage.until_pod("pod wavering unready", stage.budgets().pod_running(), wavering, unready).await?;
    wait_for_slices(stage, &servers[1..], false).await?;
    until_proxy_synced(stage, &client, MARKER).await?;
    // The proxy may know the marker before the change: it watches each object separately.
    request_in_batches(stage, "after", &client, (&service, 80), |bodies| !bodies.contains(WAVERING)).await
}

fn judge_unready(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    premise_own_response(seen, "once")?;
    let (before, _) = bodies(seen, "before")?;
    Inquiry::premise("responses of both pods at first", before.keys().eq([STEADY, WAVERING]))?;
    premise_endpoint_stays_ready(seen, SERVICE, &seen.applied(STEADY, 0)?.uid)?;
    let wavering = &seen.applied(WAVERING, 0)?.uid;
    Inquiry::premise("a pod that is not ready at the end", !seen.pod(wavering)?.all_containers_ready())?;
    premise_response(seen, MARKER, STEADY)?;

    assert_listed_unready(seen, inquiry, wavering)?;
    let (after, pointer) = bodies(seen, "after")?;
    inquiry.assert("gets-nothing", after.keys().eq([STEADY]), STEADY, format!("{after:?}"), pointer);
    Ok(())
}

const PAIR: &str = "pair";
const UNREADY: &str = "unready";

/// A second marker.
const LATER: &str = "later";

async fn make_one_container_ready(stage: &Stage) -> Result<(), StageError> {
    let pair = create_server(stage, PAIR).await?;
    create_ready_servers(stage, &[BEACON]).await?;
    let client = create_client_beside(stage, &pair).await?;
    stage.until_reported(&pair, UNREADY, 0, "serve").await?;
    let one_ready = |seen: &SeenPod| seen.container(SERVER).filter(|status| status.ready).map(drop);
    stage
        .until_pod("the ready container of pod pair", stage.budgets().pod_running(), &pair, one_ready)
        .await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    wait_for_slices(stage, std::slice::from_ref(&pair), false).await?;
    until_proxy_synced(stage, &client, MARKER).await?;
    let address = until_pod_ip(stage, &pair).await?;
    request_with_retries(stage, "directly", &client, (&address, 8080)).await?;
    request_once(stage, "while-unready", &client, (&service, 80)).await?;
    stage.probe("end", &pair, UNREADY, &["write", "--path", "/www/ready", "--text", "yes"]).await?;
    until_ready(stage, &pair).await?;
    until_endpoint_ready(stage, SERVICE, &pair).await?;
    until_proxy_synced(stage, &client, LATER).await?;
    request_with_retries(stage, "when-ready", &client, (&service, 80)).await
}

fn judge_hidden(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let pair = &seen.applied(PAIR, 0)?.uid;
    premise_response(seen, MARKER, BEACON)?;
    premise_response(seen, "directly", &seen.token)?;
    assert_listed_unready(seen, inquiry, pair)?;
    assert_refused(seen, inquiry, "whole-pod-is-hidden", "while-unready")?;
    premise_response(seen, LATER, BEACON)?;
    premise_endpoint_stays_ready(seen, SERVICE, pair)?;
    assert_response(seen, inquiry, "shown-when-all-are-ready", ("when-ready", &seen.token))
}
