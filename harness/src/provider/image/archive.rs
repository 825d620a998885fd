//! Writes the archive of an image that contains one static program, without using a container engine.

use std::io;
use std::path::Path;

use podproof_core::hex::hex;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// Writes the archive of the image `reference`, whose entrypoint is `program`.
///
/// The program is installed as `name`, with a symbolic link for each of `aliases`.
pub(super) fn write(
    program: &[u8],
    name: &str,
    aliases: &[&str],
    reference: &str,
    archive: &Path,
) -> io::Result<()> {
    let mut layer = Builder::new(Vec::new());
    // Test pods run as various users, which all need a writable /tmp.
    folder(&mut layer, "tmp/", 0o1777)?;
    file(&mut layer, name, 0o755, program)?;
    for alias in aliases {
        link(&mut layer, alias, name)?;
    }
    let layer = layer.into_inner()?;
    let digest = format!("sha256:{}", hex(&Sha256::digest(&layer)));
    let configuration = json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": {"Entrypoint": [format!("/{name}")], "Env": ["PATH=/"]},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    });
    let manifest = json!([{"Config": "config.json", "RepoTags": [reference], "Layers": ["layer.tar"]}]);
    let mut image = Builder::new(Vec::new());
    file(&mut image, "config.json", 0o644, configuration.to_string().as_bytes())?;
    file(&mut image, "layer.tar", 0o644, &layer)?;
    file(&mut image, "manifest.json", 0o644, manifest.to_string().as_bytes())?;
    podproof_core::disk::write_whole(archive, &image.into_inner()?)
}

fn file(tar: &mut Builder<Vec<u8>>, name: &str, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, name, content)
}

fn folder(tar: &mut Builder<Vec<u8>>, name: &str, mode: u32) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Directory);
    header.set_mode(mode);
    header.set_size(0);
    tar.append_data(&mut header, name, io::empty())
}

fn link(tar: &mut Builder<Vec<u8>>, name: &str, target: &str) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_mode(0o777);
    header.set_size(0);
    tar.append_link(&mut header, name, target)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_archive_is_reproducible() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1.tar"), folder.path().join("2.tar"));
        write(b"program", "probe", &["ipc"], "local/probe:1", &one).unwrap();
        write(b"program", "probe", &["ipc"], "local/probe:1", &two).unwrap();
        let bytes = std::fs::read(&one).unwrap();
        assert_eq!(bytes, std::fs::read(&two).unwrap());

        let mut image = tar::Archive::new(&bytes[..]);
        let mut layer = Vec::new();
        for entry in image.entries().unwrap() {
            let mut entry = entry.unwrap();
            if entry.path().unwrap() == Path::new("layer.tar") {
                entry.read_to_end(&mut layer).unwrap();
            }
        }
        let mut layer = tar::Archive::new(&layer[..]);
        let entries = layer.entries().unwrap().map(Result::unwrap);
        let listed: Vec<_> =
            entries.map(|e| (e.path().unwrap().into_owned(), e.header().mode().unwrap())).collect();
        assert_eq!(listed, [("tmp/".into(), 0o1777), ("probe".into(), 0o755), ("ipc".into(), 0o777)]);
    }
}
