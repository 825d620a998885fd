//! What the two suites share: the program under test, run as a user runs it.
#![expect(clippy::missing_panics_doc, reason = "a test panics where something is wrong")]

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
    let mine = std::env::current_exe().expect("a test has a path");
    let folder = mine.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    folder.join("podproof")
}

/// Where the live suite leaves what outlives it: the target folder of this build.
fn target() -> PathBuf {
    // target/debug/deps/live-0123, or target/debug/live-report
    let mine = std::env::current_exe().expect("a program has a path");
    let profile = mine.ancestors().find(|folder| folder.join("deps").is_dir());
    profile.and_then(Path::parent).map_or_else(|| root().join("target"), Path::to_owned)
}

/// The folder of a live test, by the test's name.
fn folder_of(test: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '.' };
    test.replace("::", ".").chars().map(plain).collect()
}

/// How long a live test took when it was last run, where it kept that.
#[must_use]
pub fn seconds_of(test: &str) -> Option<f64> {
    let file = target().join("live/.seconds").join(folder_of(test));
    std::fs::read_to_string(file).ok()?.parse().ok()
}

/// Notes how long the live test that runs in this thread took, in seconds.
pub fn note_seconds(seconds: f64) {
    note(&folder_of(std::thread::current().name().unwrap_or("unknown")), seconds);
}

fn note(test: &str, seconds: f64) {
    let all = target().join("live/.seconds");
    // A time that cannot be kept is missing in the report, and no test fails for it.
    let _ = std::fs::create_dir_all(&all);
    let _ = std::fs::write(all.join(test), format!("{seconds:.1}"));
}

/// What a live test leaves: a folder that stays where the test fails, in `target/live`, and goes where it passes.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    test: String,
    begun: Instant,
}

impl Kept {
    /// A new, empty folder for the test that runs in this thread.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let test = folder_of(std::thread::current().name().unwrap_or("unknown"));
        let all = target().join("live");
        std::fs::create_dir_all(&all).expect("the target folder is ours");
        let names = (1..).map(|n| if n == 1 { test.clone() } else { format!("{test}-{n}") });
        let folder = names.map(|name| all.join(name)).find(|folder| std::fs::create_dir(folder).is_ok());
        Self { folder: folder.expect("some name is free"), test, begun: Instant::now() }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The folder of the one run whose `--out` was this.
    #[must_use]
    pub fn the_run(&self) -> PathBuf {
        let mut found = std::fs::read_dir(&self.folder).expect("the folder is ours");
        found.next().expect("a run leaves a folder").expect("it can be read").path()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        note(&self.test, self.begun.elapsed().as_secs_f64());
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
    std::fs::write(&file, text).expect("the folder is ours");
    file
}

/// A copy of the project's manifests in which `case` has this manifest.
#[must_use]
pub fn manifests_with(case: &str, manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let copied = Command::new("cp").arg("-r").arg(root().join("manifests/.")).arg(folder.path()).status();
    assert!(copied.expect("cp runs").success());
    let file = folder.path().join("cases").join(case).with_extension("yaml");
    std::fs::write(file, manifest).expect("the folder is ours");
    folder
}

/// A run of the program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The command line.
    pub command: String,
    /// The exit code; absent when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Ended {
    /// Panics with everything there is to see unless the exit code is `code`.
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

/// A command line of the program, free of the caller's own `PODPROOF_*` settings and kubeconfig.
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

/// A command line that uses the folders of whoever runs the tests: images must not be built anew.
#[must_use]
pub fn ours(args: &[&str]) -> Command {
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
