#!/bin/sh
# Removes what was fetched and built for clusters, in the cache folder and in the engine. Clusters stay.
set -eu

rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/podproof"
if docker version >/dev/null 2>&1; then
    docker images --format '{{.Repository}}:{{.Tag}}' --filter 'reference=podproof.local/*' | while read -r image; do
        # An image that a cluster is made of stays as long as the cluster.
        docker image rm --force "$image" >/dev/null 2>&1 || echo "image $image is in use" >&2
    done
fi
