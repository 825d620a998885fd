#!/usr/bin/env bash
# Writes the pieces of a new claim as stubs: they compile, and the case fails until its assertion is written.
#
#   ci/claim.sh AREA/NAME ['Title of the claim']
set -euo pipefail
cd "$(dirname "$0")/.."

id=${1:?usage: ci/claim.sh AREA/NAME [TITLE]}
title=${2:-Replace this with one sentence that must hold}
area=${id%%/*} name=${id#*/}
fail() { echo "$1" >&2; exit 2; }
[[ $id =~ ^[a-z]+/[a-z][a-z0-9]*(-[a-z0-9]+)*$ ]] || fail "'$id' is not AREA/NAME in lowercase letters, digits and hyphens, each beginning with a letter"
cases=harness/src/cases/$area manifests=manifests/cases/$area
[ -d "$cases" ] || fail "no area '$area'; the areas are: $(cd harness/src/cases && echo */ | tr -d /)"
! grep -q "^- id: $id\$" manifests/claims.yaml || fail "the claim $id exists"
# A YAML string in single quotes.
quoted="'${title//\'/\'\'}'"
module=${name//-/_} constant=$(tr a-z- A-Z_ <<<"$name")
[ ! -e "$cases/$module.rs" ] || fail "$cases/$module.rs exists: choose another name, or move the file first"

# Inserts stdin into FILE before the first line after LINE (a pattern) that matches STOP, or at the end.
insert() {
  local text
  # Keeps the newlines at the end.
  text=$(cat; echo .)
  text=${text%.} awk -v from="$2" -v stop="$3" '
    !done && seen && $0 ~ stop { printf "%s", ENVIRON["text"]; done = 1 }
    { print }
    $0 ~ from { seen = 1 }
    END { if (!done) printf "%s", ENVIRON["text"] }' "$1" >"$1.new"
  mv "$1.new" "$1"
}

last=$(grep "^- id: $area/" manifests/claims.yaml | tail -1)
insert manifests/claims.yaml "^$last\$" '^- id: ' <<YAML
- id: $id
  title: $quoted
  level: extended
  tier: quick
  given: a pod
  when: its container runs
  then:
    it-holds: replace this with the assertion
  sources:
    - https://kubernetes.io/docs/concepts/workloads/pods/

YAML

cat >"$manifests/$name.yaml" <<YAML
# Describe what the pod does.
apiVersion: v1
kind: Pod
metadata: { name: pod }
spec:
  containers:
    - name: main
      image: podproof/probe
      args: [identity, then, hold]
YAML

cat >"$manifests/$name.mutants.yaml" <<YAML
mutants:
- name: broken
  breaks: replace this with the change that makes the claim fail on a healthy cluster
  must_fail: it-holds
  patch:
    - { op: replace, path: /pod/spec/containers/0/args/0, value: identity }
YAML

cat >"$cases/$module.rs" <<RUST
//! $title.

use crate::cases::case::Case;
use crate::stage::{PodProfile, Stage, StageError};
use podproof_core::evidence::{Evidence, Missing};
use podproof_core::judge::Inquiry;

const POD: &str = "pod";
const CONTAINER: &str = "main";

pub(super) const $constant: Case = Case {
    id: "$id",
    pod_profile: PodProfile::Restricted,
    allows: &[],
    drive: |stage| Box::pin(drive(stage)),
    judge,
};

async fn drive(stage: &Stage) -> Result<(), StageError> {
    let pod = stage.create(POD).await?;
    stage.until_reported(&pod, CONTAINER, 0, "identity").await
}

fn judge(seen: &Evidence, inquiry: &mut Inquiry) -> Result<(), Missing> {
    let uid = &seen.applied(POD, 0)?.uid;
    let identity = seen.log_report(uid, CONTAINER, 0, "identity")?;
    inquiry.assert_equal("it-holds", &"the expected value", &"not compared yet", identity.pointer);
    Ok(())
}
RUST

insert "$cases/mod.rs" '^mod ' '^$' <<<"mod $module;"
insert "$cases/mod.rs" 'const CASES' '^];' <<<"    $module::$constant,"
insert "$cases/tampering.rs" '^pub[(]crate[)] const' '^];' \
  <<<"    (\"$id\", \"it-holds\", |_| unimplemented!(\"contradict the assertion in the evidence\")),"
cargo fmt --all

cat <<TEXT
Written: the claim in manifests/claims.yaml, $manifests/$name.yaml and $name.mutants.yaml,
$cases/$module.rs, and a row in $cases/tampering.rs.

1. Write the manifest, drive and judge; make the mutant break the claim:
     cargo run -p podproof-cli -- prove --cluster kind --select $id
2. Record the evidence for the offline tests, and write the claims page:
     make fixtures ID=$id
3. Contradict each assertion in $cases/tampering.rs, and run make test.
TEXT
