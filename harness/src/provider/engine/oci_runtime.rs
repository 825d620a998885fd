//! An OCI runtime that requests only capabilities that are available on this host.
//!
//! For a privileged container the engine requests every capability that the kernel knows. If one is missing from the
//! host's bounding set, the container cannot start. This runtime removes unavailable capabilities from the request and
//! then executes `runc`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::host::become_program;

/// The executable name under which podproof acts as an OCI runtime.
pub const RUNTIME: &str = "podproof-runc";

/// The kernel's capabilities, ordered by number.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The capability bounding set of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundingSet {
    set: u64,
    last: u32,
}

impl BoundingSet {
    /// Reads the bounding set of a process id, or of `self`.
    pub fn of(process: &str) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let last = fs::read_to_string("/proc/sys/kernel/cap_last_cap")?;
        Self::parse(&status, &last).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "no bounding set in the process's status")
        })
    }

    fn parse(status: &str, last: &str) -> Option<Self> {
        let line = status.lines().find_map(|line| line.strip_prefix("CapBnd:"))?;
        Some(Self { set: u64::from_str_radix(line.trim(), 16).ok()?, last: last.trim().parse().ok()? })
    }

    /// Returns whether the set contains a capability, for example `CAP_SYS_RESOURCE`. Unknown names count as contained.
    fn has(&self, name: &str) -> bool {
        let short = name.trim_start_matches("CAP_");
        NAMES.iter().position(|known| *known == short).is_none_or(|number| self.set >> number & 1 == 1)
    }

    /// The capabilities that the kernel supports and the set does not contain.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let known = NAMES.iter().take(self.last as usize + 1);
        known.map(|name| format!("CAP_{name}")).filter(|name| !self.has(name)).collect()
    }
}

/// Removes unavailable capabilities from an OCI process. Returns whether any were removed.
fn restrict(process: &mut Value, bounding: &BoundingSet) -> bool {
    let Some(sets) = process.get_mut("capabilities").and_then(Value::as_object_mut) else { return false };
    let mut changed = false;
    for names in sets.values_mut().filter_map(Value::as_array_mut) {
        let before = names.len();
        names.retain(|name| name.as_str().is_none_or(|name| bounding.has(name)));
        changed |= names.len() != before;
    }
    changed
}

/// The file with the engine's request, and whether it is a container's `config.json` and not only a process.
fn request(arguments: &[OsString]) -> Option<(PathBuf, bool)> {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
    let value = |long: &str, short: &str| {
        words.iter().enumerate().find_map(|(at, word)| {
            let (name, inline) = word.split_once('=').map_or((word.as_ref(), None), |(n, v)| (n, Some(v)));
            let wanted = name == long || name == short;
            wanted.then(|| inline.or(words.get(at + 1).map(AsRef::as_ref)).map(PathBuf::from)).flatten()
        })
    };
    let verbs: BTreeSet<_> = words.iter().map(AsRef::as_ref).collect();
    if verbs.contains("exec") {
        value("--process", "-p").map(|file| (file, false))
    } else if verbs.contains("create") || verbs.contains("run") {
        let bundle = value("--bundle", "-b").unwrap_or_else(|| PathBuf::from("."));
        Some((bundle.join("config.json"), true))
    } else {
        None
    }
}

fn restrict_file(file: &Path, whole: bool, bounding: &BoundingSet) -> io::Result<()> {
    let mut document: Value = serde_json::from_slice(&fs::read(file)?)?;
    let changed = match (whole, document.get_mut("process")) {
        (true, Some(process)) => restrict(process, bounding),
        (true, None) => false,
        (false, _) => restrict(&mut document, bounding),
    };
    if changed { fs::write(file, serde_json::to_vec(&document)?) } else { Ok(()) }
}

