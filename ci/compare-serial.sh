#!/usr/bin/env bash
# Compares the wall time of four article checks in podproof with that of the same checks in a serial kubectl script.
#
#   ci/compare-serial.sh KUBECONFIG CONTEXT PROBE_IMAGE [ROUNDS]
set -euo pipefail
# A failed script must not count as a fast one.
shopt -s inherit_errexit
cd "$(dirname "$0")/.."

kubeconfig=$1 context=$2 image=$3 rounds=${4:-3}
four='volume/survives-exit-nonzero or volume/gone-on-same-name-recreate or ipc/mc2-article or startup/race-reproduced'
podproof=${PODPROOF_BIN:-target/debug/podproof}
seconds() {
  local start end
  start=$(date +%s%N)
  "$@" >/dev/null
  end=$(date +%s%N)
  awk -v ns=$((end - start)) 'BEGIN { printf "%.1f", ns / 1e9 }'
}

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
for round in $(seq "$rounds"); do
  ours=$(KUBECONFIG=$kubeconfig seconds "$podproof" run --context "$context" --select "$four" --out "$out")
  serial=$(seconds ci/serial-kubectl.sh "$kubeconfig" "$context" "$image")
  echo "round $round: podproof ${ours} s, serial kubectl ${serial} s, ratio $(awk -v a="$ours" -v b="$serial" 'BEGIN { printf "%.2f", a / b }')"
done
