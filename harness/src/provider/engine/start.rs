//! Finds the container engine, or starts it and leaves it running.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::configuration::{has_podproof_runtime, register, restore_default, unregister};
use super::oci_runtime::{BoundingSet, RUNTIME, install_runtime};
use super::route::{Route, engine_id};
use crate::host::{CommandError, Host, Lock, LockGuard, LockMode, Output, Program, report_progress};
use crate::provider::error::ClusterError;

const PID_FILE: &str = "/var/run/docker.pid";
const CONTAINERD_PID_FILE: &str = "/var/run/docker/containerd/containerd.pid";
const USER_CONFIGURATION: &str = "/etc/docker/daemon.json";
/// The file with the engine's settings from before podproof changed them.
const PREVIOUS_CONFIGURATION: &str = "before.json";
/// How long a started engine may take to answer; it may have containers to restore.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running container engine.
#[derive(Clone, Debug)]
pub struct Engine {
    restricted: bool,
    id: Option<String>,
}

impl Engine {
    /// Starts the engine if it is not running, and makes sure that it can start privileged containers.
    ///
    /// On hosts with a restricted capability bounding set this makes podproof's OCI runtime the engine's default
    /// runtime.
    pub async fn ensure_ready(host: &Host) -> Result<Self, ClusterError> {
        Self::ensure_running(host).await?;
        let id = engine_id(host).await?;
        // An engine on another host, or in another PID namespace, is assumed to have all capabilities.
        let Some(process) = engine_process(host).await else {
            return Ok(Self { restricted: false, id });
        };
        let missing = missing_capabilities(&process)?;
        if !missing.is_empty() {
            configure_runtime(host, &process, &missing).await?;
        }
        Ok(Self { restricted: missing.iter().any(|name| name == "CAP_SYS_RESOURCE"), id })
    }

    /// Starts the engine if it is not running. Does not change its configuration.
    pub async fn ensure_running(host: &Host) -> Result<(), ClusterError> {
        match version_query().run(&host.cancel).await {
            Ok(_) => return Ok(()),
            Err(error) => startable(error)?,
        };
        // Another podproof may be starting it right now.
        let _lock = engine_lock(host).acquire(host, LockMode::Exclusive).await?;
        match version_query().run(&host.cancel).await {
            Ok(_) => Ok(()),
            Err(error) => start(host, startable(error)?).await,
        }
    }

    /// The engine's own identifier; `None` if it does not report one.
    pub(in crate::provider) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns whether containers have no `CAP_SYS_RESOURCE`, so that they cannot lower an OOM score.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        self.restricted
    }
}

fn engine_lock(host: &Host) -> Lock<'static> {
    Lock::new(host.folders.engine_lock(), "the container engine")
}

/// Prevents other podproof processes from restoring the engine's configuration until the guard is dropped. After that,
/// the ownership mark of a cluster has the same effect.
pub(in crate::provider) async fn lock_configuration(host: &Host) -> Result<LockGuard, ClusterError> {
    Ok(configuration_lock(host).acquire(host, LockMode::Shared).await?)
}

fn configuration_lock(host: &Host) -> Lock<'static> {
    Lock::new(host.folders.engine_users_lock(), "the container engine's configuration")
}

/// Returns `error` if starting the engine could fix it, or else the reason why it cannot.
fn startable(error: CommandError) -> Result<CommandError, ClusterError> {
    match error {
        CommandError::Missing { .. } => Err(ClusterError::NoEngine),
        CommandError::Cancelled { .. } => Err(error.into()),
        error if error.stderr_tail().contains("permission denied") => Err(ClusterError::NoRight),
        error => Ok(error),
    }
}

fn version_query() -> Program {
    Program::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .deadline(Duration::from_secs(15))
}

/// The engine's process id; `None` if the Docker host or context is not on this host.
async fn engine_process(host: &Host) -> Option<String> {
    let named = std::env::var("DOCKER_HOST").unwrap_or_default();
    let is_here = match Route::find(host).await {
        Some(route) => route.is_local(),
        None => named.is_empty() || named.starts_with("unix://"),
    };
    if is_here { running_process(PID_FILE, "dockerd") } else { None }
}

fn missing_capabilities(process: &str) -> Result<Vec<String>, ClusterError> {
    let bounding = BoundingSet::of(process);
    bounding
        .map(|set| set.missing())
        .map_err(ClusterError::file(Path::new("/proc").join(process).join("status")))
}