/// Acts as the OCI runtime: restricts the request and then executes `runc`. Returns only if that fails.
#[must_use]
pub fn act_as_runtime(arguments: &[OsString]) -> io::Error {
    let restricted = BoundingSet::of("self").and_then(|bounding| match request(arguments) {
        Some((file, whole)) => restrict_file(&file, whole, &bounding),
        None => Ok(()),
    });
    match restricted {
        // The engine may run without `PATH`, so the usual paths are tried as well.
        Ok(()) => ["runc", "/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc"]
            .into_iter()
            .map(|runtime| become_program(runtime, arguments))
            .find(|error| error.kind() != io::ErrorKind::NotFound)
            .unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "runc is not installed")),
        Err(error) => error,
    }
}

/// Copies `program` into `folder` as the runtime, unless a copy with the same size and time is there.
///
/// The file is replaced and never overwritten, because running containers use the old one.
pub(super) fn install_runtime(program: &Path, folder: &Path) -> io::Result<PathBuf> {
    let runtime = folder.join(RUNTIME);
    let stamp = |file: &Path| fs::metadata(file).and_then(|data| Ok((data.len(), data.modified()?)));
    let wanted = stamp(program)?;
    if stamp(&runtime).is_ok_and(|present| present == wanted) {
        return Ok(runtime);
    }
    fs::create_dir_all(folder)?;
    let draft = tempfile::NamedTempFile::new_in(folder)?;
    fs::copy(program, draft.path())?;
    fs::File::options().write(true).open(draft.path())?.set_modified(wanted.1)?;
    // A file that is open for writing cannot be executed.
    draft.into_temp_path().persist(&runtime)?;
    Ok(runtime)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn without_sys_resource() -> BoundingSet {
        BoundingSet::parse("Name:\tx\nCapBnd:\t000001fffeffffff\n", "40\n").unwrap()
    }

    #[test]
    fn missing_capabilities_are_named() {
        assert_eq!(without_sys_resource().missing(), ["CAP_SYS_RESOURCE"]);
    }

    #[test]
    fn a_full_set_has_no_missing_capability_on_an_older_kernel() {
        let older = BoundingSet::parse("CapBnd:\t0000003fffffffff\n", "37\n").unwrap();
        assert_eq!(older.missing(), Vec::<String>::new());
    }

    #[test]
    fn only_unavailable_capabilities_are_dropped() {
        let mut process = json!({"capabilities": {
            "bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_OF_TOMORROW"], "ambient": null
        }, "args": ["sh"]});
        assert!(restrict(&mut process, &without_sys_resource()));
        let kept = json!({"bounding": ["CAP_CHOWN", "CAP_OF_TOMORROW"], "ambient": null});
        assert_eq!(process, json!({"capabilities": kept, "args": ["sh"]}));
        assert!(!restrict(&mut process, &without_sys_resource()));
    }

    #[rstest]
    #[case("--root /r --log l create --bundle /b --pid-file p id", Some(("/b/config.json", true)))]
    #[case("--root /r create --bundle=/b id", Some(("/b/config.json", true)))]
    #[case("run id", Some(("./config.json", true)))]
    #[case("--log l exec --process /p --detach id", Some(("/p", false)))]
    #[case("exec -p=/p id", Some(("/p", false)))]
    #[case("--root /r state id", None)]
    fn the_request_file_is_found(#[case] line: &str, #[case] expected: Option<(&str, bool)>) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(request(&words), expected.map(|(file, whole)| (PathBuf::from(file), whole)));
    }

    #[test]
    fn the_copy_is_replaced_only_when_it_differs() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("podproof");
        fs::write(&program, "one").unwrap();
        let runtime = install_runtime(&program, &folder.path().join("engine")).unwrap();
        let first = fs::metadata(&runtime).unwrap();
        install_runtime(&program, &folder.path().join("engine")).unwrap();
        assert_eq!(fs::metadata(&runtime).unwrap().created().unwrap(), first.created().unwrap());
        fs::write(&program, "three").unwrap();
        install_runtime(&program, &folder.path().join("engine")).unwrap();
        assert_eq!(fs::read_to_string(&runtime).unwrap(), "three");
    }
}
