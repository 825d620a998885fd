//! What is left of a container's files when it ends and comes back.

use futures::TryFutureExt as _;

use crate::cases::case::Case;
use crate::cases::comeback::{
    End, MAIN, SIBLING, all_came_back, came_back, came_back_from_kubelet, came_back_from_starving,
    came_back_resized, end_all, end_once,
};
use crate::cases::premise::Expected;
use crate::evidence::{Evidence, Fact, Missing, ProbeReport};
use crate::judge::Inquiry;
use crate::stage::{Attire, Blocked, Stage};

const ON_VOLUME: &str = "/data/token";
const ON_LAYER: &str = "/tmp/token";

/// The file that takes more memory than the container may have.
const FILLED: &str = "/data/full";

/// The object that says how the container's resources are changed.
const BIGGER: &str = "bigger";

/// The exit code of a process that SIGKILL ended.
const KILLED: i32 = 137;

pub(super) const SURVIVES_EXIT_ZERO: Case = Case {
    id: "volume/survives-exit-zero",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(end_main(stage, "write", End::Told)),
    judge: |seen, say| judge_token(seen, say, came_back(seen, 0)?),
};

pub(super) const SURVIVES_EXIT_NONZERO: Case = Case {
    id: "volume/survives-exit-nonzero",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(end_main(stage, "write", End::Told)),
    judge: |seen, say| judge_token(seen, say, came_back(seen, 42)?),
};

pub(super) const SURVIVES_SIGKILL: Case = Case {
    id: "volume/survives-sigkill",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN)],
    drive: |stage| Box::pin(end_main(stage, "hold", End::Killed("write-part"))),
    judge: judge_sigkill,
};

pub(super) const SURVIVES_OOM: Case = Case {
    id: "volume/survives-oom",
    attire: Attire::Restricted,
    expects: &[Expected::OutOfMemory("main")],
    drive: |stage| Box::pin(end_main(stage, "write", End::Told)),
    judge: |seen, say| judge_token(seen, say, came_back_from_starving(seen)?),
};

pub(super) const SURVIVES_LIVENESS_KILL: Case = Case {
    id: "volume/survives-liveness-kill",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN)],
    drive: |stage| Box::pin(end_main(stage, "serve", End::Unwell("/data/well"))),
    judge: |seen, say| judge_token(seen, say, came_back_from_kubelet(seen)?),
};

pub(super) const MEMORY_PERSISTS_OOM: Case = Case {
    id: "volume/memory-persists-oom",
    attire: Attire::Restricted,
    expects: &[Expected::OutOfMemory("main")],
    drive: |stage| Box::pin(end_main(stage, "write", End::Told)),
    judge: judge_filled,
};

pub(super) const PRESERVED_BY_RESTART_ALL: Case = Case {
    id: "volume/preserved-by-restart-all",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN), Expected::Ended(SIBLING), Expected::Outage],
    drive: |stage| Box::pin(end_all(stage, "write").map_ok(drop)),
    judge: |seen, say| judge_token(seen, say, all_came_back(seen)?),
};

pub(super) const PRESERVED_BY_RESIZE_RESTART: Case = Case {
    id: "volume/preserved-by-resize-restart",
    attire: Attire::Restricted,
    expects: &[Expected::Ended(MAIN)],
    drive: |stage| Box::pin(end_main(stage, "write", End::Resized(BIGGER))),
    judge: |seen, say| judge_token(seen, say, came_back_resized(seen, BIGGER)?),
};

pub(super) const SUBPATH_SURVIVES_RESTART: Case = Case {
    id: "volume/subpath-survives-restart",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(end_main(stage, "write", End::Told)),
    judge: |seen, say| judge_token(seen, say, came_back(seen, 1)?),
};

pub(super) const ROOTFS_DOES_NOT_SURVIVE: Case = Case {
    id: "volume/rootfs-does-not-survive",
    attire: Attire::Restricted,
    expects: &[Expected::Restart(MAIN)],
    drive: |stage| Box::pin(end_main(stage, "write", End::Told)),
    judge: judge_layer,
};

async fn end_main(stage: &Stage, ready: &str, end: End) -> Result<(), Blocked> {
    end_once(stage, ready, end).await.map(drop)
}

fn judge_token(seen: &Evidence, say: &mut Inquiry, uid: &str) -> Result<(), Missing> {
    let token = found_again(seen, uid, &token_path(seen, uid)?)?;
    say.assert_found("token-survives", &token, "content", &seen.token)
}

fn judge_filled(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back_from_starving(seen)?;
    let token = found_again(seen, uid, &token_path(seen, uid)?)?;
    let before = seen.log_report_on((uid, MAIN, 0), "stat", FILLED)?;
    Inquiry::premise_absent("no such file at first", &before)?;
    let filled = seen.log_report_on((uid, MAIN, 1), "stat", FILLED)?;
    let bytes = if filled.value.present()? { filled.value.number("size")? } else { 0 };
    say.assert(
        "what-filled-it-stays",
        bytes > 0,
        "a file with something in it",
        format!("{bytes} bytes"),
        filled.pointer,
    );
    say.assert_found("token-survives", &token, "content", &seen.token)
}

fn judge_sigkill(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, KILLED)?;
    let token = found_again(seen, uid, &token_path(seen, uid)?)?;
    let half_written = seen.log_report(uid, MAIN, 0, "write-part")?;
    Inquiry::premise("a file that was half written", half_written.value.ok())?;
    let half = seen.log_report_on((uid, MAIN, 1), "read", half_written.value.text("path")?)?;
    say.assert_found("token-survives", &token, "content", &seen.token)?;
    say.assert_found("synced-part-survives", &half, "content", &format!("synced-{}", seen.token))
}

fn judge_layer(seen: &Evidence, say: &mut Inquiry) -> Result<(), Missing> {
    let uid = came_back(seen, 1)?;
    let on_layer = found_again(seen, uid, ON_LAYER)?;
    let on_volume = found_again(seen, uid, ON_VOLUME)?;
    say.assert_absent("layer-is-lost", &on_layer)?;
    say.assert_found("volume-is-kept", &on_volume, "content", &seen.token)
}

/// Where the first instance looked first: the manifest decides where the token is kept.
fn token_path(seen: &Evidence, uid: &str) -> Result<String, Missing> {
    Ok(seen.log_report(uid, MAIN, 0, "read")?.value.text("path")?.to_owned())
}

/// What the second instance found at `path`, given that the first found nothing there and wrote the token.
fn found_again(seen: &Evidence, uid: &str, path: &str) -> Result<Fact<ProbeReport>, Missing> {
    let before = seen.log_report_on((uid, MAIN, 0), "read", path)?;
    Inquiry::premise_absent(&format!("nothing at {path} at first"), &before)?;
    let written = seen.log_report_on((uid, MAIN, 0), "write", path)?;
    Inquiry::premise(&format!("the token written to {path}"), written.value.ok())?;
    seen.log_report_on((uid, MAIN, 1), "read", path)
}
