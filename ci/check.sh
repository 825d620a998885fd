#!/usr/bin/env bash
# Checks formatting, lints, documentation links, the claims page and the dependencies. Needs neither a cluster nor a
# container engine.
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

# Licences, sources and duplicate versions of dependencies, by ci/deny.toml, and known vulnerabilities. What cannot be
# checked here is named, and is no failure.
dependencies() {
  local program graph=target/dependencies.json
  program=$(PATH=$PATH:${XDG_CACHE_HOME:-$HOME/.cache}/podproof/bin command -v cargo-deny) || {
    echo "NOT CHECKED: licences, sources, versions and advisories of dependencies: cargo-deny is missing, ci/setup.sh --tests installs it" >&2
    return 0
  }
  # Only what is built here, because the rest is not downloaded.
  cargo metadata --format-version 1 --locked --all-features --filter-platform "$(uname -m)-unknown-linux-gnu" >"$graph" ||
    return
  local deny=("$program" --metadata-path "$graph" --config ci/deny.toml)
  "${deny[@]}" check --hide-inclusion-graph bans licenses sources || return
  if timeout 60 "${deny[@]}" fetch db >/dev/null 2>&1; then
    "${deny[@]}" check --disable-fetch advisories
  else
    echo "NOT CHECKED: advisories of dependencies: the database cannot be fetched" >&2
  fi
}

check cargo fmt --all --check
check cargo clippy --workspace --all-targets -- --deny warnings
check env RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --document-private-items --quiet
check claims_page
check dependencies
# Fails only if the source cannot be read; the offline suite has the rules.
check ci/modules.sh
[ "${#red[@]}" = 0 ] || { printf 'red: %s\n' "${red[@]}" >&2; exit 1; }
