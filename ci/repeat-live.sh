#!/usr/bin/env bash
# Runs the live suite several times, and prints one line per round: passed, failed, seconds, failed tests.
#
#   ci/repeat-live.sh ROUNDS [--beside-compiler] [ARGUMENTS OF THE TEST PROGRAM]
#
# With --beside-compiler a build of the whole workspace runs in a loop at the same time. Failures are in target/live.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. ci/load.sh

rounds=$1
shift
load=none
if [ "${1-}" = --beside-compiler ]; then
  load=compiler
  shift
fi
ci/build.sh --tests || exit
export PODPROOF_BIN=$PWD/target/debug/podproof
cargo test --workspace --quiet --test live --no-run || exit
rm -rf target/live target/repeat
mkdir -p target/repeat
if [ "$load" = compiler ]; then load_begin; fi
trap 'load_end' EXIT
trap 'exit 130' INT TERM

reds=0
printf '%-6s %-9s %7s %7s %8s  %s\n' ROUND LOAD PASSED FAILED SECONDS 'FAILED TESTS'
for round in $(seq "$rounds"); do
  start=$SECONDS log=target/repeat/$round.log
  ci/live.sh "$@" </dev/null >"$log" 2>&1 || reds=$((reds + 1))
  counts=$(sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed.*/\1 \2/p' "$log")
  read -r passed failed <<<"${counts:-? ?}"
  names=$(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | tr '\n' ' ')
  printf '%-6s %-9s %7s %7s %8s  %s\n' "$round" "$load" "$passed" "$failed" "$((SECONDS - start))" "$names"
done
echo "$((rounds - reds)) of $rounds rounds passed"
[ "$reds" = 0 ]
