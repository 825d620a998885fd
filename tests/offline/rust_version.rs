//! The Rust version that `Cargo.toml` states.

use std::fs;
use std::process::Command;

use podproof_tests::root;
use serde_json::Value;

/// Parses `1.88` or `1.88.0`.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap_or(0))
}

/// Clippy's lint checks the standard library that podproof uses; this checks the dependencies.
#[test]
fn no_dependency_needs_a_newer_rust_than_is_stated() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &format!("{}-unknown-linux-gnu", std::env::consts::ARCH)])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = graph["packages"].as_array().unwrap();
    let needed = |package: &Value| package["rust_version"].as_str().map(version);
    let stated = packages.iter().find(|package| package["name"] == "podproof").and_then(needed).unwrap();
    for package in packages {
        assert!(
            needed(package) <= Some(stated),
            "{} {} needs {}",
            package["name"],
            package["version"],
            package["rust_version"]
        );
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\nincompatible_msrv = \"warn\"\n"), "clippy checks the standard library");
}
