#!/bin/sh
# Makes a plain Debian the root of a node, still without Kubernetes. Runs inside the build container, which has
#   /in/kind        kind's files for nodes
#   /in/containerd  containerd with its tools, unless Debian's is to be used
# and in the environment CONFLIST, the network of the first node. The arguments are the packages to install.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get --quiet=2 install --no-install-recommends "$@" >/dev/null
apt-get clean

cp -r /in/kind/. /
chmod 755 /kind/bin /kind/bin/* /usr/local/bin/*
rm -f /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service \
    /lib/systemd/system/multi-user.target.wants/* /lib/systemd/system/local-fs.target.wants/* \
    /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl* \
    /lib/systemd/system/basic.target.wants/* /etc/systemd/system/*.wants/*
echo ReadKMsg=no >>/etc/systemd/journald.conf
mkdir -p /etc/kubernetes/manifests /etc/cni/net.d /opt/cni
printf %s "$CONFLIST" >/etc/cni/net.d/10-podproof.conflist
ln -s /usr/lib/cni /opt/cni/bin
if [ -d /in/containerd ]; then
    install -m 755 /in/containerd/* /usr/local/bin/
else
    sed -i 's#^ExecStart=.*/containerd$#ExecStart=/usr/bin/containerd#' /etc/systemd/system/containerd.service
fi
systemctl --quiet enable kubelet.service containerd.service undo-mount-hacks.service
systemctl --quiet mask systemd-binfmt.service
