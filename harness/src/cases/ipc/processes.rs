//! Processes of other containers: a container sees and signals them only in a shared process namespace.

use serde_json::Value;

use crate::cases::case::Case;
use crate::cases::containers::{ColocatedPods, ok_report_of, pod_uid_of};
use crate::stage::{PodProfile, Progress, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, Missing, Observations, ProbeReport};
use podproof_core::judge::Inquiry;

const LEFT: &str = "left";
const RIGHT: &str = "right";

/// Each container with a part of its command line that identifies its process.
const CMDLINES: [(&str, &str); 2] = [(LEFT, "write --path /tmp/token"), (RIGHT, "nonce then hold")];

/// The errors for a process that does not exist or belongs to another user.
const REFUSALS: [&str; 4] = ["ESRCH", "EPERM", "EACCES", "ENOENT"];

pub(super) const NO_SIGNALS_BY_DEFAULT: Case = Case {
    id: "ipc/no-signals-by-default",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(list_and_signal(stage)),
    judge: judge_separate,
};

pub(super) const SHARE_PROCESS_NAMESPACE: Case = Case {
    id: "ipc/share-process-namespace",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(read_and_signal(stage)),
    judge: judge_shared,
};

async fn list_and_signal(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(LEFT, "hold"), (RIGHT, "hold")]).await?;
    pods.probe(LEFT, LEFT, &["processes"]).await?;
    pods.probe(RIGHT, RIGHT, &["processes"]).await?;
    pods.probe("signal", RIGHT, &["kill", "--cmdline", CMDLINES[0].1, "--signal", "USR1"]).await?;
    Ok(())
}

fn judge_separate(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    for (container, own) in CMDLINES {
        ok_report_of(seen, container, "hold")?;
        let list = seen.exec_report(container, "processes")?;
        let others = CMDLINES.iter().filter(|(other, _)| *other != container);
        for (other, sign) in others {
            let actual = format!("{other} in {}", list.value);
            let expected = format!("no process of {other}");
            inquiry.assert("others-are-not-seen", !sees(&list, sign)?, expected, actual, &list.pointer);
        }
        let first = first(&list)?;
        inquiry.assert(
            "own-is-first",
            first.contains(own),
            format!("{own} as process 1"),
            first,
            &list.pointer,
        );
    }
    let signal = seen.exec_report("signal", "kill")?;
    inquiry.assert_equal("others-get-no-signal", &"ESRCH", &refusal(&signal)?, &signal.pointer);
    Ok(())
}

async fn read_and_signal(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(LEFT, "hold"), (RIGHT, "hold")]).await?;
    pods.probe("look", RIGHT, &["processes"]).await?;
    pods.probe("peek", RIGHT, &["peek", "--cmdline", CMDLINES[0].1, "--path", "/tmp/token"]).await?;
    let kill = ["kill", "--cmdline", CMDLINES[0].1, "--signal", "USR1"];
    let sent = pods.probe("signal", RIGHT, &kill).await?;
    let sent = sent.stdout.lines().filter_map(ProbeReport::parse).any(|report| report.ok());
    // If no signal could be sent, none will arrive.
    if sent {
        let pod = pods.pod_of(LEFT)?;
        let arrived = |seen: &Observations| {
            let log = seen.log(&pod.uid, LEFT, 0);
            let arrived = log.is_some_and(|log| log.reports().any(|report| is_signalled(&report)));
            if arrived { Progress::Met(()) } else { Progress::NotYet }
        };
        stage.until("the signal in the other container", stage.budgets().log_line(), arrived).await?;
    }
    Ok(())
}

fn is_signalled(report: &ProbeReport) -> bool {
    report.verb() == "hold" && report.text("state") == Ok("signalled")
}

fn judge_shared(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = pod_uid_of(seen, LEFT)?;
    ok_report_of(seen, LEFT, "write")?;
    ok_report_of(seen, LEFT, "hold")?;
    let list = seen.exec_report("look", "processes")?;
    let actual = list.value.to_string();
    inquiry.assert(
        "sees-the-other",
        sees(&list, CMDLINES[0].1)?,
        "the process of left",
        actual,
        &list.pointer,
    );
    let first = first(&list)?;
    let neither = CMDLINES.iter().all(|(_, sign)| !first.contains(sign));
    inquiry.assert("neither-is-first", neither, "neither container's process as 1", first, &list.pointer);

    let peek = seen.exec_report("peek", "peek")?;
    let read =
        if peek.value.ok() && peek.value.present()? { peek.value.text("content")? } else { refusal(&peek)? };
    inquiry.assert_equal("files-can-be-read", &seen.token.as_str(), &read, &peek.pointer);

    let signal = seen.exec_report("signal", "kill")?;
    let arrived = if signal.value.ok() {
        seen.log_report_with((uid, LEFT, 0), "hold", ("state", "signalled"))?.value.text("signal")?.to_owned()
    } else {
        refusal(&signal)?.to_owned()
    };
    inquiry.assert_equal("signal-arrives", &"USR1", &arrived.as_str(), signal.pointer);
    Ok(())
}

/// Returns whether the list has a process with this text in its command line.
fn sees(list: &Fact<ProbeReport>, text: &str) -> Result<bool, Missing> {
    Ok(processes(list)?.iter().any(|process| cmdline(process).contains(text)))
}

/// Returns the command line of process 1.
fn first(list: &Fact<ProbeReport>) -> Result<&str, Missing> {
    let first = processes(list)?.iter().find(|process| process.get("pid").is_some_and(|pid| *pid == 1));
    first.map(cmdline).ok_or_else(|| Missing::new("process 1"))
}

fn processes(list: &Fact<ProbeReport>) -> Result<&Vec<Value>, Missing> {
    Inquiry::premise("a list of processes", list.value.ok())?;
    let processes = list.value.field("processes")?.as_array();
    processes.ok_or_else(|| Missing::new("a list of processes"))
}

fn cmdline(process: &Value) -> &str {
    process.get("cmdline").and_then(Value::as_str).unwrap_or_default()
}

/// Returns the errno of a refused attempt, or `no refusal`.
fn refusal(tried: &Fact<ProbeReport>) -> Result<&str, Missing> {
    Ok(Inquiry::errno_among(&tried.value, &REFUSALS)?.unwrap_or("no refusal"))
}
