//! Finds the mount that contains a path.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::args::{Options, UsageError};
use crate::json::Fields;
use crate::report::{Log, Next};
use crate::sys::disk;
use crate::verb::Verb;

/// `mount`
#[derive(Debug)]
pub(crate) struct MountVerb {
    path: PathBuf,
}

/// A line of `/proc/self/mountinfo`.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    id: u64,
    dev: String,
    point: PathBuf,
    options: String,
    fstype: String,
    source: Vec<u8>,
    super_options: String,
}

impl MountVerb {
    /// Parses the options of `mount`.
    pub(crate) fn parse(options: &mut Options) -> Result<Verb, UsageError> {
        Ok(Verb::Mount(Self { path: options.required("path")?.into() }))
    }

    pub(crate) fn run(self, log: &mut Log) -> io::Result<Next> {
        let params = Fields::new().text("path", self.path.as_os_str().as_bytes());
        log.look("mount", params, look(&self.path))
    }
}

fn look(path: &Path) -> io::Result<Fields> {
    let path = fs::canonicalize(path)?;
    let id = mount_id(&path)?;
    let mounts: Vec<Mount> =
        fs::read("/proc/self/mountinfo")?.split(|byte| *byte == b'\n').filter_map(parse).collect();
    let mount =
        find_mount(&mounts, &path, id).ok_or_else(|| io::Error::other("no mount contains the path"))?;
    let space = disk::space(&path)?;
    let listed = |text: &str| text.split(',').map(String::from).collect::<Vec<_>>();
    Ok(Fields::new()
        .flag("present", true)
        .flag("is_mount_point", mount.point == path)
        .text("mount_point", mount.point.as_os_str().as_bytes())
        .text("fstype", &mount.fstype)
        .text("source", &mount.source)
        .texts("options", &listed(&mount.options))
        .texts("super_options", &listed(&mount.super_options))
        .text("dev", &mount.dev)
        .number("total_bytes", space.total)
        .number("free_bytes", space.free))
}

/// The ID of the mount that contains the path, if the kernel exposes it.
fn mount_id(path: &Path) -> io::Result<Option<u64>> {
    // O_PATH needs no read permission on the file.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)?;
    let fdinfo = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).unwrap_or_default();
    Ok(fdinfo.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok()))
}

/// The mount with this ID. Without an ID (some sandboxes hide it), the last of the mounts nearest to the path.
fn find_mount<'a>(mounts: &'a [Mount], path: &Path, id: Option<u64>) -> Option<&'a Mount> {
    mounts.iter().find(|mount| Some(mount.id) == id).or_else(|| {
        mounts
            .iter()
            .filter(|mount| path.starts_with(&mount.point))
            .max_by_key(|mount| mount.point.components().count())
    })
}

/// Parses a line: ID, parent ID, device, root, mount point, mount options, optional fields, a dash, filesystem
/// type, source, superblock options.
fn parse(line: &[u8]) -> Option<Mount> {
    let text = |word: &[u8]| String::from_utf8_lossy(&unescaped(word)).into_owned();
    let mut words = line.split(|byte| *byte == b' ');
    let id = str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let dev = text(words.nth(1)?);
    let point = PathBuf::from(OsString::from_vec(unescaped(words.nth(1)?)));
    let options = text(words.next()?);
    words.find(|word| *word == b"-")?;
    let fstype = text(words.next()?);
    let source = unescaped(words.next()?);
    let super_options = text(words.next()?);
    Some(Mount { id, dev, point, options, fstype, source, super_options })
}

/// Decodes the octal escapes (`\040`) that the kernel writes for spaces, tabs, newlines and backslashes.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'\\'
            && let Some((digits, tail)) = tail.split_first_chunk::<3>()
            && let Some(byte) = str::from_utf8(digits).ok().and_then(|text| u8::from_str_radix(text, 8).ok())
        {
            bytes.push(byte);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] =
        b"36 35 98:0 /mnt1 /a\\040b\\134c rw,noatime master:1 shared:2 - ext3 /dev/my\\040root rw,errors=continue";

    #[test]
    fn a_line_is_parsed_and_its_escapes_are_decoded() {
        let mount = parse(LINE).expect("a mount");
        assert_eq!((mount.id, mount.dev.as_str(), mount.fstype.as_str()), (36, "98:0", "ext3"));
        assert_eq!(mount.point, Path::new("/a b\\c"));
        assert_eq!(mount.source, b"/dev/my root");
        assert_eq!([&mount.options, &mount.super_options], ["rw,noatime", "rw,errors=continue"]);
    }

    #[test]
    fn a_truncated_line_is_ignored() {
        for length in 0..LINE.len() - "rw,errors=continue".len() - 1 {
            assert_eq!(parse(&LINE[..length]), None, "{length}");
        }
        assert_eq!(unescaped(b"\\04"), b"\\04");
        assert_eq!(unescaped(b"\\999\\"), b"\\999\\");
    }

    #[test]
    fn without_a_mount_id_the_last_of_the_nearest_mounts_is_used() {
        let mount = |id, point: &str| Mount { id, point: point.into(), ..parse(LINE).expect("a mount") };
        let mounts = [mount(1, "/"), mount(2, "/a"), mount(3, "/a"), mount(4, "/ab")];
        let found = |path, id| find_mount(&mounts, Path::new(path), id).map(|mount| mount.id);
        assert_eq!(found("/a/b", None), Some(3));
        assert_eq!(found("/abc", None), Some(1));
        assert_eq!(found("/a/b", Some(2)), Some(2));
    }
}
