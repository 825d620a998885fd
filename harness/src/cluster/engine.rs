//! The container engine: found running, or started by us and left running.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::bounding::{Bounding, RUNTIME, install_runtime};
use super::configuration::{has_ours, register, restore_default, take_out};
use super::error::Error;
use super::lock::{Hold, Lock, Use};
use super::program::{CommandError, Output, Program};
use super::which_engine::{Route, engine_id};
use super::{Host, talk};

const PID_FILE: &str = "/var/run/docker.pid";
const CONTAINERD_PID_FILE: &str = "/var/run/docker/containerd/containerd.pid";
const USER_CONFIGURATION: &str = "/etc/docker/daemon.json";
/// What the configuration was before we changed it, in our folder.
const BEFORE: &str = "before.json";
/// How long a new engine may take for its first answer; it may have containers to restore.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine that answers.
#[derive(Clone, Debug)]
pub struct Engine {
    restricted: bool,
    id: Option<String>,
}

impl Engine {
    /// Finds the engine, or starts one where this host has none running.
    ///
    /// Afterwards privileged containers can be started, also on hosts that lack capabilities.
    pub async fn ready(host: &Host) -> Result<Self, Error> {
        Self::answers(host).await?;
        let id = engine_id(host).await?;
        // An engine whose process cannot be seen has other capabilities than we: it is taken to have all.
        let Some(process) = process(host).await else {
            return Ok(Self { restricted: false, id });
        };
        let missing = missing_capabilities(&process)?;
        if !missing.is_empty() {
            use_runtime(host, &process, &missing).await?;
        }
        Ok(Self { restricted: missing.iter().any(|name| name == "CAP_SYS_RESOURCE"), id })
    }

    /// Finds the engine, or starts one; changes nothing of it.
    pub async fn answers(host: &Host) -> Result<(), Error> {
        match answer().run(&host.cancel).await {
            Ok(_) => return Ok(()),
            Err(error) => not_startable(error)?,
        };
        // One that another podproof starts meanwhile is not started twice.
        let _alone = lock(host).hold(host, Use::Alone).await?;
        match answer().run(&host.cancel).await {
            Ok(_) => Ok(()),
            Err(error) => start(host, not_startable(error)?).await,
        }
    }

    /// What it calls itself, where it does.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether containers lack `CAP_SYS_RESOURCE`, so that nothing in them can lower an OOM score.
    #[must_use]
    pub fn restricted(&self) -> bool {
        self.restricted
    }
}

fn lock(host: &Host) -> Lock<'static> {
    Lock::new(host.folders.engine_lock(), "the container engine")
}

/// Keeps the engine's configuration as it is: nobody puts it back meanwhile. Afterwards the mark of a cluster does.
pub(super) async fn need_configuration(host: &Host) -> Result<Hold, Error> {
    needed(host).hold(host, Use::Shared).await
}

fn needed(host: &Host) -> Lock<'static> {
    Lock::new(host.folders.engine_users_lock(), "the container engine's configuration")
}

/// The answer of an engine that a start could mend, or why none could.
fn not_startable(error: CommandError) -> Result<CommandError, Error> {
    match error {
        CommandError::Missing { .. } => Err(Error::NoEngine),
        CommandError::Cancelled { .. } => Err(error.into()),
        error if error.said().contains("permission denied") => Err(Error::NoRight),
        error => Ok(error),
    }
}

fn answer() -> Program {
    Program::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .deadline(Duration::from_secs(15))
}

/// The process of the engine, where it is this host's: neither the environment nor a context leads elsewhere.
async fn process(host: &Host) -> Option<String> {
    let named = std::env::var("DOCKER_HOST").unwrap_or_default();
    let is_here = match Route::find(host).await {
        Some(route) => route.stays_here(),
        None => named.is_empty() || named.starts_with("unix://"),
    };
    if is_here { running_process(PID_FILE, "dockerd") } else { None }
}

fn missing_capabilities(process: &str) -> Result<Vec<String>, Error> {
    let bounding = Bounding::of(process);
    bounding.map(|set| set.missing()).map_err(Error::file(Path::new("/proc").join(process).join("status")))
}

async fn start(host: &Host, refusal: CommandError) -> Result<(), Error> {
    let named = std::env::var_os("DOCKER_HOST").is_some_and(|host| !host.is_empty());
    let elsewhere = Route::find(host).await.is_some_and(|route| !route.stays_here());
    if named || elsewhere || !rustix::process::geteuid().is_root() {
        return Err(Error::EngineSilent { source: refusal });
    }
    if Path::new("/run/systemd/system").is_dir() {
        talk!("starting the container engine by systemd");
        Program::new("systemctl").args(["start", "docker"]).deadline(PATIENCE).run(&host.cancel).await?;
    } else {
        start_detached(host)?;
    }
    let log = host.folders.engine().join("dockerd.log");
    answer()
        .run_until_well(PATIENCE, &host.cancel)
        .await
        .map_err(|source| Error::EngineStart { log, source })?;
    Ok(())
}

