#!/usr/bin/env bash
# The live suite on the kind cluster, which is brought up where it is missing. Arguments are handed to the test program:
# part of a test's name, --skip NAME. LIVE_THREADS says how many tests run at once. JUnit, times and the evidence of what
# failed are in target/live.
#
# One podproof proves all claims of the suite, beside the other tests; then a test for each claim reads what was found of it.
# Where tests are chosen by name, each proves its own claim.
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

# The claims of the suite as a selection, without those whose tests are skipped.
claims() {
  "$PODPROOF_BIN" list --select 'tier:quick or tier:node' | while read -r claim _; do
    test=cases::it_holds_and_can_fail::$(tr /- __ <<<"$claim")_yaml
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
  # What it finds is for the tests to say.
  "$PODPROOF_BIN" prove --cluster kind --select "$selection" --parallel 8 --out target/live/proof \
    </dev/null >target/live/proof.log 2>&1 &
  tests --skip cases:: "$@" || red=1
  wait
  LIVE_PROOF=$PWD/target/live/proof tests cases:: "$@" || red=1
  return "$red"
}

suite "$@" 2>&1 | target/debug/live-report target/live
