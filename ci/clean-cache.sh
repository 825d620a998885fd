#!/bin/sh
# Removes downloads and images for clusters from the cache folder and the container engine. Clusters are not removed.
set -eu

rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/podproof"
if docker version >/dev/null 2>&1; then
    docker images --format '{{.Repository}}:{{.Tag}}' --filter 'reference=podproof.local/*' | while read -r image; do
        # Fails for an image that a cluster uses.
        docker image rm --force "$image" >/dev/null 2>&1 || echo "image $image is in use" >&2
    done
fi