/// Starts the engine where no init does it.
fn start_detached(host: &Host) -> Result<(), Error> {
    talk!("starting the container engine");
    for (file, program) in [(PID_FILE, "dockerd"), (CONTAINERD_PID_FILE, "containerd")] {
        if Path::new(file).exists() && running_process(file, program).is_none() {
            talk!("removing {file}: the {program} that wrote it has ended");
            fs::remove_file(file).map_err(Error::file(file))?;
        }
    }
    let folder = host.folders.engine();
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let log = folder.join("dockerd.log");
    let log = File::options().create(true).append(true).open(&log).map_err(Error::file(&log))?;
    let mut command = Program::new("dockerd");
    if !missing_capabilities("self")?.is_empty() {
        let runtime = install_runtime(&host.program, &folder).map_err(Error::file(&folder))?;
        let configuration = folder.join("daemon.json");
        register(Path::new(USER_CONFIGURATION), &configuration, &runtime, None)?;
        command = command.arg("--config-file").arg(configuration);
    }
    command.leave_running(&log).map_err(|source| match source {
        CommandError::Missing { .. } => Error::NoEngine,
        other => other.into(),
    })?;
    Ok(())
}

/// Makes a running engine use the runtime that asks for no more than this host can give.
async fn use_runtime(host: &Host, process: &str, missing: &[String]) -> Result<(), Error> {
    let folder = host.folders.engine();
    let configuration = configuration_of(process);
    let present =
        fs::read(&configuration).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let ours = present.as_ref().is_some_and(|value| value["default-runtime"] == RUNTIME);
    // A colleague's copy of this program may have set it up: its runtime is as good as ours.
    let named = present.as_ref().and_then(|value| value["runtimes"][RUNTIME]["path"].as_str());
    if ours && named.is_some_and(|path| Path::new(path).exists() && Path::new(path).parent() != Some(&folder))
    {
        return Ok(());
    }
    let runtime = install_runtime(&host.program, &folder).map_err(Error::file(&folder))?;
    if ours && named == runtime.to_str() {
        return Ok(());
    }
    talk!(
        "this host lacks {}: making {RUNTIME} the default runtime in {}, until the last cluster is removed",
        missing.join(", "),
        configuration.display()
    );
    let _alone = lock(host).hold(host, Use::Alone).await?;
    register(&configuration, &configuration, &runtime, Some(&folder.join(BEFORE)))?;
    have_default(host, process, RUNTIME, configuration).await
}

/// Makes the engine read its configuration, until its default runtime is `name`.
async fn have_default(host: &Host, process: &str, name: &str, configuration: PathBuf) -> Result<(), Error> {
    reload(process).map_err(Error::file(PID_FILE))?;
    let default = Program::new("docker").args(["info", "--format", "{{.DefaultRuntime}}"]);
    for _ in 0..50 {
        if default.run(&host.cancel).await?.stdout.trim() == name {
            return Ok(());
        }
    }
    Err(Error::EngineRuntime { configuration })
}

/// Puts the engine's configuration back when no cluster of ours is left and no container needs our runtime.
pub(super) async fn put_back(host: &Host) -> Result<(), Error> {
    let folder = host.folders.engine();
    let Some(process) = process(host).await else { return Ok(()) };
    let configuration = configuration_of(&process);
    // An engine that we started reads a file of ours, which nobody else does.
    if configuration.parent() == Some(&folder) || !has_ours(&configuration, &folder) {
        return Ok(());
    }
    let Some(_unneeded) = needed(host).take(Use::Alone)? else {
        talk!(
            "{RUNTIME} stays in {}: another podproof is about to have a cluster; the next `podproof cluster down` puts it back",
            configuration.display()
        );
        return Ok(());
    };
    let _alone = lock(host).hold(host, Use::Alone).await?;
    if !host.folders.cluster_names().is_empty() {
        return Ok(());
    }
    let users = using_runtime(host).await?;
    if users > 0 {
        talk!("{RUNTIME} stays in {}: {users} containers were made with it", configuration.display());
        return Ok(());
    }
    let note = folder.join(BEFORE);
    let default = restore_default(&configuration, &note)?;
    have_default(host, &process, &default, configuration.clone()).await?;
    take_out(&configuration, &note)?;
    reload(&process).map_err(Error::file(PID_FILE))?;
    talk!(
        "{} is put back: {RUNTIME} is out of it, the default runtime is {default}",
        configuration.display()
    );
    Ok(())
}

