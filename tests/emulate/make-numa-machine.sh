#!/usr/bin/env bash
# Makes what run-numa.sh boots: Debian's kernel for virtual machines and the guest's first process.
# Neither is installed on this machine, and root is not needed.
#
# usage: make-numa-machine.sh --dir DIR [--kernel FILE.deb]
#
#   --kernel FILE.deb  a local linux-image package (default: the one on which linux-image-cloud-amd64
#                      depends, fetched with apt-get download)
#
# Nothing is done if DIR already has both.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
    echo "make-numa-machine: $*" >&2
    exit 1
}

[[ $# -ge 2 && $1 == --dir ]] || die "usage: make-numa-machine.sh --dir DIR [--kernel FILE.deb]"
dir=$2
deb=
[[ $# -lt 4 || $3 != --kernel ]] || deb=$(realpath "$4")
for tool in apt-get apt-cache dpkg-deb gcc; do
    command -v "$tool" >/dev/null || die "$tool is missing"
done
init=$here/numa/init.c
if [[ -s $dir/vmlinuz && -x $dir/init && ! $init -nt $dir/init ]]; then
    exit 0
fi
mkdir -p "$(dirname "$dir")"
dir=$(realpath -ms "$dir")
tmp=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/machine"
if [[ -z $deb ]]; then
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        sed -n 's/^ *Depends: *//p' | head -n 1)
    [[ -n $package ]] || die "apt knows no linux-image-cloud-amd64 (apt-get update may help)"
    (cd "$tmp" && apt-get -q -o APT::Sandbox::User= download "$package" >log 2>&1) ||
        die "cannot download $package: $(tail -n 1 "$tmp/log")"
    deb=$(find "$tmp" -name '*.deb' -print -quit)
fi
dpkg-deb --fsys-tarfile "$deb" |
    tar -x -C "$tmp" --wildcards './boot/vmlinuz-*' './boot/config-*'
grep -q '^CONFIG_ACPI_NUMA=y' "$tmp"/boot/config-* || die "this kernel knows no NUMA nodes"
cp "$tmp"/boot/vmlinuz-* "$tmp/machine/vmlinuz"
gcc -std=gnu17 -O2 -Wall -Wextra -static "$init" -o "$tmp/machine/init"
rm -rf "$dir"
mv "$tmp/machine" "$dir"
echo "make-numa-machine: $(du -sm "$dir" | cut -f1) MiB in $dir" >&2
