//! Unix sockets: as files on a volume, and as abstract names in the network namespace.

use crate::cases::case::Case;
use crate::cases::container_restart::{MAIN, PAIR, SIBLING};
use crate::cases::containers::{ColocatedPods, ok_report_of, pod_uid_of};
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const SERVER: &str = "server";
const CLIENT: &str = "client";
/// The container of the other pod.
const OTHER: &str = "other";

/// The socket on the volume of the pod with a server and a client, and the socket on the volume of the pair.
const SOCKET: &str = "/sockets/server";
const LEFT_OVER: &str = "/data/server";

/// The errors of `connect`: nothing listens, no such socket, or no permission.
const REFUSALS: [&str; 4] = ["ECONNREFUSED", "ENOENT", "EACCES", "EPERM"];

pub(super) const UNIX_SOCKET_ON_VOLUME: Case = Case {
    id: "ipc/unix-socket-on-volume",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(connect(stage)),
    judge: judge_connection,
};

pub(super) const STALE_SOCKET_FILE: Case = Case {
    id: "ipc/stale-socket-file",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN)],
    drive: |stage| Box::pin(kill_the_server(stage)),
    judge: judge_left_over,
};

pub(super) const ABSTRACT_SOCKET: Case = Case {
    id: "ipc/abstract-socket",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(connect_twice(stage)),
    judge: judge_name,
};

async fn connect(stage: &Stage) -> Result<(), StageError> {
    let pods = ColocatedPods::create_all(stage, &[(SERVER, "sock-serve"), (CLIENT, "hold")]).await?;
    let connect =
        ["stat", "--path", SOCKET, "then", "sock-connect", "--path", SOCKET, "--text", stage.token()];
    pods.probe("connect", CLIENT, &connect).await?;
    Ok(())
}

fn judge_connection(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, SERVER, "sock-serve")?;
    let file = seen.exec_report("connect", "stat")?;
    let kind = if file.value.present()? { file.value.text("kind")? } else { "nothing" };
    inquiry.assert_equal("is-a-socket", &"socket", &kind, file.pointer);
    let connection = seen.exec_report("connect", "sock-connect")?;
    inquiry.assert_equal("is-answered", &seen.token.as_str(), &answer(&connection)?, &connection.pointer);
    Ok(())
}

async fn kill_the_server(stage: &Stage) -> Result<(), StageError> {
    let pair = stage.create(PAIR).await?;
    stage.until_reported(&pair, MAIN, 0, "sock-serve").await?;
    stage.until_reported(&pair, SIBLING, 0, "hold").await?;
    let connect = ["sock-connect", "--path", LEFT_OVER, "--text", stage.token()];
    stage.probe("before", &pair, SIBLING, &connect).await?;
    stage.probe("end", &pair, SIBLING, &["kill", "--cmdline", "sock-serve", "--signal", "KILL"]).await?;
    // The next instance may run only briefly; its log still shows its report.
    stage.until_reported(&pair, MAIN, 1, "sock-serve").await?;
    let look = ["stat", "--path", LEFT_OVER, "then"];
    stage.probe("after", &pair, SIBLING, &[&look[..], &connect[..]].concat()).await?;
    Ok(())
}

fn judge_left_over(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(PAIR, 0)?.uid;
    let before = seen.exec_report("before", "sock-connect")?;
    Inquiry::premise("a server that answered at first", answer(&before)? == seen.token)?;
    let killed = seen.exec_report("end", "kill")?;
    Inquiry::premise("a server that was killed", killed.value.ok())?;

    let file = seen.exec_report("after", "stat")?;
    let kind = if file.value.present()? { file.value.text("kind")? } else { "nothing" };
    inquiry.assert_equal("file-is-left", &"socket", &kind, file.pointer);
    let again = seen.log_report(uid, MAIN, 1, "sock-serve")?;
    let actual = Inquiry::errno_among(&again.value, &["EADDRINUSE"])?.unwrap_or("listening");
    inquiry.assert_equal("cannot-listen-again", &"EADDRINUSE", &actual, again.pointer);
    let client = seen.exec_report("after", "sock-connect")?;
    inquiry.assert_equal("refuses-clients", &"ECONNREFUSED", &answer(&client)?, &client.pointer);
    Ok(())
}

async fn connect_twice(stage: &Stage) -> Result<(), StageError> {
    let ready = [(SERVER, "sock-serve"), (CLIENT, "hold"), (OTHER, "hold")];
    let pods = ColocatedPods::create_all(stage, &ready).await?;
    let name = format!("pp-{}", stage.token());
    let connect = ["sock-connect", "--abstract", &name, "--text", stage.token()];
    pods.probe("in-the-pod", CLIENT, &connect).await?;
    pods.probe("in-another-pod", OTHER, &connect).await?;
    Ok(())
}

fn judge_name(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    ok_report_of(seen, SERVER, "sock-serve")?;
    pod_uid_of(seen, OTHER)?;
    let here = seen.exec_report("in-the-pod", "sock-connect")?;
    inquiry.assert_equal("is-answered", &seen.token.as_str(), &answer(&here)?, &here.pointer);
    let there = seen.exec_report("in-another-pod", "sock-connect")?;
    inquiry.assert_equal("not-in-another-pod", &"ECONNREFUSED", &answer(&there)?, &there.pointer);
    Ok(())
}

/// Returns the server's response to a client, or the errno with which the connection failed.
fn answer(client: &Fact<ProbeReport>) -> Result<&str, Missing> {
    let client = &client.value;
    Inquiry::premise("a response to a client, or a refused connection", client.ok())?;
    if client.truth("connected")? {
        return client.text("echo");
    }
    let refusal = Inquiry::errno_among(client, &REFUSALS)?;
    refusal.ok_or_else(|| Missing::new("the error of a failed connection"))
}
