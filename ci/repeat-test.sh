#!/usr/bin/env bash
# Runs `make test` several times, each time in a fresh clone of the committed state, and prints one line per round.
#
#   ci/repeat-test.sh ROUNDS
#
# Logs are in target/repeat-test, and also the whole clone of each failed round.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

rounds=$1 kept=$PWD/target/repeat-test reds=0
rm -rf "$kept"
mkdir -p "$kept"
printf '%-6s %-7s %8s  %s\n' ROUND RESULT SECONDS 'RED PARTS'
for round in $(seq "$rounds"); do
  start=$SECONDS clone=$kept/clone-$round result=passed
  git clone --quiet . "$clone" || exit
  if ! (cd "$clone" && env --unset=PODPROOF_BIN --unset=CARGO_TARGET_DIR make test) </dev/null >"$kept/$round.log" 2>&1; then
    result=RED
    reds=$((reds + 1))
  fi
  parts=$(sed -n 's/^\([^ ]*\) *RED.*/\1/p' "$kept/$round.log" | tr '\n' ' ')
  printf '%-6s %-7s %8s  %s\n' "$round" "$result" "$((SECONDS - start))" "$parts"
  [ "$result" = RED ] || rm -rf "$clone"
done
echo "$((rounds - reds)) of $rounds rounds passed"
[ "$reds" = 0 ]
