//! The live suite is generated from the case manifests, and the judges' tests from the recorded evidence: a new file
//! must rebuild them.

fn main() {
    println!("cargo::rerun-if-changed=../manifests");
    println!("cargo::rerun-if-changed=fixtures");
}
