#!/usr/bin/env bash
# The live suite on the kind cluster, which each test brings up where it is missing. Arguments are handed to the test
# program: part of a test's name, --skip NAME. LIVE_THREADS says how many run at once. JUnit, times and the evidence of
# what failed are in target/live.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${PODPROOF_BIN-}" ]; then
  ci/build.sh --tests
  export PODPROOF_BIN=$PWD/target/debug/podproof
fi
cargo test --workspace --quiet --test live --no-run
# Live tests wait more than they compute.
cargo test --workspace --test live -- --ignored --test-threads "${LIVE_THREADS:-8}" "$@" 2>&1 | target/debug/live-report target/live
