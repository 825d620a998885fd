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

async fn start_beside(pod: &Container, verbs: &[&str]) -> Container {
    request(&format!("container:{}", pod.id()), verbs).await.start().await.unwrap()
}

/// Waits until a container ends; returns its exit code and its lines on stdout.
async fn wait_for_end(container: Container) -> (i64, Vec<String>) {
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
async fn all_messages_of_the_article_arrive_and_end_with_the_exit_marker() {
    let pod = pod().await;
    let consumer = start_beside(&pod, &["consume", "--retry-for", "30"]).await;
    let producer = start_beside(&pod, &["produce"]).await;
    let ((in_code, in_lines), (out_code, out_lines)) =
        tokio::join!(wait_for_end(consumer), wait_for_end(producer));
    assert_eq!((out_code, in_code), (0, 0));
    let (sent, mut received) = (payloads(&out_lines, "Produced: "), payloads(&in_lines, "Consumed: "));
    assert_eq!(sent.len(), 500);
    assert_eq!(received.pop(), Some("done"));
    assert_eq!(received, sent);
    let (_, look) = wait_for_end(start_beside(&pod, &["mq-look"]).await).await;
    assert_eq!(report(&look)["present"], false);
    pod.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn a_consumer_that_starts_first_exits_with_1_and_the_producer_blocks_after_11_lines() {
    let pod = pod().await;
    let (code, lines) = wait_for_end(start_beside(&pod, &["consume"]).await).await;
    assert_eq!((code, lines.len()), (1, 1), "{lines:?}");
    let producer = start_beside(&pod, &["produce"]).await;
    let mut lines = producer.stdout(true).lines();
    for _ in 0..11 {
        assert!(lines.next_line().await.unwrap().unwrap().starts_with("Produced: "));
    }
    let (_, look) = wait_for_end(start_beside(&pod, &["mq-look"]).await).await;
    assert_eq!(report(&look)["curmsgs"], 10);
    let written = String::from_utf8(producer.stdout_to_vec().await.unwrap()).unwrap();
    assert_eq!(written.lines().count(), 11);
    assert!(producer.is_running().await.unwrap());
    producer.rm().await.unwrap();
    pod.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn a_stolen_message_is_missing_in_the_consumer() {
    let pod = pod().await;
    let thief = start_beside(&pod, &["steal", "--retry-for", "30"]).await;
    let producer = start_beside(&pod, &["produce"]).await;
    assert_eq!(wait_for_end(thief).await.0, 0);
    let consumer = start_beside(&pod, &["consume", "--retry-for", "30"]).await;
    let ((_, received), (_, sent)) = tokio::join!(wait_for_end(consumer), wait_for_end(producer));
    assert_eq!((sent.len(), received.len()), (500, 500));
    pod.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn queues_and_segments_outlive_their_creator_and_stay_in_their_ipc_namespace() {
    let (pod, other) = (pod().await, pod().await);
    let make =
        ["mq-send", "--queue", "/kept", "--text", "a", "then", "shm-put", "--key", "5eed", "--text", "b"];
    assert_eq!(wait_for_end(start_beside(&pod, &make).await).await.0, 0);

    let look = ["mq-receive", "--queue", "/kept", "then", "shm-look", "--key", "5eed"];
    let (code, kept) = wait_for_end(start_beside(&pod, &look).await).await;
    assert_eq!(code, 0, "{kept:?}");
    assert_eq!(report(&kept)["texts"], serde_json::json!(["a"]));
    assert_eq!(report(&kept[1..])["text"], "b");

    let (_, elsewhere) = wait_for_end(start_beside(&other, &look).await).await;
    assert_eq!(report(&elsewhere)["present"], false);
    assert_eq!(report(&elsewhere[1..])["present"], false);
    pod.rm().await.unwrap();
    other.rm().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a container engine: make test"]
async fn the_probe_as_pid_1_ends_at_once_on_sigterm() {
    let pod = pod().await;
    let before = std::time::Instant::now();
    pod.stop_with_timeout(Some(30)).await.unwrap();
    assert!(before.elapsed().as_secs() < 15, "{:?}", before.elapsed());
    assert_eq!(pod.exit_code().await.unwrap(), Some(143));
    pod.rm().await.unwrap();
}
