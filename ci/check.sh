#!/usr/bin/env bash
# Formatting, lints and documentation links: what needs neither a cluster nor an engine. Each is asked whatever the
# others said.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

if [ -z "${PODPROOF_BIN-}" ]; then
  ci/build.sh --tests || exit
  PODPROOF_BIN=$PWD/target/debug/podproof
fi

red=()
check() { "$@" || red+=("$*"); }

claims_page() {
  # The page of claims is made, not written.
  "$PODPROOF_BIN" list --format markdown | diff manifests/README.md - && return
  echo "manifests/README.md is stale: target/debug/podproof list --format markdown >manifests/README.md" >&2
  return 1
}

check cargo fmt --all --check
check cargo clippy --workspace --all-targets -- --deny warnings
check env RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --document-private-items --quiet
check claims_page
[ "${#red[@]}" = 0 ] || { printf 'red: %s\n' "${red[@]}" >&2; exit 1; }
