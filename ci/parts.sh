# Sourced by scripts with several parts: every part runs, even after a failure, and a table at the end shows the
# results.
# shellcheck shell=bash

# parts_begin FOLDER: writes the output of each part to FOLDER/PART.log.
parts_begin() {
  parts_folder=$1
  rm -rf "$parts_folder"
  mkdir -p "$parts_folder"
  : >"$parts_folder/table"
  trap 'parts_end; exit 130' INT TERM
}

# part NAME COMMAND...: runs the command, prints and saves its output, and records its result.
part() {
  local name=$1 start=$SECONDS result=passed code
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  "$@" </dev/null 2>&1 | tee "$parts_folder/$name.log"
  code=${PIPESTATUS[0]}
  [ "$code" = 0 ] || result="RED ($code)"
  printf '%s\t%s\t%s\t%s\n' "$name" "$result" "$((SECONDS - start))" "$*" >>"$parts_folder/table"
}

# parts_end: prints the table. Fails if a part failed or if there was no part.
parts_end() {
  local line='%-10s %-10s %7s  %s\n'
  # shellcheck disable=SC2059
  {
    echo
    printf "$line" PART RESULT SECONDS 'COMMAND'
    while IFS=$'\t' read -r name result seconds again; do
      printf "$line" "$name" "$result" "$seconds" "$again"
    done <"$parts_folder/table"
  }
  echo "logs: $parts_folder"
  [ -s "$parts_folder/table" ] && ! grep -q $'\tRED' "$parts_folder/table"
}
