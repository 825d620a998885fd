//! The capabilities that a process of this host can have at most, and an OCI runtime that asks for no more.
//!
//! A container engine asks for every capability that the kernel knows when a container is privileged. On a host
//! whose bounding set lacks one the container then cannot start. The runtime here drops what cannot be had from
//! the engine's request and hands over to the real one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::program::become_program;

/// The name under which this program is an OCI runtime.
pub const RUNTIME: &str = "podproof-runc";

/// The kernel's capabilities in the order of their numbers.
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

/// The capabilities that a process and its children can have at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounding {
    set: u64,
    last: u32,
}

impl Bounding {
    /// That of a process; `self` is us.
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

    /// Whether a capability is in it, by a name such as `CAP_SYS_RESOURCE`. One we do not know is taken to be.
    fn has(&self, name: &str) -> bool {
        let short = name.trim_start_matches("CAP_");
        NAMES.iter().position(|known| *known == short).is_none_or(|number| self.set >> number & 1 == 1)
    }

    /// The capabilities that the kernel knows and that are not in it.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let known = NAMES.iter().take(self.last as usize + 1);
        known.map(|name| format!("CAP_{name}")).filter(|name| !self.has(name)).collect()
    }
}

/// Drops from a process's capabilities those that cannot be had; says whether there were any.
fn restrict(process: &mut Value, bounding: &Bounding) -> bool {
    let Some(sets) = process.get_mut("capabilities").and_then(Value::as_object_mut) else { return false };
    let mut changed = false;
    for names in sets.values_mut().filter_map(Value::as_array_mut) {
        let before = names.len();
        names.retain(|name| name.as_str().is_none_or(|name| bounding.has(name)));
        changed |= names.len() != before;
    }
    changed
}

/// The file in which the engine asks for capabilities, and whether it describes a whole container.
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

fn restrict_file(file: &Path, whole: bool, bounding: &Bounding) -> io::Result<()> {
    let mut document: Value = serde_json::from_slice(&fs::read(file)?)?;
    let changed = match (whole, document.get_mut("process")) {
        (true, Some(process)) => restrict(process, bounding),
        (true, None) => false,
        (false, _) => restrict(&mut document, bounding),
    };
    if changed { fs::write(file, serde_json::to_vec(&document)?) } else { Ok(()) }
}

/// Acts as the OCI runtime: mends the request, then becomes the real runtime. Returns only to say why it could not.
#[must_use]
pub fn act_as_runtime(arguments: &[OsString]) -> io::Error {
    let mended = Bounding::of("self").and_then(|bounding| match request(arguments) {
        Some((file, whole)) => restrict_file(&file, whole, &bounding),
        None => Ok(()),
    });
    match mended {
        // The engine may run with a bare environment, so the usual places come after the search path.
        Ok(()) => ["runc", "/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc"]
            .into_iter()
            .map(|runtime| become_program(runtime, arguments))
            .find(|error| error.kind() != io::ErrorKind::NotFound)
            .unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "runc is not installed")),
        Err(error) => error,
    }
}

/// Puts the runtime into `folder` as a copy of `program`, unless the copy there is of the same make.
///
/// Containers hold on to the file that is there, so it is replaced and never rewritten.
pub(super) fn install_runtime(program: &Path, folder: &Path) -> io::Result<PathBuf> {
    let runtime = folder.join(RUNTIME);
    let make = |file: &Path| fs::metadata(file).and_then(|data| Ok((data.len(), data.modified()?)));
    let wanted = make(program)?;
    if make(&runtime).is_ok_and(|present| present == wanted) {
        return Ok(runtime);
    }
    fs::create_dir_all(folder)?;
    let draft = tempfile::NamedTempFile::new_in(folder)?;
    fs::copy(program, draft.path())?;
    fs::File::options().write(true).open(draft.path())?.set_modified(wanted.1)?;
    // A temporary file that is still open for writing cannot be executed.
    draft.into_temp_path().persist(&runtime)?;
    Ok(runtime)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn without_sys_resource() -> Bounding {
        Bounding::parse("Name:\tx\nCapBnd:\t000001fffeffffff\n", "40\n").unwrap()
    }

    #[test]
    fn names_what_is_missing() {
        assert_eq!(without_sys_resource().missing(), ["CAP_SYS_RESOURCE"]);
    }

    #[test]
    fn a_full_set_misses_nothing_even_on_an_older_kernel() {
        let older = Bounding::parse("CapBnd:\t0000003fffffffff\n", "37\n").unwrap();
        assert_eq!(older.missing(), Vec::<String>::new());
    }

    #[test]
    fn drops_only_what_cannot_be_had() {
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
    fn finds_the_request(#[case] line: &str, #[case] expected: Option<(&str, bool)>) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(request(&words), expected.map(|(file, whole)| (PathBuf::from(file), whole)));
    }

    #[test]
    fn the_copy_is_renewed_only_when_it_differs() {
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
