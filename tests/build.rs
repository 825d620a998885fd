//! The live suite is generated from the case manifests, so a new manifest must rebuild it.

fn main() {
    println!("cargo::rerun-if-changed=../manifests");
}
