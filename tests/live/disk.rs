//! A disk that is full: the verdicts are told, and that they could not be kept is told too.

use std::path::Path;
use std::process::Command;

use podproof_tests::{ours, run};

/// A file system of 16 KiB, unmounted also when the test fails.
struct Tiny<'p>(&'p Path);

impl<'p> Tiny<'p> {
    fn mount(folder: &'p Path) -> Self {
        let mount = ["-t", "tmpfs", "-o", "size=16k", "podproof-tiny"];
        let _ = run(Command::new("mount").args(mount).arg(folder)).exits(0);
        Self(folder)
    }
}

impl Drop for Tiny<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).output();
    }
}

#[test]
#[ignore = "needs a cluster: make test"]
fn a_full_disk_exits_98_with_the_verdicts_printed() {
    let folder = tempfile::tempdir().unwrap();
    let _tiny = Tiny::mount(folder.path());
    std::fs::write(folder.path().join("filler"), [0; 12 << 10]).unwrap();
    let select = ["run", "--cluster", "kind", "--select", "volume/survives-exit-zero", "--out"];
    let ended = run(ours(&select).arg(folder.path())).exits(98);
    assert!(ended.stdout.contains("PASS") && ended.stdout.contains("survives-exit-zero"), "{ended}");
    assert!(ended.stderr.contains("error: write") && ended.stderr.contains("No space left"), "{ended}");
}
