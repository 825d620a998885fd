#!/usr/bin/env bash
# Runs what takes too long for test.sh: all tiers, the slow and the disruptive proofs, the quick tier on nodes with
# restarted, stopped or slow components, node failures during waits, and more random inputs. Evidence and JUnit of each
# run are in target/nightly/runs, failures of the live suite in target/live.
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
# Each test creates its own cluster, and nothing else runs on the host.
part faults env LIVE_THREADS=1 ci/live.sh faults::
part live ci/live.sh --skip faults::
part tiers "$podproof" run --cluster kind --tier all --out "$runs"
part slow "$podproof" prove --cluster kind --tier slow --out "$runs"
# Restarts kubelets and nodes, so nothing else runs on the cluster.
part disruptive "$podproof" prove --cluster kind --tier disruptive --out "$runs"
parts_end
