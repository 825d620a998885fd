//! Adds podproof's runtime to the container engine's configuration file and removes it again. All other settings belong
//! to the user and are preserved.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::oci_runtime::RUNTIME;
use crate::provider::error::ClusterError;
use podproof_core::disk::write_whole;

/// The engine's default runtime if its configuration does not set one.
pub(super) const DEFAULT_RUNTIME: &str = "runc";

/// The parts of the configuration that `register` changes, as they were before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PreviousConfiguration {
    /// True if the file existed.
    file: bool,
    /// True if it had a `runtimes` section.
    runtimes: bool,
    /// Its `default-runtime`, if set.
    default_runtime: Option<Value>,
}

/// Copies the configuration `from` to `to` with podproof's runtime added and made the default. Saves the previous
/// settings in the file `note`, if given.
pub(super) fn register(
    from: &Path,
    to: &Path,
    runtime: &Path,
    note: Option<&Path>,
) -> Result<(), ClusterError> {
    let present = read(from)?;
    let configuration = present.clone().unwrap_or_else(|| json!({}));
    if let Some(note) = note.filter(|_| configuration["default-runtime"] != RUNTIME) {
        let before = PreviousConfiguration {
            file: present.is_some(),
            runtimes: configuration.get("runtimes").is_some(),
            default_runtime: configuration.get("default-runtime").cloned(),
        };
        write(note, &json!(before))?;
    }
    write(to, &with_runtime(configuration, runtime))
}

/// Returns whether the configuration refers to the podproof runtime that is installed in `folder`.
pub(super) fn has_podproof_runtime(configuration: &Path, folder: &Path) -> bool {
    let Ok(Some(present)) = read(configuration) else { return false };
    let path = present["runtimes"][RUNTIME]["path"].as_str();
    path.is_some_and(|path| Path::new(path).parent() == Some(folder))
}

/// Restores the previous default runtime and returns its name. The name is always written to the file, because the
/// engine keeps its current default on reload when the setting is absent.
pub(super) fn restore_default(configuration: &Path, note: &Path) -> Result<String, ClusterError> {
    let mut present = read(configuration)?.unwrap_or_else(|| json!({}));
    let before = read_note(note);
    let named = before.as_ref().and_then(|before| before.default_runtime.as_ref()?.as_str());
    let name = match present["default-runtime"].as_str() {
        Some(RUNTIME) | None => named.unwrap_or(DEFAULT_RUNTIME).to_owned(),
        // The user changed it since then.
        Some(other) => other.to_owned(),
    };
    present["default-runtime"] = json!(name);
    write(configuration, &present)?;
    Ok(name)
}

/// Removes podproof's runtime from the configuration. Deletes the file if podproof created it and nothing else is in
/// it.
pub(super) fn unregister(configuration: &Path, note: &Path) -> Result<(), ClusterError> {
    let present = read(configuration)?.unwrap_or_else(|| json!({}));
    match without_runtime(present, read_note(note).as_ref()) {
        Some(rest) => write(configuration, &rest)?,
        None => ignore_missing(fs::remove_file(configuration)).map_err(ClusterError::file(configuration))?,
    }
    ignore_missing(fs::remove_file(note)).map_err(ClusterError::file(note))
}

fn with_runtime(mut configuration: Value, runtime: &Path) -> Value {
    configuration["runtimes"][RUNTIME] = json!({"path": runtime});
    configuration["default-runtime"] = json!(RUNTIME);
    configuration
}

/// Returns `None` if podproof created the file and no other setting is in it.
fn without_runtime(mut configuration: Value, before: Option<&PreviousConfiguration>) -> Option<Value> {
    let fields = configuration.as_object_mut()?;
    let ours_or_default = |value: &Value| *value == RUNTIME || *value == DEFAULT_RUNTIME;
    if fields.get("default-runtime").is_some_and(ours_or_default) {
        match before.and_then(|before| before.default_runtime.clone()) {
            Some(named) => drop(fields.insert("default-runtime".to_owned(), named)),
            None => drop(fields.shift_remove("default-runtime")),
        }
    }
    if let Some(runtimes) = fields.get_mut("runtimes").and_then(Value::as_object_mut) {
        runtimes.shift_remove(RUNTIME);
        if runtimes.is_empty() && before.is_none_or(|before| !before.runtimes) {
            fields.shift_remove("runtimes");
        }
    }
    let created_by_podproof = fields.is_empty() && before.is_some_and(|before| !before.file);
    (!created_by_podproof).then_some(configuration)
}