/// How many containers could not be started any more without our runtime.
async fn using_runtime(host: &Host) -> Result<usize, Error> {
    let list = Program::new("docker").args(["ps", "--all", "--quiet", "--no-trunc"]);
    let said = list.run(&host.cancel).await?.stdout;
    let mut users = 0;
    for container in said.lines() {
        let inspect = Program::new("docker").args(["inspect", "--type", "container", "--format"]);
        let runtime = inspect.args(["{{.HostConfig.Runtime}}", container]).run(&host.cancel).await;
        users += usize::from(uses_runtime(runtime)?);
    }
    Ok(users)
}

/// Reads the runtime of one container; one that was removed meanwhile has none.
fn uses_runtime(runtime: Result<Output, CommandError>) -> Result<bool, CommandError> {
    match runtime {
        Ok(said) => Ok(said.stdout.trim() == RUNTIME),
        Err(error) if error.said().to_lowercase().contains("no such container") => Ok(false),
        Err(error) => Err(error),
    }
}

/// The configuration file that the engine was started with.
fn configuration_of(process: &str) -> PathBuf {
    let line = fs::read(Path::new("/proc").join(process).join("cmdline")).unwrap_or_default();
    let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    let named = words.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
        Some(("--config-file", value)) => Some(value.to_owned()),
        None if word == "--config-file" => words.get(at + 1).map(ToString::to_string),
        _ => None,
    });
    PathBuf::from(named.unwrap_or_else(|| USER_CONFIGURATION.to_owned()))
}

fn reload(process: &str) -> io::Result<()> {
    let pid = process.parse().ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    Ok(kill_process(pid, Signal::HUP)?)
}

/// The process that wrote a pid file, if it still runs. Its number may long belong to another program, and one that
/// was killed stays in the list, as a zombie, where nobody collects it.
fn running_process(pid_file: &str, program: &str) -> Option<String> {
    let pid = fs::read_to_string(pid_file).ok()?.trim().to_owned();
    let stat = fs::read_to_string(Path::new("/proc").join(&pid).join("stat")).ok()?;
    // 12574 (dockerd) S …
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    let ended = rest.trim_start().starts_with(['Z', 'X']);
    (!ended && name == program).then_some(pid)
}

#[cfg(test)]
mod tests {
    use rustix::process::{WaitId, WaitIdOptions};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::cluster::Folders;

    #[test]
    fn a_pid_that_belongs_to_another_program_is_stale() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), std::process::id().to_string()).unwrap();
        assert_eq!(running_process(file.path().to_str().unwrap(), "dockerd"), None);
    }

    #[tokio::test]
    async fn a_container_that_is_gone_needs_no_runtime() {
        let never = CancellationToken::new();
        let inspect =
            async |script: &str| uses_runtime(Program::new("sh").args(["-c", script]).run(&never).await);
        assert!(inspect("echo podproof-runc").await.unwrap());
        assert!(!inspect("echo runc").await.unwrap());
        let gone = "echo; echo 'Error response from daemon: No such container: 0123' >&2; exit 1";
        assert!(!inspect(gone).await.unwrap());
        assert!(inspect("echo 'Cannot connect to the Docker daemon' >&2; exit 1").await.is_err());
    }

    #[tokio::test]
    async fn who_makes_a_cluster_needs_the_configuration() {
        let home = tempfile::tempdir().unwrap();
        let host = Host {
            folders: Folders::below(home.path()),
            program: "/bin/true".into(),
            cancel: CancellationToken::new(),
        };
        let (one, two) = (need_configuration(&host).await.unwrap(), need_configuration(&host).await.unwrap());
        drop(one);
        assert!(needed(&host).take(Use::Alone).unwrap().is_none());
        drop(two);
        assert!(needed(&host).take(Use::Alone).unwrap().is_some());
    }

    #[test]
    fn a_process_that_nobody_collected_does_not_run() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), child.id().to_string()).unwrap();
        let runs = || running_process(file.path().to_str().unwrap(), "sleep");
        assert_eq!(runs(), Some(child.id().to_string()));

        child.kill().unwrap();
        let pid = Pid::from_child(&child);
        let only_look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        rustix::process::waitid(WaitId::Pid(pid), only_look).unwrap();
        assert_eq!(runs(), None);
        child.wait().unwrap();
    }
}
