//! Inputs that are not ordinary files: pipes, devices, endless and oversized files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use podproof_tests::{Ended, podproof, root, run};
use rstest::rstest;
use tempfile::TempDir;

/// The longest time to refuse an unreadable input: a bit more than podproof waits for the writer of a pipe.
const LIMIT: Duration = Duration::from_secs(20);

fn within_limit(command: &mut Command) -> Ended {
    let begun = Instant::now();
    let ended = run(command);
    assert!(begun.elapsed() < LIMIT, "{:?}: {ended}", begun.elapsed());
    ended
}

fn make_pipe(file: &Path) {
    let _ = run(Command::new("mkfifo").arg(file)).exits(0);
}

/// Makes a pipe without a writer, or a link to an endless file.
fn make_input(folder: &TempDir, kind: &str, name: &str) -> PathBuf {
    let file = folder.path().join(name);
    match kind {
        "pipe" => make_pipe(&file),
        _ => std::os::unix::fs::symlink("/dev/zero", &file).unwrap(),
    }
    file
}

#[rstest]
fn endless_input_is_refused(#[values("pipe", "endless")] kind: &str) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    for (name, args, code) in [
        ("claims.yaml", &["list", "--manifests", "FOLDER"] as &[&str], 96),
        ("waivers.yaml", &["history", "check", "--waivers", "FILE"], 96),
        ("junit.xml", &["history", "import", "FILE"], 96),
    ] {
        let file = make_input(&folder, kind, name);
        let args = args.iter().map(|arg| match *arg {
            "FOLDER" => folder.path().to_str().unwrap(),
            "FILE" => file.to_str().unwrap(),
            arg => arg,
        });
        let ended = within_limit(podproof(args).env("XDG_STATE_HOME", &state)).exits(code);
        assert!(ended.stderr.contains(name), "{ended}");
    }
}

#[test]
fn a_record_that_is_a_pipe_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    make_input(&folder, "pipe", "record.json");
    for command in ["judge", "report"] {
        let ended = within_limit(podproof([command]).arg(folder.path())).exits(96);
        assert!(ended.stderr.contains("record.json") && ended.stderr.contains("pipe"), "{ended}");
    }
}

#[test]
fn input_from_a_pipe_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let waivers = folder.path().join("waivers");
    make_pipe(&waivers);
    let mut writer = Command::new("sh")
        .args(["-c", "sleep 0.2; printf 'waivers: 7' >\"$0\"", waivers.to_str().unwrap()])
        .spawn()
        .unwrap();
    let check = podproof(["history", "check", "--waivers"])
        .arg(&waivers)
        .env("XDG_STATE_HOME", folder.path())
        .output();
    let said = String::from_utf8(check.unwrap().stderr).unwrap();
    assert!(said.contains("is not a list of waivers") && said.contains("invalid type"), "{said}");
    assert!(writer.wait().unwrap().success());
}

#[test]
fn a_huge_selection_is_handled_quickly() {
    let stars = format!("{}Z", "*".repeat(30_000));
    for (select, code) in [
        (stars.as_str(), 4),
        (&"(".repeat(30_000), 2),
        (&"not ".repeat(30_000), 2),
        (&format!("{}ipc/*{}", "(".repeat(30_000), ")".repeat(30_000)), 2),
        (&format!("ipc/*{}", " or ipc/*".repeat(10_000)), 0),
        (&format!("ipc/*{}", " and ipc/*".repeat(10_000)), 0),
    ] {
        let _ = within_limit(podproof(["list", "--select", select]).stdout(Stdio::null())).exits(code);
    }
}

#[rstest]
#[case::brackets("[")]
#[case::braces("{")]
#[case::both("[{")]
fn deeply_nested_yaml_is_refused_at_once(#[case] open: &str) {
    let folder = tempfile::tempdir().unwrap();
    let nested = open.repeat(200_000);
    let (waivers, claims) = (folder.path().join("waivers.yaml"), folder.path().join("claims.yaml"));
    fs::write(&waivers, &nested).unwrap();
    fs::write(&claims, &nested).unwrap();
    let mut check = podproof(["history", "check", "--waivers"]);
    let ended = within_limit(check.arg(&waivers).env("XDG_STATE_HOME", folder.path())).exits(96);
    assert!(ended.stderr.contains("waivers.yaml") && ended.stderr.contains("brackets"), "{ended}");
    let ended = within_limit(podproof(["list", "--manifests"]).arg(folder.path())).exits(96);
    assert!(ended.stderr.contains("claims.yaml") && ended.stderr.contains("brackets"), "{ended}");
}

#[test]
fn a_file_that_is_too_large_is_refused_by_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let claims = folder.path().join("claims.yaml");
    fs::File::create(&claims).unwrap().set_len(300 << 20).unwrap();
    let ended = within_limit(podproof(["list", "--manifests"]).arg(folder.path())).exits(96);
    assert!(ended.stderr.contains("claims.yaml") && ended.stderr.contains("more than 4 MiB"), "{ended}");
    let ended = within_limit(podproof(["history", "import"]).arg(&claims)).exits(96);
    assert!(ended.stderr.contains("claims.yaml") && ended.stderr.contains("more than 128 MiB"), "{ended}");
}

#[test]
fn the_projects_manifests_are_within_the_limits() {
    let _ = run(podproof(["list", "--manifests"]).arg(root().join("manifests"))).exits(0);
}
