#!/usr/bin/env bash
# Builds podproof and the static probe that runs in test pods. With --tests, also builds all tests; one cargo build then
# compiles the shared crates only once, with the features of both.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "building podproof and its probe" >&2
case ${1-} in
  --tests) cargo build --workspace --all-targets ;;
  *) cargo build --package podproof-cli ;;
esac
# With an explicit target, the static flag does not apply to build scripts and proc macros.
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS='-C target-feature=+crt-static' \
  cargo build --package podproof-probe --profile probe --target "$target"
# A separate name, because cargo's own build for tests is not static.
install -m 755 "target/$target/probe/probe" target/debug/podproof-probe
