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
            println!("{:30} {} files", name(&room), circle.len());
            for file in &circle {
                let used: Vec<_> =
                    imports.uses[file].iter().filter(|other| circle.contains(other)).map(in_room).collect();
                println!("{:30}   {} -> {}", "", in_room(file), used.join(", "));
            }
        }
    }
}

fn name(module: &Module) -> String {
    module.join("::")
}

/// The path of a module in its room; `mod` for the room's own file.
fn in_room(module: &Module) -> String {
    if module.len() == 2 { "mod".to_owned() } else { module[2..].join("/") }
}
