//! Helpers that the suites share. They run the program under test as a user does.
#![expect(clippy::missing_panics_doc, reason = "a test panics where something is wrong")]

pub mod imports;
pub mod rbac;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Instant;

use tempfile::TempDir;

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The `podproof` program: the one named by `PODPROOF_BIN`, or one that is built now.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("PODPROOF_BIN") {
        Some(path) => path.into(),
        None => build(),
    })
}

/// The static probe: the one named by `PODPROOF_PROBE`, or the one beside the program.
pub fn probe() -> PathBuf {
    std::env::var_os("PODPROOF_PROBE")
        .map_or_else(|| program().with_file_name("podproof-probe"), PathBuf::from)
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", "podproof-cli"])
        .current_dir(root())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the program under test does not build");
    // target/debug/deps/offline-0123 -> target/debug/podproof
    let exe = std::env::current_exe().expect("a test has a path");
    let folder = exe.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    folder.join("podproof")
}

/// The target folder of this build, where the live suite keeps its files.
fn target() -> PathBuf {
    // target/debug/deps/live-0123, or target/debug/live-report
    let exe = std::env::current_exe().expect("a program has a path");
    let profile = exe.ancestors().find(|folder| folder.join("deps").is_dir());
    profile.and_then(Path::parent).map_or_else(|| root().join("target"), Path::to_owned)
}

/// The name of a live test's folder, made from the test's name.
fn folder_of(test: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '.' };
    test.replace("::", ".").chars().map(plain).collect()
}

/// How many seconds the last run of a live test took. None if no time was kept.
#[must_use]
pub fn seconds_of(test: &str) -> Option<f64> {
    let file = target().join("live/.seconds").join(folder_of(test));
    std::fs::read_to_string(file).ok()?.parse().ok()
}

/// Keeps how many seconds the live test of this thread took.
pub fn note_seconds(seconds: f64) {
    write_seconds(&folder_of(std::thread::current().name().unwrap_or("unknown")), seconds);
}

fn write_seconds(test: &str, seconds: f64) {
    let all = target().join("live/.seconds");
    // A test must not fail because its time cannot be written: the report then has no time for it.
    let _ = std::fs::create_dir_all(&all);
    let _ = std::fs::write(all.join(test), format!("{seconds:.1}"));
}

/// The folder of a live test in `target/live`. It is removed when the test passes and kept when it fails.
#[derive(Debug)]
pub struct KeptFolder {
    folder: PathBuf,
    test: String,
    begun: Instant,
}

impl KeptFolder {
    /// A new, empty folder for the test that runs in this thread.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let test = folder_of(std::thread::current().name().unwrap_or("unknown"));
        let all = target().join("live");
        std::fs::create_dir_all(&all).expect("the target folder is writable");
        let names = (1..).map(|n| if n == 1 { test.clone() } else { format!("{test}-{n}") });
        let folder = names.map(|name| all.join(name)).find(|folder| std::fs::create_dir(folder).is_ok());
        Self { folder: folder.expect("some name is free"), test, begun: Instant::now() }
    }

    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The folder of the only run that had this folder as its `--out`.
    #[must_use]
    pub fn run_folder(&self) -> PathBuf {
        let mut found = std::fs::read_dir(&self.folder).expect("the folder is readable");
        found.next().expect("a run leaves a folder").expect("it can be read").path()
    }
}

impl Drop for KeptFolder {
    fn drop(&mut self) {
        write_seconds(&self.test, self.begun.elapsed().as_secs_f64());
        if std::thread::panicking() {
            eprintln!("the evidence is kept in {}", self.folder.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Writes a kubeconfig whose only context `x` leads to `server`, into this folder.
#[must_use]
pub fn kubeconfig(folder: &Path, server: &str) -> PathBuf {
    let file = folder.join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{ name: c, cluster: {{ server: '{server}' }} }}]\n\
         users: [{{ name: u, user: {{}} }}]\ncontexts: [{{ name: x, context: {{ cluster: c, user: u }} }}]\n"
    );
    std::fs::write(&file, text).expect("the folder is writable");
    file
}

/// A copy of the project's manifests in which `case` has this manifest.
#[must_use]
pub fn manifests_with(case: &str, manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let copied = Command::new("cp").arg("-r").arg(root().join("manifests/.")).arg(folder.path()).status();
    assert!(copied.expect("cp runs").success());
    let file = folder.path().join("cases").join(case).with_extension("yaml");
    std::fs::write(file, manifest).expect("the folder is writable");
    folder
}

/// The result of a program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The command line.
    pub command: String,
    /// The exit code; None if a signal ended the program.
    pub code: Option<i32>,
    /// The text on stdout.
    pub stdout: String,
    /// The text on stderr.
    pub stderr: String,
}

impl Ended {
    /// Returns the result. Panics with the command and its output if the exit code is not `code`.
    #[must_use]
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "{command}\nexit code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A command line of the program, without the caller's own `PODPROOF_*` variables and kubeconfig.
pub fn podproof(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PODPROOF_") {
            command.env_remove(name);
        }
    }
    command.env_remove("KUBECONFIG").env("HOME", "/nonexistent").env_remove("NO_COLOR").args(args);
    command
}

/// A command line that uses the home, cache and state folders of the user who runs the tests, so that images are not
/// built again.
#[must_use]
pub fn podproof_with_home(args: &[&str]) -> Command {
    let mut command = podproof(args);
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
        match std::env::var_os(name) {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    Ended {
        command: format!("{command:?}"),
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