async fn start(host: &Host, refusal: CommandError) -> Result<(), ClusterError> {
    let named = std::env::var_os("DOCKER_HOST").is_some_and(|host| !host.is_empty());
    let elsewhere = Route::find(host).await.is_some_and(|route| !route.is_local());
    if named || elsewhere || !rustix::process::geteuid().is_root() {
        return Err(ClusterError::EngineSilent { source: refusal });
    }
    if Path::new("/run/systemd/system").is_dir() {
        report_progress!("starting the container engine with systemd");
        Program::new("systemctl").args(["start", "docker"]).deadline(PATIENCE).run(&host.cancel).await?;
    } else {
        start_detached(host)?;
    }
    let log = host.folders.engine().join("dockerd.log");
    version_query()
        .run_until_success(PATIENCE, &host.cancel)
        .await
        .map_err(|source| ClusterError::EngineStart { log, source })?;
    Ok(())
}

/// Starts the engine on a host without systemd.
fn start_detached(host: &Host) -> Result<(), ClusterError> {
    report_progress!("starting the container engine");
    for (file, program) in [(PID_FILE, "dockerd"), (CONTAINERD_PID_FILE, "containerd")] {
        if Path::new(file).exists() && running_process(file, program).is_none() {
            report_progress!("removing {file}: the {program} that wrote it has ended");
            fs::remove_file(file).map_err(ClusterError::file(file))?;
        }
    }
    let folder = host.folders.engine();
    fs::create_dir_all(&folder).map_err(ClusterError::file(&folder))?;
    let log = folder.join("dockerd.log");
    let log = File::options().create(true).append(true).open(&log).map_err(ClusterError::file(&log))?;
    let mut command = Program::new("dockerd");
    if !missing_capabilities("self")?.is_empty() {
        let runtime = install_runtime(&host.program, &folder).map_err(ClusterError::file(&folder))?;
        let configuration = folder.join("daemon.json");
        register(Path::new(USER_CONFIGURATION), &configuration, &runtime, None)?;
        command = command.arg("--config-file").arg(configuration);
    }
    command.spawn_detached(&log).map_err(|source| match source {
        CommandError::Missing { .. } => ClusterError::NoEngine,
        other => other.into(),
    })?;
    Ok(())
}

/// Makes podproof's OCI runtime, which drops unavailable capabilities, the default runtime of a running engine.
async fn configure_runtime(host: &Host, process: &str, missing: &[String]) -> Result<(), ClusterError> {
    let folder = host.folders.engine();
    let configuration = configuration_of(process);
    let present =
        fs::read(&configuration).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let ours = present.as_ref().is_some_and(|value| value["default-runtime"] == RUNTIME);
    // Another user's podproof may have registered its copy of the runtime, which works equally well.
    let named = present.as_ref().and_then(|value| value["runtimes"][RUNTIME]["path"].as_str());
    if ours && named.is_some_and(|path| Path::new(path).exists() && Path::new(path).parent() != Some(&folder))
    {
        return Ok(());
    }
    let runtime = install_runtime(&host.program, &folder).map_err(ClusterError::file(&folder))?;
    if ours && named == runtime.to_str() {
        return Ok(());
    }
    report_progress!(
        "this host does not grant {}: making {RUNTIME} the default runtime in {}, until the last cluster is removed",
        missing.join(", "),
        configuration.display()
    );
    let _lock = engine_lock(host).acquire(host, LockMode::Exclusive).await?;
    register(&configuration, &configuration, &runtime, Some(&folder.join(PREVIOUS_CONFIGURATION)))?;
    await_default_runtime(host, process, RUNTIME, configuration).await
}

/// Reloads the engine's configuration and waits until its default runtime is `name`.
async fn await_default_runtime(
    host: &Host,
    process: &str,
    name: &str,
    configuration: PathBuf,
) -> Result<(), ClusterError> {
    reload(process).map_err(ClusterError::file(PID_FILE))?;
    let default = Program::new("docker").args(["info", "--format", "{{.DefaultRuntime}}"]);
    for _ in 0..50 {
        if default.run(&host.cancel).await?.stdout.trim() == name {
            return Ok(());
        }
    }
    Err(ClusterError::EngineRuntime { configuration })
}

