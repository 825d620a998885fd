//! Changes of evidence, one or more per assertion of this area, that contradict it. The offline suite compiles this file.

use podproof_core::evidence::Evidence;

use crate::tampering::{
    ABSENT, OK, PRESENT, REFUSED, Tampering, each_status, in_all_logs, in_page, line_with, replace_in_exec,
    replace_in_log, spoilt, token, volume_stays, watch_to_the_end,
};

pub(crate) const ROWS: &[Tampering] = &[
    ("volume/shared-two-mountpaths", "same-bytes", |e| {
        replace_in_exec(e, "in-reader", &token(e), &spoilt(e));
    }),
    ("volume/shared-two-mountpaths", "same-file", |e| {
        replace_in_exec(e, "in-reader", r#""ino":"#, r#""ino":1"#);
    }),
    ("volume/initially-empty", "disk-is-empty", |e| {
        replace_in_log(e, ("looker", 0), r#""count":0"#, r#""count":1"#);
    }),
    ("volume/initially-empty", "memory-is-empty", |e| {
        let line = line_with(e, ("looker", 0), "/memory");
        replace_in_log(e, ("looker", 0), &line, &line.replace(r#""count":0"#, r#""count":1"#));
    }),
    ("volume/hides-image-content", "page-is-hidden", |e| {
        e.fetches.last_mut().unwrap().answer = e.fetches[0].answer.clone();
    }),
    ("volume/http-equals-file", "serves-the-file", |e| in_page(e, |page| page.replacen(' ', "x", 1))),
    ("volume/http-equals-file", "page-grows", |e| {
        let first = e.fetches[0].answer.clone().unwrap().1;
        in_page(e, |_| first.clone());
    }),
    ("volume/http-equals-file", "same-in-both", |e| replace_in_exec(e, "file-in-1st", " ", "x")),
    ("volume/appends-every-second", "nothing-is-lost", |e| {
        let first = e.execs[1].stdout.lines().next().unwrap().to_owned();
        replace_in_exec(e, "watched", &first, "");
    }),
    ("volume/appends-every-second", "a-line-a-second", |e| {
        let exec = &mut e.execs[1].stdout;
        let half = exec.lines().next_back().unwrap().repeat(9).len();
        exec.truncate(exec.len() - half);
    }),
    ("volume/survives-exit-zero", "token-survives", |e| {
        replace_in_log(e, ("main", 1), &token(e), &spoilt(e));
    }),
    ("volume/survives-exit-nonzero", "token-survives", |e| {
        replace_in_log(e, ("main", 1), &token(e), &spoilt(e));
    }),
    ("volume/survives-sigkill", "token-survives", |e| replace_in_log(e, ("main", 1), &token(e), &spoilt(e))),
    ("volume/survives-sigkill", "synced-part-survives", |e| {
        replace_in_log(e, ("main", 1), "synced-", "sunk-");
    }),
    ("volume/survives-oom", "token-survives", |e| replace_in_log(e, ("main", 1), &token(e), &spoilt(e))),
    ("volume/survives-liveness-kill", "token-survives", |e| {
        replace_in_log(e, ("main", 1), &token(e), &spoilt(e));
    }),
    ("volume/survives-crashloop", "data-accumulates", |e| replace_in_log(e, ("main", 2), &token(e), "")),
    ("volume/rootfs-does-not-survive", "layer-is-lost", |e| replace_in_log(e, ("main", 1), ABSENT, PRESENT)),
    ("volume/rootfs-does-not-survive", "volume-is-kept", |e| {
        replace_in_log(e, ("main", 1), &token(e), &spoilt(e));
    }),
    ("volume/gone-on-same-name-recreate", "starts-empty", |e| {
        replace_in_log(e, ("holder", 0), r#""count":0"#, r#""count":1"#);
    }),
    ("volume/writer-dies-reader-reads", "reader-goes-on", |e| {
        each_status(e, "sibling", |status| status.restart_count = 1);
    }),
    ("volume/writer-dies-reader-reads", "reader-reads", |e| {
        replace_in_exec(e, "read-meanwhile", &token(e), &spoilt(e));
    }),
    ("volume/preserved-by-resize-restart", "token-survives", |e| {
        replace_in_log(e, ("main", 1), &token(e), &spoilt(e));
    }),
    ("volume/isolated-between-pods", "not-visible", |e| replace_in_exec(e, "look-there", ABSENT, PRESENT)),
    ("volume/isolated-between-pods", "another-folder", |e| {
        let here = e.execs[0].stdout.lines().find(|line| line.contains("\"stat\"")).unwrap().to_owned();
        let there = e.execs[1].stdout.lines().find(|line| line.contains("\"stat\"")).unwrap().to_owned();
        replace_in_exec(e, "look-there", &there, &here);
    }),
    ("volume/memory-is-tmpfs", "memory-is-tmpfs", |e| {
        replace_in_log(e, ("looker", 0), "\"tmpfs\"", "\"ext4\"");
    }),
    ("volume/memory-is-tmpfs", "default-is-the-nodes-disk", |e| {
        let line = line_with(e, ("looker", 0), "/disk");
        replace_in_log(e, ("looker", 0), &line, &line.replace(r#""dev":"#, r#""dev":9"#));
    }),
    ("volume/memory-size-rule", "no-more-than-its-limit", |e| {
        in_all_logs(e, r#""total_bytes":33554432"#, r#""total_bytes":33554433"#);
    }),
    ("volume/memory-size-rule", "no-more-than-the-pods", |e| {
        in_all_logs(e, r#""total_bytes":134217728"#, r#""total_bytes":134217729"#);
    }),
    ("volume/memory-enospc", "is-full", |e| {
        replace_in_exec(e, "fill", r#""complete":false,"errno":"ENOSPC""#, r#""complete":true"#);
    }),
    ("volume/memory-enospc", "full-at-the-limit", |e| {
        replace_in_exec(e, "fill", r#""bytes_written":"#, r#""bytes_written":1"#);
    }),
    ("volume/memory-enospc", "pod-stays", |e| {
        let filler = e.timeline.iter_mut().rev().find(|seen| seen.name() == "filler").unwrap();
        let status = filler.pod.status.as_mut().unwrap();
        status.phase = Some("Failed".to_owned());
        status.reason = Some("Evicted".to_owned());
        status.message = Some("Usage of EmptyDir volume \"memory\" exceeds the limit \"16Mi\". ".to_owned());
    }),
    ("volume/default-mode", "disk-is-777", |e| replace_in_log(e, ("looker", 0), r#""777""#, r#""755""#)),
    ("volume/default-mode", "memory-is-1777", |e| replace_in_log(e, ("looker", 0), r#""1777""#, r#""777""#)),
    ("volume/fsgroup", "group-owns-it", |e| replace_in_log(e, ("looker", 0), r#""gid":4242"#, r#""gid":0"#)),
    ("volume/fsgroup", "group-may-write", |e| replace_in_log(e, ("looker", 0), r#""2777""#, r#""2755""#)),
    ("volume/fsgroup", "files-inherit-the-group", |e| {
        let line = line_with(e, ("looker", 0), r#""file""#);
        replace_in_log(e, ("looker", 0), &line, &line.replace(r#""gid":4242"#, r#""gid":0"#));
    }),
    ("volume/two-uids-write", "both-may-write", |e| replace_in_exec(e, "write-in-second", OK, REFUSED)),
    ("volume/two-uids-write", "each-may-remove-the-others", |e| {
        replace_in_exec(e, "remove-in-first", OK, REFUSED);
    }),
    ("volume/readonly-mount", "reader-may-not", |e| replace_in_exec(e, "write-in-reader", "EROFS", "EACCES")),
    ("volume/readonly-mount", "writer-may-write", |e| replace_in_exec(e, "write-in-writer", OK, REFUSED)),
    ("volume/readonly-mount", "reader-sees-it", |e| {
        replace_in_exec(e, "read-in-reader", &token(e), &spoilt(e));
    }),
    ("volume/subpath-trees", "each-has-its-own", |e| replace_in_exec(e, "in-left", "of-left", "of-right")),
    ("volume/subpath-trees", "whole-has-both", |e| {
        replace_in_exec(e, "right-in-whole", "of-right", "of-left");
    }),
    ("volume/subpath-survives-restart", "token-survives", |e| {
        replace_in_log(e, ("main", 1), &token(e), &spoilt(e));
    }),
    ("volume/init-handoff", "app-reads-it", |e| replace_in_log(e, ("app", 0), &token(e), &spoilt(e))),
    ("volume/ephemeral-container-sees", "debugger-reads-it", |e| {
        replace_in_log(e, ("debugger", 0), &token(e), &spoilt(e));
    }),
    ("volume/atomic-rename-visible", "never-torn", |e| {
        replace_in_log(e, ("reader", 0), r#""torn":0"#, r#""torn":1"#);
    }),
    ("volume/atomic-rename-visible", "never-absent", |e| {
        replace_in_log(e, ("reader", 0), r#""absent":0"#, r#""absent":1"#);
    }),
    ("volume/gone-from-node-disk", "volume-is-gone", volume_stays),
    ("volume/gone-when-terminal", "volume-is-gone", volume_stays),
    ("volume/gone-on-eviction", "is-evicted", never_evicted),
    ("volume/gone-on-eviction", "volume-is-gone", volume_stays),
    ("volume/disk-sizelimit-evicts", "is-evicted", never_evicted),
    ("volume/disk-sizelimit-evicts", "message-names-the-volume", |e| {
        e.timeline.last_mut().unwrap().pod.status.as_mut().unwrap().message = Some("no room".to_owned());
    }),
    ("volume/survives-sandbox-recreate", "token-survives", spoil_second_log),
    ("volume/survives-kubelet-restart", "disk-token-survives", |e| spoil_exec(e, "disk-after")),
    ("volume/survives-kubelet-restart", "memory-token-survives", |e| spoil_exec(e, "memory-after")),
    ("volume/survives-kubelet-restart", "nothing-restarts", another_process),
    ("volume/survives-runtime-restart", "disk-token-survives", |e| spoil_exec(e, "disk-after")),
    ("volume/survives-runtime-restart", "memory-token-survives", |e| spoil_exec(e, "memory-after")),
    ("volume/survives-runtime-restart", "nothing-restarts", another_process),
    ("volume/in-use-while-terminating", "token-is-there", |e| spoil_exec(e, "token-after")),
    ("volume/disk-survives-reboot", "token-survives", spoil_second_log),
    ("volume/memory-lost-on-reboot", "token-is-gone", |e| replace_in_log(e, ("main", 1), ABSENT, PRESENT)),
    ("volume/memory-persists-oom", "token-survives", spoil_second_log),
    ("volume/memory-persists-oom", "what-filled-it-stays", |e| {
        let line = line_with(e, ("main", 1), "/data/full");
        let size = line.split(r#""size":"#).nth(1).unwrap().split(',').next().unwrap().to_owned();
        replace_in_log(e, ("main", 1), &format!(r#""size":{size}"#), r#""size":0"#);
    }),
    ("volume/preserved-by-restart-all", "token-survives", spoil_second_log),
    ("volume/mode-field", "mode-is-the-fields", |e| replace_in_exec(e, "mode", "1777", "777")),
    ("volume/mode-field", "others-may-not-remove", |e| {
        replace_in_exec(e, "remove-in-second", r#""ok":false"#, OK);
    }),
];

fn never_evicted(evidence: &mut Evidence) {
    let status = evidence.timeline.last_mut().unwrap().pod.status.as_mut().unwrap();
    (status.phase, status.reason) = (Some("Running".to_owned()), None);
    watch_to_the_end(evidence);
}

fn spoil_second_log(evidence: &mut Evidence) {
    let (token, spoilt) = (token(evidence), spoilt(evidence));
    replace_in_log(evidence, ("main", 1), &token, &spoilt);
}

fn spoil_exec(evidence: &mut Evidence, label: &str) {
    let (token, spoilt) = (token(evidence), spoilt(evidence));
    replace_in_exec(evidence, label, &token, &spoilt);
}

fn another_process(evidence: &mut Evidence) {
    replace_in_exec(evidence, "identity-after", r#""pid1_start_ticks":"#, r#""pid1_start_ticks":9"#);
}
