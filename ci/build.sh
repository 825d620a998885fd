#!/usr/bin/env bash
# Builds the program and, static and small, the probe that goes into test pods. With --tests, all that tests need: what
# the program and its tests share is compiled once, with the features of both.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "building podproof and its probe" >&2
case ${1-} in
  --tests) cargo build --workspace --all-targets ;;
  *) cargo build --package podproof-cli ;;
esac
# A target triple keeps the static flag away from build scripts and macros.
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS='-C target-feature=+crt-static' \
  cargo build --package podproof-probe --profile probe --target "$target"
# Under another name than cargo's own build of it for tests, which is not static.
install -m 755 "target/$target/probe/probe" target/debug/podproof-probe
