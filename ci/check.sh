#!/usr/bin/env bash
# Checks formatting, lints, documentation links and the claims page. Needs neither a cluster nor a container engine.
# Runs all checks, even after a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

if [ -z "${PODPROOF_BIN-}" ]; then
  ci/build.sh --tests || exit
  PODPROOF_BIN=$PWD/target/debug/podproof
fi

red=()
check() { "$@" || red+=("$*"); }

claims_page() {
  # The claims page is generated.
  "$PODPROOF_BIN" list --format markdown | diff manifests/README.md - && return
  echo "manifests/README.md is stale: target/debug/podproof list --format markdown >manifests/README.md" >&2
  return 1
}

check cargo fmt --all --check
check cargo clippy --workspace --all-targets -- --deny warnings
check env RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --document-private-items --quiet
check claims_page
# Fails only if the source cannot be read; the offline suite has the rules.
check ci/modules.sh
[ "${#red[@]}" = 0 ] || { printf 'red: %s\n' "${red[@]}" >&2; exit 1; }
