#!/usr/bin/env bash
# Prints which module uses which, and the circles of files within each module. Arguments: the folder of a workspace, if it is not
# this one.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --quiet --package podproof-tests --bin modules -- "$@"
