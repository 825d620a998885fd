//! The container engine's configuration file: our runtime is added to it, and taken out again. All else in it is the
//! user's.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bounding::RUNTIME;
use super::error::Error;
use crate::disk::write_whole;

/// The engine's own default.
pub(super) const USUAL_RUNTIME: &str = "runc";

/// What the configuration was before our runtime came into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    /// Whether there was a file.
    file: bool,
    /// Whether it named runtimes.
    runtimes: bool,
    /// Its default runtime, where it named one.
    default_runtime: Option<Value>,
}

/// Writes `from` with our runtime as one more and as the default to `to`; keeps in `note`, where one is wanted, what
/// was there before.
pub(super) fn register(from: &Path, to: &Path, runtime: &Path, note: Option<&Path>) -> Result<(), Error> {
    let present = read(from)?;
    let configuration = present.clone().unwrap_or_else(|| json!({}));
    if let Some(note) = note.filter(|_| configuration["default-runtime"] != RUNTIME) {
        let before = Before {
            file: present.is_some(),
            runtimes: configuration.get("runtimes").is_some(),
            default_runtime: configuration.get("default-runtime").cloned(),
        };
        write(note, &json!(before))?;
    }
    write(to, &with_runtime(configuration, runtime))
}

/// Whether the runtime in this configuration is the one that we put into `folder`.
pub(super) fn has_ours(configuration: &Path, folder: &Path) -> bool {
    let Ok(Some(present)) = read(configuration) else { return false };
    let path = present["runtimes"][RUNTIME]["path"].as_str();
    path.is_some_and(|path| Path::new(path).parent() == Some(folder))
}

/// Makes the default runtime what it was, for an engine that keeps a default that is no longer named; gives its name.
pub(super) fn restore_default(configuration: &Path, note: &Path) -> Result<String, Error> {
    let mut present = read(configuration)?.unwrap_or_else(|| json!({}));
    let before = noted(note);
    let named = before.as_ref().and_then(|before| before.default_runtime.as_ref()?.as_str());
    let name = match present["default-runtime"].as_str() {
        Some(RUNTIME) | None => named.unwrap_or(USUAL_RUNTIME).to_owned(),
        // Changed since: the user's word counts.
        Some(other) => other.to_owned(),
    };
    present["default-runtime"] = json!(name);
    write(configuration, &present)?;
    Ok(name)
}

/// Takes our runtime out of the configuration; removes the file where it was ours alone.
pub(super) fn take_out(configuration: &Path, note: &Path) -> Result<(), Error> {
    let present = read(configuration)?.unwrap_or_else(|| json!({}));
    match without_runtime(present, noted(note).as_ref()) {
        Some(rest) => write(configuration, &rest)?,
        None => gone(fs::remove_file(configuration)).map_err(Error::file(configuration))?,
    }
    gone(fs::remove_file(note)).map_err(Error::file(note))
}

/// The engine's configuration with our runtime as one more and as the default.
fn with_runtime(mut configuration: Value, runtime: &Path) -> Value {
    configuration["runtimes"][RUNTIME] = json!({"path": runtime});
    configuration["default-runtime"] = json!(RUNTIME);
    configuration
}

/// The configuration without our runtime; nothing where nothing else was ever in it.
fn without_runtime(mut configuration: Value, before: Option<&Before>) -> Option<Value> {
    let fields = configuration.as_object_mut()?;
    let ours_or_usual = |value: &Value| *value == RUNTIME || *value == USUAL_RUNTIME;
    if fields.get("default-runtime").is_some_and(ours_or_usual) {
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
    let was_ours_alone = fields.is_empty() && before.is_some_and(|before| !before.file);
    (!was_ours_alone).then_some(configuration)
}

fn noted(note: &Path) -> Option<Before> {
    serde_json::from_slice(&fs::read(note).ok()?).ok()
}

fn read(file: &Path) -> Result<Option<Value>, Error> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| Error::EngineConfiguration { file: file.to_owned(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(file)(error)),
    }
}

fn write(file: &Path, value: &Value) -> Result<(), Error> {
    write_whole(file, format!("{value:#}\n").as_bytes()).map_err(Error::file(file))
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
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
            assert!(has_ours(&self.configuration, self.folder.path()));
        }

        fn put_back(&self) -> (String, Option<Value>) {
            let name = restore_default(&self.configuration, &self.note).unwrap();
            take_out(&self.configuration, &self.note).unwrap();
            assert!(!has_ours(&self.configuration, self.folder.path()) && !self.note.exists());
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
    fn what_was_there_is_there_again(#[case] present: Option<Value>, #[case] default: &str) {
        let files = Files::with(present.as_ref());
        files.register();
        // A second time changes nothing of what is remembered.
        files.register();
        assert_eq!(files.put_back(), (default.to_owned(), present));
    }

    #[test]
    fn who_may_read_it_stays_the_same() {
        let files = Files::with(Some(&json!({"debug": true})));
        let mode = || fs::metadata(&files.configuration).unwrap().permissions().mode() & 0o7777;
        fs::set_permissions(&files.configuration, Permissions::from_mode(0o600)).unwrap();
        files.register();
        assert_eq!(mode(), 0o600);
        files.put_back();
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
        assert_eq!(files.put_back(), ("crun".to_owned(), Some(rest)));
    }

    #[test]
    fn a_runtime_of_somebody_else_is_not_ours() {
        let files = Files::with(Some(&json!({"runtimes": {RUNTIME: {"path": "/elsewhere/podproof-runc"}}})));
        assert!(!has_ours(&files.configuration, files.folder.path()));
    }
}
