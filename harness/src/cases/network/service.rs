//! Services: which pods are behind them.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{assert_answered, assert_refused, premise_answered, premise_own, premise_own_answer};
use super::asking::{
    BEACON, MARKER, SERVER, address_of, ask, ask_often, ask_patiently, client_beside, cluster_ip,
    ready_servers, server, until_proxied, until_ready, until_told_ready,
};
use super::readiness::{premise_ready_all_the_time, premise_ready_since};
use crate::cases::case::Case;
use crate::evidence::{Evidence, Missing, Observed, SeenPod};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, PodRef, Progress, Stage};

const SERVICE: &str = "echo";

pub(super) const CLUSTERIP_ALL_READY: Case = Case {
    id: "network/clusterip-all-ready",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_three(stage)),
    judge: judge_all_reached,
};

pub(super) const SERVICE_TWO_CONTAINERS: Case = Case {
    id: "network/service-two-containers",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(ask_two_ports(stage)),
    judge: judge_two_ports,
};

pub(super) const READINESS_GATES: Case = Case {
    id: "network/readiness-gates",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(make_one_unready(stage)),
    judge: judge_unready,
};

pub(super) const ONE_CONTAINER_UNREADY_HIDES_POD: Case = Case {
    id: "network/one-container-unready-hides-pod",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(make_one_container_ready(stage)),
    judge: judge_hidden,
};

/// Whether slices say of a pod that it is ready; nothing where they do not name it.
fn told_ready(seen: &Observed, pod: &PodRef) -> Option<bool> {
    seen.endpoints(SERVICE)
        .into_iter()
        .find(|endpoint| endpoint.pod == pod.uid)
        .map(|endpoint| endpoint.ready)
}

/// The moment at which slices have been given the time to tell what they did not.
const NEVER_TOLD: &str = "never told";

/// Asserts that slices told the pod with this UID as not ready.
fn assert_told_unready(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let told = seen.endpoint_states(SERVICE, uid).any(|state| !state.ready);
    if !told {
        seen.mark(NEVER_TOLD)?;
    }
    say.assert("told-as-unready", told, "a state with ready: false", "none", format!("objects/{SERVICE}"));
    Ok(())
}

/// Waits until slices say that each pod is ready, or that it is not. That they never do is for the judge.
async fn give_slices_time(stage: &Stage, pods: &[PodRef], ready: bool) -> Result<bool, Blocked> {
    let names: Vec<_> = pods.iter().map(|pod| pod.name.as_str()).collect();
    let what = format!("{} in slices as ready: {ready}", names.join(", "));
    let look = |seen: &Observed| {
        let all = pods.iter().all(|pod| told_ready(seen, pod) == Some(ready));
        if all { Progress::Met(()) } else { Progress::NotYet }
    };
    let came = stage.unless(&what, stage.budgets().controller(), look).await?.is_some();
    if !came {
        stage.mark(NEVER_TOLD);
    }
    Ok(came)
}

const REPLICAS: [&str; 3] = ["one", "two", "three"];

async fn ask_three(stage: &Stage) -> Result<(), Blocked> {
    let servers = ready_servers(stage, &REPLICAS).await?;
    let client = client_beside(stage, &servers[0]).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    let all_behind = give_slices_time(stage, &servers, true).await?;
    ask_patiently(stage, "once", &client, (&service, 80)).await?;
    // Nobody reaches a pod that slices do not have, however long it is asked for.
    let all = |who: &BTreeSet<String>| !all_behind || REPLICAS.iter().all(|name| who.contains(*name));
    ask_often(stage, "often", &client, (&service, 80), all).await
}

/// How often each text was in an answer to what was asked many times, every time with success.
fn bodies(seen: &Evidence, label: &str) -> Result<(BTreeMap<String, u64>, String), Missing> {
    let report = seen.exec_report(label, "fetch")?;
    let failures = report.value.number("failures")?;
    Inquiry::premise(&format!("an answer to each request ({})", report.value), failures == 0)?;
    let bodies = report.value.field("bodies")?.as_object();
    let bodies = bodies.ok_or_else(|| Missing::new(format!("the answers to {label}")))?;
    for body in bodies.keys() {
        premise_own(seen, label, body)?;
    }
    let counted = bodies.iter().filter_map(|(body, times)| Some((body.clone(), times.as_u64()?)));
    Ok((counted.collect(), report.pointer))
}

fn judge_all_reached(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    for name in REPLICAS {
        let uid = &seen.applied(name, 0)?.uid;
        if seen.endpoint_states(SERVICE, uid).next().is_some() {
            premise_ready_since(seen, SERVICE, uid)?;
        } else {
            premise_ready_all_the_time(seen, uid)?;
            seen.mark(NEVER_TOLD)?;
        }
    }
    // From then on the service is known to the client's node.
    premise_own_answer(seen, "once")?;
    let (bodies, pointer) = bodies(seen, "often")?;
    let told = format!("{bodies:?}");
    let all = REPLICAS.iter().all(|name| bodies.contains_key(*name));
    say.assert("each-is-reached", all, REPLICAS.join(", "), &told, &pointer);
    let only = bodies.keys().all(|body| REPLICAS.contains(&body.as_str()));
    say.assert("nobody-else-is", only, REPLICAS.join(", "), &told, pointer);
    Ok(())
}

