#!/usr/bin/env bash
# Every test that ends in minutes: lints, the offline suite, the pages in a browser, and the live suite on a kind cluster
# that is brought up where it is missing. What takes longer is in nightly.sh.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. ci/parts.sh

parts_begin target/test
rm -rf target/live
# The set-up mostly waits for the network, the compiler for the processors.
part setup ci/setup.sh --tests &
part build ci/build.sh --tests
wait
export PODPROOF_BIN=$PWD/target/debug/podproof
part checks ci/check.sh
# Always of the whole workspace: so nothing is built a second time. Some tests wait for most of their time.
part offline cargo test --workspace --quiet --no-fail-fast --lib --bins --test process --test offline -- --test-threads 6
part examples cargo test --workspace --quiet --no-fail-fast --doc
part browser cargo test --workspace --quiet --no-fail-fast --test browser
part cluster target/debug/podproof cluster up
# What brings up clusters of its own, takes minutes or runs the same cases once more is for the night, but for one of each
# kind.
part live ci/live.sh --skip outage:: --skip faults:: --skip never_harm:: --skip what_was_left_half_made \
  --skip a_creation_that_fails --skip a_right_that_is_missing --skip without_the_right --skip whole_quick_tier \
  --skip gone_on_eviction
parts_end
