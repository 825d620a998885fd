//! On a full disk podproof prints the verdicts and reports the failed write.

use std::path::Path;
use std::process::Command;

use podproof_tests::{podproof_with_home, run};

/// A file system of 16 KiB. It is unmounted when it is dropped, so also when the test fails.
struct TinyFilesystem<'p>(&'p Path);

impl<'p> TinyFilesystem<'p> {
    fn mount(folder: &'p Path) -> Self {
        let mount = ["-t", "tmpfs", "-o", "size=16k", "podproof-tiny"];
        let _ = run(Command::new("mount").args(mount).arg(folder)).exits(0);
        Self(folder)
    }
}

impl Drop for TinyFilesystem<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).output();
    }
}

#[test]
#[ignore = "needs a cluster: make test"]
fn a_full_disk_exits_98_with_the_verdicts_printed() {
    let folder = tempfile::tempdir().unwrap();
    let _tiny = TinyFilesystem::mount(folder.path());
    std::fs::write(folder.path().join("filler"), [0; 12 << 10]).unwrap();
    let select = ["run", "--cluster", "kind", "--select", "volume/survives-exit-zero", "--out"];
    let ended = run(podproof_with_home(&select).arg(folder.path())).exits(98);
    assert!(ended.stdout.contains("PASS") && ended.stdout.contains("survives-exit-zero"), "{ended}");
    assert!(ended.stderr.contains("error: write") && ended.stderr.contains("No space left"), "{ended}");
}
