#!/usr/bin/env bash
# Installs what is missing, creates the cluster, runs the catalogue and writes the reports. Arguments are passed to
# `podproof run`.
set -euo pipefail
cd "$(dirname "$0")/.."

# In parallel: the setup is network-bound, the build is CPU-bound.
ci/setup.sh &
setup=$!
ci/build.sh
wait "$setup"
exec target/debug/podproof run --cluster kind "$@"
