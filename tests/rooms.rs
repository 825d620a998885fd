//! `rooms [ROOT]`, for `ci/rooms.sh`: prints which room uses which, and the circles of files within rooms.

use std::path::PathBuf;

use podproof_tests::imports::{Imports, Module};
use podproof_tests::root;

fn main() {
    let root = std::env::args_os().nth(1).map_or_else(root, PathBuf::from);
    let imports = Imports::read(&root);
    println!("ROOM                           USES (different files)");
    for (room, used) in imports.rooms() {
        let used: Vec<_> = used.iter().map(|(other, files)| format!("{} {files}", name(other))).collect();
        println!("{:30} {}", name(&room), used.join(", "));
    }
    println!("\nCIRCLES OF FILES");
    for (room, circles) in imports.circles() {
        for circle in circles {
            let files: Vec<_> = circle.iter().map(|file| file[2..].join("/")).collect();
            println!("{:30} {} files: {}", name(&room), circle.len(), files.join(", "));
        }
    }
}

fn name(module: &Module) -> String {
    module.join("::")
}