fn read_note(note: &Path) -> Option<PreviousConfiguration> {
    serde_json::from_slice(&fs::read(note).ok()?).ok()
}

fn read(file: &Path) -> Result<Option<Value>, ClusterError> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| ClusterError::EngineConfiguration { file: file.to_owned(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ClusterError::file(file)(error)),
    }
}

fn write(file: &Path, value: &Value) -> Result<(), ClusterError> {
    write_whole(file, format!("{value:#}\n").as_bytes()).map_err(ClusterError::file(file))
}

fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use rstest::rstest;

    use super::*;

    struct Files {
        folder: tempfile::TempDir,
        configuration: PathBuf,
        note: PathBuf,
    }

    impl Files {
        fn with(present: Option<&Value>) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = Self {
                configuration: folder.path().join("daemon.json"),
                note: folder.path().join("before.json"),
                folder,
            };
            if let Some(present) = present {
                write(&files.configuration, present).unwrap();
            }
            files
        }

        fn register(&self) {
            let runtime = self.folder.path().join(RUNTIME);
            register(&self.configuration, &self.configuration, &runtime, Some(&self.note)).unwrap();
            assert!(has_podproof_runtime(&self.configuration, self.folder.path()));
        }

        fn restore(&self) -> (String, Option<Value>) {
            let name = restore_default(&self.configuration, &self.note).unwrap();
            unregister(&self.configuration, &self.note).unwrap();
            assert!(!has_podproof_runtime(&self.configuration, self.folder.path()) && !self.note.exists());
            (name, read(&self.configuration).unwrap())
        }
    }

    #[test]
    fn the_users_configuration_is_kept() {
        let users = json!({"log-driver": "journald", "runtimes": {"kata": {"path": "/k"}}});
        let merged = with_runtime(users, Path::new("/s/podproof-runc"));
        let runtimes = json!({"kata": {"path": "/k"}, "podproof-runc": {"path": "/s/podproof-runc"}});
        let expected =
            json!({"log-driver": "journald", "runtimes": runtimes, "default-runtime": "podproof-runc"});
        assert_eq!(merged, expected);
    }

    #[rstest]
    #[case::no_file(None, "runc")]
    #[case::empty(Some(json!({})), "runc")]
    #[case::settings(Some(json!({"log-driver": "journald"})), "runc")]
    #[case::no_runtimes(Some(json!({"runtimes": {}})), "runc")]
    #[case::usual(Some(json!({"default-runtime": "runc"})), "runc")]
    #[case::another(Some(json!({"default-runtime": "kata", "runtimes": {"kata": {"path": "/k"}}})), "kata")]
    fn unregistering_restores_the_previous_configuration(
        #[case] present: Option<Value>,
        #[case] default: &str,
    ) {
        let files = Files::with(present.as_ref());
        files.register();
        // Registering twice must not overwrite the saved settings.
        files.register();
        assert_eq!(files.restore(), (default.to_owned(), present));
    }

    #[test]
    fn file_permissions_are_preserved() {
        let files = Files::with(Some(&json!({"debug": true})));
        let mode = || fs::metadata(&files.configuration).unwrap().permissions().mode() & 0o7777;
        fs::set_permissions(&files.configuration, Permissions::from_mode(0o600)).unwrap();
        files.register();
        assert_eq!(mode(), 0o600);
        files.restore();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn later_edits_are_kept() {
        let files = Files::with(None);
        files.register();
        let mut edited = read(&files.configuration).unwrap().unwrap();
        edited["debug"] = json!(true);
        edited["default-runtime"] = json!("crun");
        write(&files.configuration, &edited).unwrap();
        let rest = json!({"default-runtime": "crun", "debug": true});
        assert_eq!(files.restore(), ("crun".to_owned(), Some(rest)));
    }

    #[test]
    fn a_runtime_in_another_folder_is_not_ours() {
        let files = Files::with(Some(&json!({"runtimes": {RUNTIME: {"path": "/elsewhere/podproof-runc"}}})));
        assert!(!has_podproof_runtime(&files.configuration, files.folder.path()));
    }
}
