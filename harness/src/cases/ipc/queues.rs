//! A message queue created in one container and used in another: where it is visible, and how its attributes apply.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, FINDER, MAKER, ok_report_of};
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const QUEUE: &str = "/podproof";

/// The queue's file in the mqueue file system.
const FILE: &str = "/dev/mqueue/podproof";

/// The size of three messages of ten bytes.
const SIZE: &str = "30";

/// A text of 65 bytes: one more than the queue's `mq_msgsize`.
const TOO_LARGE: &str = "0123456789012345678901234567890123456789012345678901234567890123x";

pub(super) const MQUEUE_MOUNT_SHARED: Case = Case {
    id: "ipc/mqueue-mount-shared",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(look_into_both_mounts(stage)),
    judge: judge_mounts,
};

pub(super) const QUEUE_ATTRIBUTES: Case = Case {
    id: "ipc/queue-attributes",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(send_too_much(stage)),
    judge: judge_attributes,
};

pub(super) const MQ_PRIORITY: Case = Case {
    id: "ipc/mq-priority",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(receive(stage)),
    judge: judge_order,
};

pub(super) const MQ_NEEDS_NO_MOUNT: Case = Case {
    id: "ipc/mq-needs-no-mount",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(receive_without_a_mount(stage)),
    judge: judge_without_a_mount,
};

async fn look_into_both_mounts(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("in-maker", MAKER, &["stat", "--path", FILE]).await?;
    let looks =
        ["list", "--path", "/dev/mqueue", "then", "stat", "--path", FILE, "then", "read", "--path", FILE];
    pods.probe("in-finder", FINDER, &looks).await?;
    Ok(())
}

fn judge_mounts(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, MAKER, "mq-send")?;
    let made = seen.exec_report("in-maker", "stat")?;
    Inquiry::premise("a file of the queue where it was created", made.value.present()?)?;

    let list = seen.exec_report("in-finder", "list")?;
    Inquiry::premise("a directory /dev/mqueue in the second container", list.value.present()?)?;
    let names = list.value.field("names")?;
    let listed = names.as_array().is_some_and(|names| names.iter().any(|name| name == "podproof"));
    inquiry.assert("is-listed", listed, "podproof among the names", names.to_string(), list.pointer);

    let found = seen.exec_report("in-finder", "stat")?;
    let read = seen.exec_report("in-finder", "read")?;
    if found.value.present()? {
        let inode = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
        inquiry.assert_equal("same-file", &inode(&made.value)?, &inode(&found.value)?, found.pointer);
        let content = read.value.text("content")?;
        let size = content.split_whitespace().find_map(|word| word.strip_prefix("QSIZE:"));
        inquiry.assert_equal("tells-its-size", &Some(SIZE), &size, read.pointer);
    }
    Ok(())
}

async fn send_too_much(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("look", FINDER, &["mq-look", "--queue", QUEUE]).await?;
    // A failed verb ends its chain, so each of these runs as a command of its own.
    pods.probe("too-large", FINDER, &["mq-send", "--queue", QUEUE, "--text", TOO_LARGE]).await?;
    pods.probe("too-many", FINDER, &["mq-send", "--queue", QUEUE, "--text", "x", "--count", "4"]).await?;
    Ok(())
}

fn judge_attributes(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let made = ok_report_of(seen, MAKER, "mq-create")?;
    Inquiry::premise("a queue that was created", made.value.number("created")? == 1)?;
    let look = seen.exec_report("look", "mq-look")?;
    let attributes = if look.value.present()? {
        Some((look.value.number("maxmsg")?, look.value.number("msgsize")?, look.value.number("curmsgs")?))
    } else {
        None
    };
    inquiry.assert_equal("are-seen", &Some((3, 64, 0)), &attributes, look.pointer);

    for (label, sent, errno) in [("too-large", 0, "EMSGSIZE"), ("too-many", 3, "EAGAIN")] {
        let sending = seen.exec_report(label, "mq-send")?;
        let refusal = Inquiry::errno_among(&sending.value, &["EMSGSIZE", "EAGAIN"])?;
        let actual = (sending.value.number("sent")?, refusal.unwrap_or("no error"));
        inquiry.assert_equal("bind-every-sender", &(sent, errno), &actual, sending.pointer);
    }
    Ok(())
}

async fn receive(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("receive", FINDER, &["mq-receive", "--queue", QUEUE]).await?;
    Ok(())
}

fn judge_order(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, MAKER, "hold")?;
    let received = seen.exec_report("receive", "mq-receive")?;
    Inquiry::premise("a queue with four messages", received.value.present()?)?;
    let texts = received.value.field("texts")?;
    let position =
        |text: &str| texts.as_array().and_then(|texts| texts.iter().position(|other| other == text));
    let positions = ["first", "second", "third", "fourth"].map(position);
    let [Some(first), Some(second), Some(third), Some(fourth)] = positions else {
        return Err(Missing::new("all four messages"));
    };
    let actual = || texts.to_string();
    let by_priority = third == 0 && second == 3;
    inquiry.assert(
        "highest-first",
        by_priority,
        "`third` first and `second` last",
        actual(),
        &received.pointer,
    );
    inquiry.assert(
        "first-sent-first",
        first < fourth,
        "`first` before `fourth`",
        actual(),
        &received.pointer,
    );
    Ok(())
}

async fn receive_without_a_mount(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    pods.probe("list", MAKER, &["list", "--path", "/dev/mqueue"]).await?;
    pods.probe("receive", FINDER, &["list", "--path", "/dev/mqueue", "then", "mq-receive", "--queue", QUEUE])
        .await?;
    Ok(())
}

fn judge_without_a_mount(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, MAKER, "mq-send")?;
    for label in ["list", "receive"] {
        let list = seen.exec_report(label, "list")?;
        let empty = list.value.present()? && list.value.number("count")? == 0;
        Inquiry::premise("containers that see no queues as files", empty)?;
    }
    let received = seen.exec_report("receive", "mq-receive")?;
    let texts = if received.value.present()? { received.value.field("texts")?.clone() } else { json!([]) };
    inquiry.assert_equal("arrives", &json!([seen.token]), &texts, received.pointer);
    Ok(())
}
