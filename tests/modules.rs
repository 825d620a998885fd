//! `modules [ROOT]`, for `ci/modules.sh`: prints which top-level module uses which, and the circles of files within one.

use std::path::PathBuf;

use podproof_tests::imports::{Imports, Module};
use podproof_tests::root;

fn main() {
    let root = std::env::args_os().nth(1).map_or_else(root, PathBuf::from);
    let imports = Imports::read(&root);
    println!("{:30} USES (different files)", "MODULE");
    for (module, used) in imports.between_modules() {
        let used: Vec<_> = used.iter().map(|(other, files)| format!("{} {files}", name(other))).collect();
        println!("{:30} {}", name(&module), used.join(", "));
    }
    println!("\nCIRCLES OF FILES");
    for (module, circles) in imports.circles() {
        for circle in circles {
            println!("{:30} {} files", name(&module), circle.len());
            for file in &circle {
                let used: Vec<_> =
                    imports.uses[file].iter().filter(|other| circle.contains(other)).map(within).collect();
                println!("{:30}   {} -> {}", "", within(file), used.join(", "));
            }
        }
    }
}

fn name(module: &Module) -> String {
    module.join("::")
}

/// The path of a module in its module; `mod` for the module's own file.
fn within(module: &Module) -> String {
    if module.len() == 2 { "mod".to_owned() } else { module[2..].join("/") }
}
