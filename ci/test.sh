#!/usr/bin/env bash
# Every test: lints, the offline suite, and the live suite on a kind cluster that is brought up where it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

# The set-up mostly waits for the network, the compiler for the processors.
ci/setup.sh tests &
setup=$!
ci/build.sh
wait "$setup"
export PODPROOF_BIN=$PWD/target/debug/podproof
ci/check.sh
cargo test --workspace --quiet
target/debug/podproof cluster up
# Live tests wait more than they compute. Of the whole workspace, as above: so nothing is built a second time.
cargo test --workspace --test live -- --ignored --test-threads 8
# What restarts kubelets and nodes has the cluster for itself.
runs=$(mktemp --directory)
trap 'rm --recursive --force "$runs"' EXIT
target/debug/podproof prove --cluster kind --tier disruptive --out "$runs"
