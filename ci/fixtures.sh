#!/usr/bin/env bash
# Records what the offline tests of a claim need: proves the claim on the kind cluster, copies the evidence of the case and of its
# mutants to tests/fixtures, and writes the claims page.
#
#   ci/fixtures.sh AREA/NAME
set -euo pipefail
cd "$(dirname "$0")/.."

id=${1:?usage: ci/fixtures.sh AREA/NAME}
ci/build.sh
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
# A mutant that survives, or evidence that is inconclusive, is not worth recording.
target/debug/podproof prove --cluster kind --select "$id" --out "$runs"
PODPROOF_FIXTURES_FROM=$(echo "$runs"/*) cargo test --quiet --package podproof-tests --test offline -- --ignored copy_fixtures
target/debug/podproof list --format markdown >manifests/README.md
git status --short tests/fixtures manifests/README.md