/// Restores the engine's configuration if podproof has no cluster left and no container needs podproof's runtime.
pub(in crate::provider) async fn restore_configuration(host: &Host) -> Result<(), ClusterError> {
    let folder = host.folders.engine();
    let Some(process) = engine_process(host).await else { return Ok(()) };
    let configuration = configuration_of(&process);
    // An engine that podproof started reads podproof's own file, which needs no restoring.
    if configuration.parent() == Some(&folder) || !has_podproof_runtime(&configuration, &folder) {
        return Ok(());
    }
    let Some(_unused) = configuration_lock(host).try_acquire(LockMode::Exclusive)? else {
        report_progress!(
            "{RUNTIME} stays in {}: another podproof is creating a cluster; the next `podproof cluster down` \
             removes it",
            configuration.display()
        );
        return Ok(());
    };
    let _lock = engine_lock(host).acquire(host, LockMode::Exclusive).await?;
    if !host.folders.cluster_names().is_empty() {
        return Ok(());
    }
    let users = containers_using_runtime(host).await?;
    if users > 0 {
        report_progress!("{RUNTIME} stays in {}: {users} containers use it", configuration.display());
        return Ok(());
    }
    let note = folder.join(PREVIOUS_CONFIGURATION);
    let default = restore_default(&configuration, &note)?;
    await_default_runtime(host, &process, &default, configuration.clone()).await?;
    unregister(&configuration, &note)?;
    reload(&process).map_err(ClusterError::file(PID_FILE))?;
    report_progress!(
        "{} is restored: {RUNTIME} is removed, the default runtime is {default}",
        configuration.display()
    );
    Ok(())
}

/// Counts the containers that need podproof's runtime to start again.
async fn containers_using_runtime(host: &Host) -> Result<usize, ClusterError> {
    let list = Program::new("docker").args(["ps", "--all", "--quiet", "--no-trunc"]);
    let output = list.run(&host.cancel).await?.stdout;
    let mut users = 0;
    for container in output.lines() {
        let inspect = Program::new("docker").args(["inspect", "--type", "container", "--format"]);
        let runtime = inspect.args(["{{.HostConfig.Runtime}}", container]).run(&host.cancel).await;
        users += usize::from(uses_runtime(runtime)?);
    }
    Ok(users)
}

/// Reads the output of `docker inspect` for one container. A container that no longer exists does not use the runtime.
fn uses_runtime(runtime: Result<Output, CommandError>) -> Result<bool, CommandError> {
    match runtime {
        Ok(output) => Ok(output.stdout.trim() == RUNTIME),
        Err(error) if error.stderr_tail().to_lowercase().contains("no such container") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads the path of the engine's configuration file from its command line.
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

/// Returns the process id in `pid_file` if that process still runs `program`. The id may have been reused by another
/// program, and a killed process that nobody waits for stays as a zombie.
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
    use crate::host::Folders;

    #[test]
    fn a_reused_pid_is_stale() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), std::process::id().to_string()).unwrap();
        assert_eq!(running_process(file.path().to_str().unwrap(), "dockerd"), None);
    }

    #[tokio::test]
    async fn a_removed_container_does_not_use_the_runtime() {
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
    async fn the_configuration_is_locked_until_all_guards_are_dropped() {
        let home = tempfile::tempdir().unwrap();
        let host = Host {
            folders: Folders::below(home.path()),
            program: "/bin/true".into(),
            cancel: CancellationToken::new(),
        };
        let (one, two) = (lock_configuration(&host).await.unwrap(), lock_configuration(&host).await.unwrap());
        drop(one);
        assert!(configuration_lock(&host).try_acquire(LockMode::Exclusive).unwrap().is_none());
        drop(two);
        assert!(configuration_lock(&host).try_acquire(LockMode::Exclusive).unwrap().is_some());
    }

    #[test]
    fn a_zombie_is_not_running() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), child.id().to_string()).unwrap();
        let runs = || running_process(file.path().to_str().unwrap(), "sleep");
        assert_eq!(runs(), Some(child.id().to_string()));

        child.kill().unwrap();
        let pid = Pid::from_child(&child);
        let without_reaping = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        rustix::process::waitid(WaitId::Pid(pid), without_reaping).unwrap();
        assert_eq!(runs(), None);
        child.wait().unwrap();
    }
}
