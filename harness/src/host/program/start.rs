//! Starts programs. This is the only place that does.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use tokio::process::{Child, Command as Process};

use super::error::CommandError;
use super::line::{Input, Program};
use super::supervised::supervised;

impl Program {
    /// Starts the program in a new session, in which it continues after podproof ends. Its output is written to `log`.
    pub fn spawn_detached(&self, log: &File) -> Result<u32, CommandError> {
        let failed = |source| self.not_started(source);
        // `--fork` because setsid(2) fails for a process group leader.
        let mut process = Process::new("setsid");
        process.arg("--fork").args(&self.argv).envs(self.variables.iter().map(|(name, value)| (name, value)));
        process.stdin(Stdio::null());
        process.stdout(log.try_clone().map_err(failed)?).stderr(log.try_clone().map_err(failed)?);
        let child = process.process_group(0).spawn().map_err(failed)?;
        Ok(child.id().unwrap_or_default())
    }

    /// Starts the program, under a supervisor if `supervise_programs` was called.
    pub(super) fn spawn(&self) -> Result<Child, CommandError> {
        let failed = |source| self.not_started(source);
        let mut process = match supervised(&self.when_orphaned, &self.argv) {
            // The supervisor itself would start even if the program is missing.
            Some(_) if !self.is_installed() => return Err(failed(io::ErrorKind::NotFound.into())),
            Some((us, name, arguments)) => {
                let mut process = Process::new(us);
                process.arg0(name).args(arguments);
                process
            }
            None => inheriting(&self.argv[0], &self.argv[1..]),
        };
        process.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            process.current_dir(folder);
        }
        process.stdin(match &self.input {
            Input::Nothing => Stdio::null(),
            Input::Bytes(_) => Stdio::piped(),
            Input::File(file) => File::open(file).map_err(failed)?.into(),
        });
        process.stdout(match &self.output {
            Some(file) => File::create(file).map_err(failed)?.into(),
            None => Stdio::piped(),
        });
        process.stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        process.spawn().map_err(failed)
    }

    fn is_installed(&self) -> bool {
        let own =
            self.variables.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        is_installed(&self.argv[0], own.or_else(|| std::env::var_os("PATH")).as_deref())
    }

    fn not_started(&self, source: io::Error) -> CommandError {
        if source.kind() == io::ErrorKind::NotFound && self.folder.is_none() {
            CommandError::Missing { program: self.argv[0].to_string_lossy().into_owned() }
        } else {
            CommandError::Start { command: self.command_line(), source }
        }
    }
}

/// Replaces this process with another program. Returns only if that fails.
pub(crate) fn become_program(program: &str, arguments: &[OsString]) -> io::Error {
    std::process::Command::new(program).args(arguments).exec()
}

/// A command that inherits the standard streams.
pub(in crate::host) fn inheriting(program: &OsStr, arguments: &[OsString]) -> Process {
    let mut process = Process::new(program);
    process.args(arguments);
    process
}

/// Returns whether the program exists, using the same lookup as the system.
fn is_installed(program: &OsStr, path: Option<&OsStr>) -> bool {
    if program.as_encoded_bytes().contains(&b'/') {
        return true;
    }
    let Some(path) = path else { return true };
    std::env::split_paths(path).any(|folder| {
        let found = folder.join(program).metadata();
        found.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_executable_files_on_the_path_are_programs() {
        let (folder, script) = (tempfile::tempdir().unwrap(), "a-script");
        let found = || is_installed(script.as_ref(), Some(folder.path().as_os_str()));
        assert!(!found());
        std::fs::write(folder.path().join(script), "").unwrap();
        assert!(!found());
        std::fs::set_permissions(folder.path().join(script), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(found());
    }
}
