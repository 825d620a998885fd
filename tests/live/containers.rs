//! The probe's verbs in plain containers that share one IPC namespace: the article's pod without Kubernetes.

use std::collections::BTreeMap;

use podproof_tests::probe;
use serde_json::Value;
use testcontainers::core::WaitFor;
use testcontainers::runners::{AsyncBuilder as _, AsyncRunner as _};
use testcontainers::{ContainerAsync, ContainerRequest, GenericBuildableImage, GenericImage, ImageExt as _};
use tokio::io::AsyncBufReadExt as _;

type Container = ContainerAsync<GenericImage>;

/// The image from scratch with nothing but the probe. Building it again is a cache hit.
async fn image() -> GenericImage {
    GenericBuildableImage::new("podproof.local/probe", "tests")
        .with_dockerfile_string("FROM scratch\nCOPY probe /probe\nENTRYPOINT [\"/probe\"]\n")
        .with_file(probe(), "probe")
        .build_image()
        .await
        .unwrap()
}

/// The probe with these verbs, in the IPC namespace `ipc`, without network, capabilities or root.
async fn request(ipc: &str, verbs: &[&str]) -> ContainerRequest<GenericImage> {
    let ipc = ipc.to_owned();
    image()
        .await
        .with_cmd(verbs.iter().copied())
        .with_user("12345")
        .with_network("none")
        .with_cap_drop("ALL")
        .with_security_opt("no-new-privileges")
        .with_host_config_modifier(move |host| host.ipc_mode = Some(ipc.clone()))
}

/// Keeps an IPC namespace, as the pause container of a pod does.
async fn pod() -> Container {
    let holding = WaitFor::message_on_stdout("\"state\":\"holding\"");
    request("shareable", &["hold"]).await.with_ready_conditions(vec![holding]).start().await.unwrap()
}

async fn beside(pod: &Container, verbs: &[&str]) -> Container {
    request(&format!("container:{}", pod.id()), verbs).await.start().await.unwrap()
}

/// Runs a container to its end: exit code and lines.
async fn ended(container: Container) -> (i64, Vec<String>) {
    let mut lines = container.stdout(true).lines();
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        seen.push(line);
    }
    // The stream has ended, so the process has; the engine may be a moment behind.
    let code = loop {
        if let Some(code) = container.exit_code().await.unwrap() {
            break code;
        }
        tokio::task::yield_now().await;
    };
    container.rm().await.unwrap();
    (code, seen)
}

fn report(lines: &[String]) -> BTreeMap<String, Value> {
    serde_json::from_str(&lines[0]).unwrap()
}

fn payloads<'l>(lines: &'l [String], prefix: &str) -> Vec<&'l str> {
    lines.iter().map(|line| line.strip_prefix(prefix).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn the_article_s_exchange_arrives_complete_with_the_exit_marker() {
    let pod = pod().await;
    let consumer = beside(&pod, &["consume", "--retry-for", "30"]).await;
    let producer = beside(&pod, &["produce"]).await;
    let ((in_code, in_lines), (out_code, out_lines)) = tokio::join!(ended(consumer), ended(producer));
    assert_eq!((out_code, in_code), (0, 0));
    let (sent, mut received) = (payloads(&out_lines, "Produced: "), payloads(&in_lines, "Consumed: "));
    assert_eq!(sent.len(), 500);
    assert_eq!(received.pop(), Some("done"));
    assert_eq!(received, sent);
    let (_, look) = ended(beside(&pod, &["mq-look"]).await).await;
    assert_eq!(report(&look)["present"], false);
    pod.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn a_consumer_that_comes_first_ends_with_1_and_the_producer_blocks_at_11_lines() {
    let pod = pod().await;
    let (code, lines) = ended(beside(&pod, &["consume"]).await).await;
    assert_eq!((code, lines.len()), (1, 1), "{lines:?}");
    let producer = beside(&pod, &["produce"]).await;
    let mut lines = producer.stdout(true).lines();
    for _ in 0..11 {
        assert!(lines.next_line().await.unwrap().unwrap().starts_with("Produced: "));
    }
    let (_, look) = ended(beside(&pod, &["mq-look"]).await).await;
    assert_eq!(report(&look)["curmsgs"], 10);
    let written = producer.stdout_to_vec().await.unwrap();
    assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 11);
    assert!(producer.is_running().await.unwrap());
    producer.rm().await.unwrap();
    pod.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn a_thief_is_noticed() {
    let pod = pod().await;
    let thief = beside(&pod, &["steal", "--retry-for", "30"]).await;
    let producer = beside(&pod, &["produce"]).await;
    assert_eq!(ended(thief).await.0, 0);
    let consumer = beside(&pod, &["consume", "--retry-for", "30"]).await;
    let ((_, received), (_, sent)) = tokio::join!(ended(consumer), ended(producer));
    assert_eq!((sent.len(), received.len()), (500, 500));
    pod.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn queues_and_segments_outlive_their_maker_and_stay_in_their_namespace() {
    let (pod, other) = (pod().await, pod().await);
    let make =
        ["mq-send", "--queue", "/kept", "--text", "a", "then", "shm-put", "--key", "5eed", "--text", "b"];
    assert_eq!(ended(beside(&pod, &make).await).await.0, 0);

    let look = ["mq-receive", "--queue", "/kept", "then", "shm-look", "--key", "5eed"];
    let (code, kept) = ended(beside(&pod, &look).await).await;
    assert_eq!(code, 0, "{kept:?}");
    assert_eq!(report(&kept)["texts"], serde_json::json!(["a"]));
    assert_eq!(report(&kept[1..])["text"], "b");

    let (_, elsewhere) = ended(beside(&other, &look).await).await;
    assert_eq!(report(&elsewhere)["present"], false);
    assert_eq!(report(&elsewhere[1..])["present"], false);
    pod.rm().await.unwrap();
    other.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn term_ends_the_probe_as_pid_1_at_once() {
    let pod = pod().await;
    let before = std::time::Instant::now();
    pod.stop_with_timeout(Some(30)).await.unwrap();
    assert!(before.elapsed().as_secs() < 15, "{:?}", before.elapsed());
    assert_eq!(pod.exit_code().await.unwrap(), Some(143));
    pod.rm().await.unwrap();
}
