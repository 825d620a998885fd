# Sourced by scripts that have several parts: each runs whatever the parts before it said, and the end is one table.
# shellcheck shell=bash

# parts_begin FOLDER: what each part writes is kept there, in PART.log.
parts_begin() {
  parts_folder=$1
  rm -rf "$parts_folder"
  mkdir -p "$parts_folder"
  : >"$parts_folder/table"
  trap 'parts_end; exit 130' INT TERM
}

# part NAME COMMAND...: runs the command, shows and keeps what it writes, and notes how it ended.
part() {
  local name=$1 start=$SECONDS result=passed code
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  "$@" </dev/null 2>&1 | tee "$parts_folder/$name.log"
  code=${PIPESTATUS[0]}
  [ "$code" = 0 ] || result="RED ($code)"
  printf '%s\t%s\t%s\t%s\n' "$name" "$result" "$((SECONDS - start))" "$*" >>"$parts_folder/table"
}

# parts_end: prints the table; fails if a part was red, or if there was none.
parts_end() {
  local line='%-10s %-10s %7s  %s\n'
  # shellcheck disable=SC2059
  {
    echo
    printf "$line" PART RESULT SECONDS 'HOW TO RUN IT AGAIN'
    while IFS=$'\t' read -r name result seconds again; do
      printf "$line" "$name" "$result" "$seconds" "$again"
    done <"$parts_folder/table"
  }
  echo "what each part wrote is in $parts_folder"
  [ -s "$parts_folder/table" ] && ! grep -q $'\tRED' "$parts_folder/table"
}
