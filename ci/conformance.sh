#!/usr/bin/env bash
# From nothing to a verdict: sets up what is missing, brings the cluster up, runs the catalogue, writes the reports.
# Arguments are handed to `podproof run`.
set -euo pipefail
cd "$(dirname "$0")/.."

# The set-up mostly waits for the network, the compiler for the processors.
ci/setup.sh &
setup=$!
ci/build.sh
wait "$setup"
exec target/debug/podproof run --cluster kind "$@"
