#!/bin/sh
# Makes the root of a node a node image of one Kubernetes. Runs inside the build container, which has
#   /in/bin    kubeadm, kubelet, kubectl, kube-*
#   /in/parts  etcd and catatonit
# and in the environment VERSION, SYSTEMD_CGROUPS (true, false), KEEP_CGROUP_BINDS (true, false).
set -eu

# Copies programs and the libraries they load to a new root.
closure() {
    root=$1
    shift
    for file in "$@"; do
        mkdir -p "$root$(dirname "$file")"
        cp -L "$file" "$root$file"
        ldd "$file" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
            mkdir -p "$root$(dirname "$library")"
            cp -L "$library" "$root$library"
        done
    done
}

# Gives a root file system to the container runtime as the image of this name.
image() {
    root=$1 name=$2 entrypoint=$3
    work=$(mktemp -d)
    tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
    layer=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
    jq -cn --arg layer "sha256:$layer" --argjson entrypoint "$entrypoint" --arg arch "$(dpkg --print-architecture)" \
        '{architecture: $arch, os: "linux", rootfs: {type: "layers", diff_ids: [$layer]},
          config: {Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Entrypoint: $entrypoint}}' \
        >"$work/config.json"
    jq -cn --arg name "$name" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$work/manifest.json"
    tar -C "$work" -cf - config.json layer.tar manifest.json | ctr -n k8s.io images import --no-unpack - >/dev/null
    rm -rf "$work" "$root"
}

if [ "$KEEP_CGROUP_BINDS" = false ]; then
    bind='mount --bind "${subsystem}/${cgroup_root}" "${subsystem}/${cgroup_root}"'
    grep -qF "$bind" /usr/local/bin/entrypoint
    awk -v bind="$bind" 'index($0, bind) == 0' /usr/local/bin/entrypoint >/tmp/entrypoint
    cat /tmp/entrypoint >/usr/local/bin/entrypoint
    rm /tmp/entrypoint
fi

install -m 755 /in/bin/kubeadm /in/bin/kubelet /in/bin/kubectl /usr/bin/
printf %s "$VERSION" >/kind/version
kubeadm config images list --kubernetes-version "$VERSION" 2>/dev/null >/tmp/wanted
pause=$(grep '/pause:' /tmp/wanted)
sed -i "s#sandbox_image = .*#sandbox_image = \"$pause\"#; s#SystemdCgroup = .*#SystemdCgroup = $SYSTEMD_CGROUPS#" \
    /etc/containerd/config.toml
ctr oci spec | jq '.hooks.createContainer += [{path: "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
    >/etc/containerd/cri-base.json

containerd >/tmp/containerd.log 2>&1 &
containerd=$!
tries=0
until ctr version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat /tmp/containerd.log >&2; exit 1; }
    sleep 0.1
done
while read -r name; do
    part=${name##*/}
    part=${part%%:*}
    root=$(mktemp -d)
    mkdir -p "$root/tmp" "$root/run" "$root/usr/local/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/bin"
    for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
    entrypoint=null
    case $part in
        pause)
            install -m 755 /in/parts/catatonit "$root/pause"
            entrypoint='["/pause", "-P"]'
            ;;
        etcd)
            install -m 755 /in/parts/etcd /usr/local/bin/etcd
            closure "$root" /usr/local/bin/etcd
            rm /usr/local/bin/etcd
            ;;
        kube-*)
            install -m 755 "/in/bin/$part" "/usr/local/bin/$part"
            closure "$root" "/usr/local/bin/$part"
            rm "/usr/local/bin/$part"
            ;;
        # CoreDNS is not in Debian: a cluster of this image has no cluster DNS.
        *) rm -rf "$root"; continue ;;
    esac
    if [ "$part" = kube-proxy ]; then
        extensions=/usr/lib/$(uname -m)-linux-gnu/xtables
        closure "$root" /usr/sbin/xtables-legacy-multi /usr/sbin/xtables-nft-multi /usr/sbin/conntrack \
            /usr/bin/kmod /usr/bin/dash "$extensions"/*.so
        [ ! -e /usr/sbin/nft ] || closure "$root" /usr/sbin/nft
        ln -s dash "$root/usr/bin/sh"
        ln -s ../bin/kmod "$root/usr/sbin/modprobe"
        cat >"$root/usr/sbin/iptables" <<'WRAPPER'
#!/bin/sh
# Follows the mode in which the kubelet of this node wrote its chains.
case "$(xtables-legacy-multi iptables-save 2>/dev/null)" in
    *KUBE-*) mode=legacy ;;
    *) mode=nft ;;
esac
exec "xtables-$mode-multi" "${0##*/}" "$@"
WRAPPER
        chmod 755 "$root/usr/sbin/iptables"
        for name_of_iptables in iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
            ln -s iptables "$root/usr/sbin/$name_of_iptables"
        done
    fi
    image "$root" "$name" "$entrypoint"
done </tmp/wanted
kill "$containerd"
wait "$containerd" || true
rm -rf /run/containerd /tmp/containerd.log /tmp/wanted
