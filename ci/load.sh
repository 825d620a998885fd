# Sourced by scripts that measure under load: a compiler that works on the whole workspace again and again.
# shellcheck shell=bash

load_begin() {
  # In a process group of its own, so that all of it can be ended.
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
