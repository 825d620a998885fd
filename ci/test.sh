#!/usr/bin/env bash
# Runs every test that takes minutes at most: lints, the offline suite, the HTML reports in a browser, and the live
# suite on a kind cluster, which is created if it does not exist. Longer tests are in nightly.sh.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. ci/parts.sh

parts_begin target/test
rm -rf target/live
# In parallel: the setup is network-bound, the build is CPU-bound.
part setup ci/setup.sh --tests &
part build ci/build.sh --tests
wait
export PODPROOF_BIN=$PWD/target/debug/podproof
part checks ci/check.sh
# Always --workspace, so that nothing is built twice. More threads than processors, because some tests mostly wait.
part offline cargo test --workspace --quiet --no-fail-fast --lib --bins --test process --test offline -- --test-threads 6
part examples cargo test --workspace --quiet --no-fail-fast --doc
part browser cargo test --workspace --quiet --no-fail-fast --test browser
part cluster target/debug/podproof cluster up
# Without the tests that create their own clusters, take minutes or repeat cases: nightly.sh runs them. One of each kind
# remains here.
part live ci/live.sh --skip outage:: --skip faults:: --skip never_harm:: --skip a_half_created_cluster \
  --skip a_creation_that_fails --skip a_right_that_is_missing --skip without_the_right --skip whole_quick_tier \
  --skip gone_on_eviction
parts_end