async fn ask_two_ports(stage: &Stage) -> Result<(), Blocked> {
    let pair = stage.create("pair").await?;
    stage.until_reported(&pair, "one", 0, "serve").await?;
    stage.until_reported(&pair, "two", 0, "serve").await?;
    let client = client_beside(stage, &pair).await?;
    until_ready(stage, &pair).await?;
    ready_servers(stage, &[BEACON]).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    until_told_ready(stage, SERVICE, &pair).await?;
    until_proxied(stage, &client, MARKER).await?;
    ask_patiently(stage, "first-port", &client, (&service, 80)).await?;
    ask_patiently(stage, "second-port", &client, (&service, 81)).await
}

fn judge_two_ports(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    premise_ready_since(seen, SERVICE, &seen.applied("pair", 0)?.uid)?;
    premise_answered(seen, MARKER, BEACON)?;
    assert_answered(seen, say, "first-port-first-container", ("first-port", "one"))?;
    assert_answered(seen, say, "second-port-second-container", ("second-port", "two"))
}

const STEADY: &str = "steady";
const WAVERING: &str = "wavering";

async fn make_one_unready(stage: &Stage) -> Result<(), Blocked> {
    let servers = ready_servers(stage, &[STEADY, WAVERING]).await?;
    let wavering = &servers[1];
    let client = client_beside(stage, wavering).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    ask_patiently(stage, "once", &client, (&service, 80)).await?;
    let both = |who: &BTreeSet<String>| who.contains(STEADY) && who.contains(WAVERING);
    ask_often(stage, "before", &client, (&service, 80), both).await?;
    stage.probe("end", wavering, SERVER, &["remove", "--path", "/www/ready"]).await?;
    let unready = |seen: &SeenPod| (!seen.is_ready()).then_some(());
    stage.until_pod("pod wavering unready", stage.budgets().pod_running(), wavering, unready).await?;
    give_slices_time(stage, &servers[1..], false).await?;
    until_proxied(stage, &client, MARKER).await?;
    // The marker may be known before the change is: proxies hear of each object by itself.
    ask_often(stage, "after", &client, (&service, 80), |who| !who.contains(WAVERING)).await
}

fn judge_unready(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    premise_own_answer(seen, "once")?;
    let (before, _) = bodies(seen, "before")?;
    Inquiry::premise("both pods reached at first", before.keys().eq([STEADY, WAVERING]))?;
    premise_ready_since(seen, SERVICE, &seen.applied(STEADY, 0)?.uid)?;
    let wavering = &seen.applied(WAVERING, 0)?.uid;
    Inquiry::premise("a pod that is not ready at last", !seen.last(wavering)?.is_ready())?;
    premise_answered(seen, MARKER, STEADY)?;

    assert_told_unready(seen, say, wavering)?;
    let (after, pointer) = bodies(seen, "after")?;
    say.assert("gets-nothing", after.keys().eq([STEADY]), STEADY, format!("{after:?}"), pointer);
    Ok(())
}

const PAIR: &str = "pair";
const UNREADY: &str = "unready";

/// A second marker.
const LATER: &str = "later";

async fn make_one_container_ready(stage: &Stage) -> Result<(), Blocked> {
    let pair = server(stage, PAIR).await?;
    ready_servers(stage, &[BEACON]).await?;
    let client = client_beside(stage, &pair).await?;
    stage.until_reported(&pair, UNREADY, 0, "serve").await?;
    let one_ready = |seen: &SeenPod| seen.container(SERVER).filter(|status| status.ready).map(drop);
    stage.until_pod("its server ready", stage.budgets().pod_running(), &pair, one_ready).await?;
    let service = cluster_ip(&stage.apply(SERVICE).await?);
    give_slices_time(stage, std::slice::from_ref(&pair), false).await?;
    until_proxied(stage, &client, MARKER).await?;
    let address = address_of(stage, &pair).await?;
    ask_patiently(stage, "directly", &client, (&address, 8080)).await?;
    ask(stage, "while-unready", &client, (&service, 80)).await?;
    stage.probe("end", &pair, UNREADY, &["write", "--path", "/www/ready", "--text", "yes"]).await?;
    until_ready(stage, &pair).await?;
    until_told_ready(stage, SERVICE, &pair).await?;
    until_proxied(stage, &client, LATER).await?;
    ask_patiently(stage, "when-ready", &client, (&service, 80)).await
}

fn judge_hidden(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let pair = &seen.applied(PAIR, 0)?.uid;
    premise_answered(seen, MARKER, BEACON)?;
    premise_answered(seen, "directly", &seen.token)?;
    assert_told_unready(seen, say, pair)?;
    assert_refused(seen, say, "whole-pod-is-hidden", "while-unready")?;
    premise_answered(seen, LATER, BEACON)?;
    premise_ready_since(seen, SERVICE, pair)?;
    assert_answered(seen, say, "shown-when-all-are-ready", ("when-ready", &seen.token))
}
