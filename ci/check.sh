#!/usr/bin/env bash
# Formatting, lints and documentation links: what needs neither a cluster nor an engine.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --workspace --all-targets -- --deny warnings
RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --document-private-items --quiet
# The page of claims is made, not written.
cargo run --quiet --package podproof-cli -- list --format markdown | diff manifests/README.md - ||
  { echo "manifests/README.md is stale: target/debug/podproof list --format markdown >manifests/README.md" >&2; exit 1; }
