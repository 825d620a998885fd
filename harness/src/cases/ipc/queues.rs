//! A message queue made in one container and used in another: where it is seen, and what its attributes mean there.

use serde_json::json;

use crate::cases::case::Case;
use crate::cases::members::{FINDER, MAKER, Members, done};
use crate::evidence::{Evidence, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const QUEUE: &str = "/podproof";

/// The queue as a file, where queues are mounted.
const FILE: &str = "/dev/mqueue/podproof";

/// The bytes of three messages of ten.
const SIZE: &str = "30";

/// A text of 65 bytes: one more than a message may have.
const TOO_LARGE: &str = "0123456789012345678901234567890123456789012345678901234567890123x";

pub(super) const MQUEUE_MOUNT_SHARED: Case = Case {
    id: "ipc/mqueue-mount-shared",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look_into_both_mounts(stage)),
    judge: judge_mounts,
};

pub(super) const QUEUE_ATTRIBUTES: Case = Case {
    id: "ipc/queue-attributes",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(send_too_much(stage)),
    judge: judge_attributes,
};

pub(super) const MQ_PRIORITY: Case = Case {
    id: "ipc/mq-priority",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(receive(stage)),
    judge: judge_order,
};

pub(super) const MQ_NEEDS_NO_MOUNT: Case = Case {
    id: "ipc/mq-needs-no-mount",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(receive_without_a_mount(stage)),
    judge: judge_without_a_mount,
};

async fn look_into_both_mounts(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("in-maker", MAKER, &["stat", "--path", FILE]).await?;
    let looks =
        ["list", "--path", "/dev/mqueue", "then", "stat", "--path", FILE, "then", "read", "--path", FILE];
    members.probe("in-finder", FINDER, &looks).await?;
    Ok(())
}

fn judge_mounts(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    done(seen, MAKER, "mq-send")?;
    let made = seen.exec_report("in-maker", "stat")?;
    Inquiry::premise("a file of the queue where it was made", made.value.present()?)?;

    let list = seen.exec_report("in-finder", "list")?;
    Inquiry::premise("a folder /dev/mqueue in the second container", list.value.present()?)?;
    let names = list.value.field("names")?;
    let listed = names.as_array().is_some_and(|names| names.iter().any(|name| name == "podproof"));
    say.assert("is-listed", listed, "podproof among the names", names.to_string(), list.pointer);

    let found = seen.exec_report("in-finder", "stat")?;
    let read = seen.exec_report("in-finder", "read")?;
    if found.value.present()? {
        let place = |report: &ProbeReport| Ok((report.number("dev")?, report.number("ino")?));
        say.assert_equal("same-file", &place(&made.value)?, &place(&found.value)?, found.pointer);
        let content = read.value.text("content")?;
        let size = content.split_whitespace().find_map(|word| word.strip_prefix("QSIZE:"));
        say.assert_equal("tells-its-size", &Some(SIZE), &size, read.pointer);
    }
    Ok(())
}

async fn send_too_much(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("look", FINDER, &["mq-look", "--queue", QUEUE]).await?;
    // Each ends its chain where it fails, so each is a command of its own.
    members.probe("too-large", FINDER, &["mq-send", "--queue", QUEUE, "--text", TOO_LARGE]).await?;
    members.probe("too-many", FINDER, &["mq-send", "--queue", QUEUE, "--text", "x", "--count", "4"]).await?;
    Ok(())
}

fn judge_attributes(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let made = done(seen, MAKER, "mq-create")?;
    Inquiry::premise("a queue that was made", made.value.number("created")? == 1)?;
    let look = seen.exec_report("look", "mq-look")?;
    let attributes = if look.value.present()? {
        Some((look.value.number("maxmsg")?, look.value.number("msgsize")?, look.value.number("curmsgs")?))
    } else {
        None
    };
    say.assert_equal("are-seen", &Some((3, 64, 0)), &attributes, look.pointer);

    for (label, sent, errno) in [("too-large", 0, "EMSGSIZE"), ("too-many", 3, "EAGAIN")] {
        let sending = seen.exec_report(label, "mq-send")?;
        let refusal = Inquiry::errno_among(&sending.value, &["EMSGSIZE", "EAGAIN"])?;
        let ended = (sending.value.number("sent")?, refusal.unwrap_or("no error"));
        say.assert_equal("bind-every-sender", &(sent, errno), &ended, sending.pointer);
    }
    Ok(())
}

async fn receive(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("receive", FINDER, &["mq-receive", "--queue", QUEUE]).await?;
    Ok(())
}

fn judge_order(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    done(seen, MAKER, "hold")?;
    let received = seen.exec_report("receive", "mq-receive")?;
    Inquiry::premise("a queue with four messages", received.value.present()?)?;
    let texts = received.value.field("texts")?;
    let place = |text: &str| texts.as_array().and_then(|texts| texts.iter().position(|other| other == text));
    let places = ["first", "second", "third", "fourth"].map(place);
    let [Some(first), Some(second), Some(third), Some(fourth)] = places else {
        return Err(Missing::new("all four messages"));
    };
    let told = || texts.to_string();
    let by_priority = third == 0 && second == 3;
    say.assert(
        "highest-first",
        by_priority,
        "`third` before all, `second` behind all",
        told(),
        &received.pointer,
    );
    say.assert("first-sent-first", first < fourth, "`first` before `fourth`", told(), &received.pointer);
    Ok(())
}

async fn receive_without_a_mount(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(MAKER, "hold"), (FINDER, "hold")]).await?;
    members.probe("list", MAKER, &["list", "--path", "/dev/mqueue"]).await?;
    members
        .probe("receive", FINDER, &["list", "--path", "/dev/mqueue", "then", "mq-receive", "--queue", QUEUE])
        .await?;
    Ok(())
}

fn judge_without_a_mount(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    done(seen, MAKER, "mq-send")?;
    for label in ["list", "receive"] {
        let list = seen.exec_report(label, "list")?;
        let empty = list.value.present()? && list.value.number("count")? == 0;
        Inquiry::premise("containers that see no queues as files", empty)?;
    }
    let received = seen.exec_report("receive", "mq-receive")?;
    let texts = if received.value.present()? { received.value.field("texts")?.clone() } else { json!([]) };
    say.assert_equal("arrives", &json!([seen.token]), &texts, received.pointer);
    Ok(())
}
