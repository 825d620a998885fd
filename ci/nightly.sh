#!/usr/bin/env bash
# What takes too long for test.sh: all tiers, the proofs that take minutes or restart kubelets and nodes, the quick tier on
# nodes whose parts are restarted, stopped or slow, nodes that die while something is awaited on them, and many more random
# inputs. The evidence and the JUnit of each run stay in target/nightly/runs, what failed of the live suite in target/live.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. ci/parts.sh

parts_begin target/nightly
rm -rf target/live
podproof=target/debug/podproof runs=target/nightly/runs
part setup ci/setup.sh --tests &
part build ci/build.sh --tests
wait
export PODPROOF_BIN=$PWD/$podproof
part fuzz env PROPTEST_CASES=8192 cargo test --workspace --quiet --no-fail-fast --lib --test offline
part cluster "$podproof" cluster up
# Each has a cluster of its own, and the host for itself.
part faults env LIVE_THREADS=1 ci/live.sh faults::
part live ci/live.sh --skip faults::
part tiers "$podproof" run --cluster kind --tier all --out "$runs"
part slow "$podproof" prove --cluster kind --tier slow --out "$runs"
# What restarts kubelets and nodes has the cluster for itself.
part disruptive "$podproof" prove --cluster kind --tier disruptive --out "$runs"
parts_end
