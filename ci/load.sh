# Sourced by scripts that measure under load: builds the whole workspace in a loop in the background.
# shellcheck shell=bash

load_begin() {
  # In its own process group, so that load_end can kill all of it.
  setsid bash -c '
    while :; do
      rm -rf target/load
      cargo build --workspace --quiet --target-dir target/load
    done' </dev/null >/dev/null 2>&1 &
  load_group=$!
}

load_end() {
  [ -n "${load_group-}" ] || return 0
  kill -- "-$load_group" 2>/dev/null || true
  load_group=
  rm -rf target/load
}
