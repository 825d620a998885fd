#!/usr/bin/env bash
# Four checks of the catalogue as a hand-written serial kubectl script. Only for the comparison with podproof's time in
# `ci/compare-serial.sh`.
#
#   ci/serial-kubectl.sh KUBECONFIG CONTEXT PROBE_IMAGE
set -euo pipefail

kubeconfig=$1 context=$2 image=$3
namespace=serial-$$
k() { kubectl --kubeconfig "$kubeconfig" --context "$context" --namespace "$namespace" "$@"; }
fail() { echo "FAIL $*" >&2; exit 1; }

k create namespace "$namespace" >/dev/null
trap 'k delete namespace "$namespace" --wait=false >/dev/null' EXIT
until k get serviceaccount default >/dev/null 2>&1; do sleep 0.2; done

# pod NAME RESTART_POLICY "container: args" ...
pod() {
  local name=$1 policy=$2 container
  shift 2
  {
    printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s"},"spec":{"restartPolicy":"%s",' "$name" "$policy"
    printf '"terminationGracePeriodSeconds":1,"volumes":[{"name":"data","emptyDir":{}}],"containers":['
    local comma=
    for container in "$@"; do
      printf '%s{"name":"%s","image":"%s","imagePullPolicy":"IfNotPresent","command":["/probe",%s],' \
        "$comma" "${container%%:*}" "$image" "${container#*:}"
      printf '"volumeMounts":[{"name":"data","mountPath":"/data"}]}'
      comma=,
    done
    printf ']}}'
  } | k create -f - >/dev/null
}
restarts() { k get pod "$1" -o 'jsonpath={.status.containerStatuses[0].restartCount}'; }
phase() { k get pod "$1" -o 'jsonpath={.status.phase}'; }

# volume/survives-exit-nonzero
pod crash Always 'main:"exit-when","--path","/data/go","--code","42"'
k wait --for=condition=Ready pod/crash --timeout=60s >/dev/null
k exec crash -- /probe write --path /data/token --text token >/dev/null
# The container may terminate before the exec command returns.
k exec crash -- /probe write --path /data/go --text now >/dev/null 2>&1 || true
until [ "$(restarts crash)" = 1 ]; do sleep 0.2; done
k wait --for=condition=Ready pod/crash --timeout=60s >/dev/null
k exec crash -- /probe read --path /data/token | grep -q '"content":"token"' || fail survives-exit-nonzero
k delete pod crash >/dev/null
echo PASS volume/survives-exit-nonzero

# volume/gone-on-same-name-recreate
pod again Always 'main:"hold"'
k wait --for=condition=Ready pod/again --timeout=60s >/dev/null
k exec again -- /probe write --path /data/token --text token >/dev/null
k delete pod again >/dev/null
pod again Always 'main:"hold"'
k wait --for=condition=Ready pod/again --timeout=60s >/dev/null
k exec again -- /probe read --path /data/token | grep -q '"present":false' || fail gone-on-same-name-recreate
k delete pod again >/dev/null
echo PASS volume/gone-on-same-name-recreate

# ipc/mc2-article
pod mc2 Never 'producer:"produce"' 'consumer:"consume","--retry-for","10"'
until [ "$(phase mc2)" = Succeeded ]; do sleep 0.2; done
[ "$(k logs mc2 -c consumer | grep -c '^Consumed: ')" = 501 ] || fail mc2-article
k delete pod mc2 >/dev/null
echo PASS ipc/mc2-article

# startup/race-reproduced
pod race Never 'consumer:"consume"' 'producer:"produce"'
until [ "$(k get pod race -o 'jsonpath={.status.containerStatuses[?(@.name=="consumer")].state.terminated.exitCode}')" = 1 ]
do sleep 0.2; done
until [ "$(k logs race -c producer | grep -c '^Produced: ')" = 11 ]; do sleep 0.2; done
[ "$(phase race)" = Running ] || fail race-reproduced
k delete pod race >/dev/null
echo PASS startup/race-reproduced
