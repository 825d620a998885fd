//! Which files of a container survive its restart.

use futures::TryFutureExt as _;

use crate::cases::case::Case;
use crate::cases::container_restart::{
    End, MAIN, SIBLING, premise_all_restarted, premise_restarted_after_exit,
    premise_restarted_after_kubelet_kill, premise_restarted_after_oom, premise_restarted_after_resize,
    restart_all_containers, restart_main_once,
};
use crate::cases::exit_code;
use crate::cases::premise::Disturbance;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Fact, Missing, ProbeReport};
use podproof_core::judge::Inquiry;

const ON_VOLUME: &str = "/data/token";
const ON_LAYER: &str = "/tmp/token";

/// The file that exceeds the container's memory limit.
const FILLED: &str = "/data/full";

/// The object of the manifest with the container's new resources.
const BIGGER: &str = "bigger";

pub(super) const SURVIVES_EXIT_ZERO: Case = Case {
    id: "volume/survives-exit-zero",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(restart_main(stage, "write", End::ExitOnFile)),
    judge: |seen, inquiry| judge_token(seen, inquiry, premise_restarted_after_exit(seen, 0)?),
};

pub(super) const SURVIVES_EXIT_NONZERO: Case = Case {
    id: "volume/survives-exit-nonzero",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(restart_main(stage, "write", End::ExitOnFile)),
    judge: |seen, inquiry| judge_token(seen, inquiry, premise_restarted_after_exit(seen, 42)?),
};

pub(super) const SURVIVES_SIGKILL: Case = Case {
    id: "volume/survives-sigkill",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN)],
    drive: |stage| Box::pin(restart_main(stage, "hold", End::Killed("write-part"))),
    judge: judge_sigkill,
};

pub(super) const SURVIVES_OOM: Case = Case {
    id: "volume/survives-oom",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::OutOfMemory("main")],
    drive: |stage| Box::pin(restart_main(stage, "write", End::ExitOnFile)),
    judge: |seen, inquiry| judge_token(seen, inquiry, premise_restarted_after_oom(seen)?),
};

pub(super) const SURVIVES_LIVENESS_KILL: Case = Case {
    id: "volume/survives-liveness-kill",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN)],
    drive: |stage| Box::pin(restart_main(stage, "serve", End::FailLiveness("/data/well"))),
    judge: |seen, inquiry| judge_token(seen, inquiry, premise_restarted_after_kubelet_kill(seen)?),
};

pub(super) const MEMORY_PERSISTS_OOM: Case = Case {
    id: "volume/memory-persists-oom",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::OutOfMemory("main")],
    drive: |stage| Box::pin(restart_main(stage, "write", End::ExitOnFile)),
    judge: judge_filled,
};

pub(super) const PRESERVED_BY_RESTART_ALL: Case = Case {
    id: "volume/preserved-by-restart-all",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN), Disturbance::KillOrRestart(SIBLING), Disturbance::Outage],
    drive: |stage| Box::pin(restart_all_containers(stage, "write").map_ok(drop)),
    judge: |seen, inquiry| judge_token(seen, inquiry, premise_all_restarted(seen)?),
};

pub(super) const PRESERVED_BY_RESIZE_RESTART: Case = Case {
    id: "volume/preserved-by-resize-restart",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::KillOrRestart(MAIN)],
    drive: |stage| Box::pin(restart_main(stage, "write", End::Resized(BIGGER))),
    judge: |seen, inquiry| judge_token(seen, inquiry, premise_restarted_after_resize(seen, BIGGER)?),
};

pub(super) const SUBPATH_SURVIVES_RESTART: Case = Case {
    id: "volume/subpath-survives-restart",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(restart_main(stage, "write", End::ExitOnFile)),
    judge: |seen, inquiry| judge_token(seen, inquiry, premise_restarted_after_exit(seen, 1)?),
};

pub(super) const ROOTFS_DOES_NOT_SURVIVE: Case = Case {
    id: "volume/rootfs-does-not-survive",
    pod_profile: PodProfile::Restricted,
    allows: &[Disturbance::ExitOrKubeletKill(MAIN)],
    drive: |stage| Box::pin(restart_main(stage, "write", End::ExitOnFile)),
    judge: judge_layer,
};

async fn restart_main(stage: &Stage, ready: &str, end: End) -> Result<(), StageError> {
    restart_main_once(stage, ready, end).await.map(drop)
}

fn judge_token(seen: &Evidence, inquiry: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let token = found_again(seen, uid, &token_path(seen, uid)?)?;
    inquiry.assert_found("token-survives", &token, "content", &seen.token)
}

fn judge_filled(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_oom(seen)?;
    let token = found_again(seen, uid, &token_path(seen, uid)?)?;
    let before = seen.log_report_on((uid, MAIN, 0), "stat", FILLED)?;
    Inquiry::premise_absent("no such file at first", &before)?;
    let filled = seen.log_report_on((uid, MAIN, 1), "stat", FILLED)?;
    let bytes = if filled.value.present()? { filled.value.number("size")? } else { 0 };
    inquiry.assert(
        "what-filled-it-stays",
        bytes > 0,
        "a file that is not empty",
        format!("{bytes} bytes"),
        filled.pointer,
    );
    inquiry.assert_found("token-survives", &token, "content", &seen.token)
}

fn judge_sigkill(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, exit_code::SIGKILL)?;
    let token = found_again(seen, uid, &token_path(seen, uid)?)?;
    let half_written = seen.log_report(uid, MAIN, 0, "write-part")?;
    Inquiry::premise("a partly written file", half_written.value.ok())?;
    let half = seen.log_report_on((uid, MAIN, 1), "read", half_written.value.text("path")?)?;
    inquiry.assert_found("token-survives", &token, "content", &seen.token)?;
    inquiry.assert_found("synced-part-survives", &half, "content", &format!("synced-{}", seen.token))
}

fn judge_layer(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = premise_restarted_after_exit(seen, 1)?;
    let on_layer = found_again(seen, uid, ON_LAYER)?;
    let on_volume = found_again(seen, uid, ON_VOLUME)?;
    inquiry.assert_absent("layer-is-lost", &on_layer)?;
    inquiry.assert_found("volume-is-kept", &on_volume, "content", &seen.token)
}

/// Returns the path that the first instance read first. The manifest decides where the token is.
fn token_path(seen: &Evidence, uid: &str) -> Result<String, Missing> {
    Ok(seen.log_report(uid, MAIN, 0, "read")?.value.text("path")?.to_owned())
}

/// Returns what the second instance read at `path`. Requires that the first found nothing there and wrote the token.
fn found_again(seen: &Evidence, uid: &str, path: &str) -> Result<Fact<ProbeReport>, Missing> {
    let before = seen.log_report_on((uid, MAIN, 0), "read", path)?;
    Inquiry::premise_absent(&format!("nothing at {path} at first"), &before)?;
    let written = seen.log_report_on((uid, MAIN, 0), "write", path)?;
    Inquiry::premise(&format!("the token written to {path}"), written.value.ok())?;
    seen.log_report_on((uid, MAIN, 1), "read", path)
}
