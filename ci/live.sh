#!/usr/bin/env bash
# Runs the live suite on the kind cluster, and creates the cluster if it does not exist. Arguments are passed to the
# test program: part of a test's name, --skip NAME. LIVE_THREADS is the number of parallel tests. JUnit, durations and
# the evidence of failures are in target/live.
#
# One `podproof prove` covers all claims of the suite while the other tests run; then one test per claim reads its
# result. If tests are selected by name, each proves its own claim.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

if [ -z "${PODPROOF_BIN-}" ]; then
  ci/build.sh --tests || exit
  export PODPROOF_BIN=$PWD/target/debug/podproof
fi
cargo test --workspace --quiet --test live --no-run || exit

tests() { cargo test --workspace --test live -- --ignored --test-threads "${LIVE_THREADS:-4}" "$@"; }

chosen=no skipped=() before=
for argument in "$@"; do
  case $before,$argument in
    --skip,*) skipped+=("$argument") ;;
    *,-*) ;;
    *) chosen=yes ;;
  esac
  before=$argument
done

# Prints the claims of the suite as a selection, without those whose tests are skipped.
claims() {
  "$PODPROOF_BIN" list --select 'tier:quick or tier:node' | while read -r claim _; do
    test=cases::each_case_passes_and_each_mutant_is_killed::$(tr /- __ <<<"$claim")_yaml
    for name in ${skipped+"${skipped[@]}"}; do
      [[ $test != *$name* ]] || continue 2
    done
    echo "$claim"
  done | paste --serial --delimiters=, | sed 's/,/ or /g'
}

suite() {
  local selection red=0
  selection=$(claims)
  if [ "$chosen" = yes ] || [ -z "$selection" ]; then
    LIVE_THREADS=${LIVE_THREADS:-8} tests "$@"
    return
  fi
  rm -rf target/live/proof
  mkdir -p target/live/proof
  # The exit code is ignored: the tests judge the results.
  "$PODPROOF_BIN" prove --cluster kind --select "$selection" --parallel 8 --out target/live/proof \
    </dev/null >target/live/proof.log 2>&1 &
  tests --skip cases:: "$@" || red=1
  wait
  LIVE_PROOF=$PWD/target/live/proof tests cases:: "$@" || red=1
  return "$red"
}

suite "$@" 2>&1 | target/debug/live-report target/live
