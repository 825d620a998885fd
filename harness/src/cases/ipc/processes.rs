//! Processes of other containers: seen, signalled and looked into only where the pod asks for it.

use serde_json::Value;

use crate::cases::case::Case;
use crate::cases::members::{Members, done, home};
use crate::evidence::{Evidence, Fact, Missing, Observed, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Progress, Stage};

const LEFT: &str = "left";
const RIGHT: &str = "right";

/// What tells the process of a container from all others: part of its command line.
const SIGNS: [(&str, &str); 2] = [(LEFT, "write --path /tmp/token"), (RIGHT, "nonce then hold")];

/// What the system says to one who reaches for a process that is not there, or not his.
const REFUSALS: [&str; 4] = ["ESRCH", "EPERM", "EACCES", "ENOENT"];

pub(super) const NO_SIGNALS_BY_DEFAULT: Case = Case {
    id: "ipc/no-signals-by-default",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(look_around(stage)),
    judge: judge_apart,
};

pub(super) const SHARE_PROCESS_NAMESPACE: Case = Case {
    id: "ipc/share-process-namespace",
    attire: Attire::Restricted,
    expects: &[],
    drive: |stage| Box::pin(reach_out(stage)),
    judge: judge_together,
};

async fn look_around(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(LEFT, "hold"), (RIGHT, "hold")]).await?;
    members.probe(LEFT, LEFT, &["processes"]).await?;
    members.probe(RIGHT, RIGHT, &["processes"]).await?;
    members.probe("signal", RIGHT, &["kill", "--cmdline", SIGNS[0].1, "--signal", "USR1"]).await?;
    Ok(())
}

fn judge_apart(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    for (container, own) in SIGNS {
        done(seen, container, "hold")?;
        let list = seen.exec_report(container, "processes")?;
        let others = SIGNS.iter().filter(|(other, _)| *other != container);
        for (other, sign) in others {
            let told = format!("{other} in {}", list.value);
            let expected = format!("no process of {other}");
            say.assert("others-are-not-seen", !sees(&list, sign)?, expected, told, &list.pointer);
        }
        let first = first(&list)?;
        say.assert("own-is-first", first.contains(own), format!("{own} as process 1"), first, &list.pointer);
    }
    let signal = seen.exec_report("signal", "kill")?;
    say.assert_equal("others-get-no-signal", &"ESRCH", &refusal(&signal)?, &signal.pointer);
    Ok(())
}

async fn reach_out(stage: &Stage) -> Result<(), Blocked> {
    let members = Members::gather(stage, &[(LEFT, "hold"), (RIGHT, "hold")]).await?;
    members.probe("look", RIGHT, &["processes"]).await?;
    members.probe("peek", RIGHT, &["peek", "--cmdline", SIGNS[0].1, "--path", "/tmp/token"]).await?;
    let kill = ["kill", "--cmdline", SIGNS[0].1, "--signal", "USR1"];
    let sent = members.probe("signal", RIGHT, &kill).await?;
    let sent = sent.stdout.lines().filter_map(ProbeReport::parse).any(|report| report.ok());
    // Where no signal could be sent, none arrives.
    if sent {
        let pod = members.pod_of(LEFT)?;
        let arrived = |seen: &Observed| {
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

fn judge_together(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = home(seen, LEFT)?;
    done(seen, LEFT, "write")?;
    done(seen, LEFT, "hold")?;
    let list = seen.exec_report("look", "processes")?;
    let told = list.value.to_string();
    say.assert("sees-the-other", sees(&list, SIGNS[0].1)?, "the process of left", told, &list.pointer);
    let first = first(&list)?;
    let neither = SIGNS.iter().all(|(_, sign)| !first.contains(sign));
    say.assert("neither-is-first", neither, "neither container's process as 1", first, &list.pointer);

    let peek = seen.exec_report("peek", "peek")?;
    let read =
        if peek.value.ok() && peek.value.present()? { peek.value.text("content")? } else { refusal(&peek)? };
    say.assert_equal("files-can-be-read", &seen.token.as_str(), &read, &peek.pointer);

    let signal = seen.exec_report("signal", "kill")?;
    let arrived = if signal.value.ok() {
        seen.log_report_with((uid, LEFT, 0), "hold", ("state", "signalled"))?.value.text("signal")?.to_owned()
    } else {
        refusal(&signal)?.to_owned()
    };
    say.assert_equal("signal-arrives", &"USR1", &arrived.as_str(), signal.pointer);
    Ok(())
}

/// Whether a process with this text in its command line is in the list.
fn sees(list: &Fact<ProbeReport>, text: &str) -> Result<bool, Missing> {
    Ok(processes(list)?.iter().any(|process| cmdline(process).contains(text)))
}

/// The command line of process 1.
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

/// Why the system refused, or that it did not.
fn refusal(tried: &Fact<ProbeReport>) -> Result<&str, Missing> {
    Ok(Inquiry::errno_among(&tried.value, &REFUSALS)?.unwrap_or("no refusal"))
}
