#!/usr/bin/env bash
# Makes what run-avx512.sh boots: the load image of Debian's kernel for virtual machines, and the
# guest's first process. Neither is installed on this machine, and root is not needed.
#
# usage: make-avx512-machine.sh --dir DIR [--kernel FILE.deb]
#
#   --kernel FILE.deb  a local linux-image package (default: the one on which linux-image-cloud-amd64
#                      depends, fetched with apt-get download)
#
# Nothing is done if DIR already has both.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
    echo "make-avx512-machine: $*" >&2
    exit 1
}

[[ $# -ge 2 && $1 == --dir ]] || die "usage: make-avx512-machine.sh --dir DIR [--kernel FILE.deb]"
dir=$2
deb=
[[ $# -lt 4 || $3 != --kernel ]] || deb=$(realpath "$4")
for tool in apt-get apt-cache dpkg-deb gcc objcopy readelf lz4 zstd xz; do
    command -v "$tool" >/dev/null || die "$tool is missing"
done

init=$here/avx512/init.c
if [[ -s $dir/kernel.conf && -x $dir/init && ! $init -nt $dir/init ]]; then
    exit 0
fi
mkdir -p "$(dirname "$dir")"
dir=$(realpath -ms "$dir")
tmp=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/machine"

# The unsigned little-endian number of $3 bytes at offset $2 of file $1.
number_at() {
    od -An "-tu$3" "-j$2" "-N$3" "$1" | tr -d ' '
}

# Unpacks the ELF file inside the bzImage $1 into $2. The header locates the packed part, whose last
# four bytes are its unpacked size.
unpack_kernel() {
    local offset length magic
    offset=$((($(number_at "$1" 497 1) + 1) * 512 + $(number_at "$1" 584 4)))
    length=$(number_at "$1" 588 4)
    dd if="$1" of="$tmp/packed" bs=64K iflag=skip_bytes,count_bytes skip=$offset \
        count=$((length - 4)) status=none
    magic=$(od -An -tx1 -N4 "$tmp/packed" | tr -d ' ')
    case $magic in
    02214c18) lz4 -q -d -c "$tmp/packed" >"$2" ;;
    28b52ffd) zstd -q -d -c "$tmp/packed" >"$2" ;;
    fd377a58) xz -q -d -c "$tmp/packed" >"$2" ;;
    1f8b*) gzip -q -d -c "$tmp/packed" >"$2" ;;
    *) die "a kernel that is packed in an unknown way ($magic)" ;;
    esac
}

if [[ -z $deb ]]; then
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        sed -n 's/^ *Depends: *//p' | head -n 1)
    [[ -n $package ]] || die "apt knows no linux-image-cloud-amd64 (apt-get update may help)"
    (cd "$tmp" && apt-get -q -o APT::Sandbox::User= download "$package" >log 2>&1) ||
        die "cannot download $package: $(tail -n 1 "$tmp/log")"
    deb=$(find "$tmp" -name '*.deb' -print -quit)
fi
dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tmp" --wildcards './boot/vmlinuz-*'
unpack_kernel "$(find "$tmp/boot" -name 'vmlinuz-*' -print -quit)" "$tmp/vmlinux"

# Without the zeros at its end, since the emulated memory is zero at first. A raw disk image has whole
# sectors; Bochs' has whole MiB here.
objcopy -O binary -R .bss -R .brk -R .init.scratch "$tmp/vmlinux" "$tmp/machine/kernel.img"
truncate -s %1M "$tmp/machine/kernel.img"
address=$(readelf -lW "$tmp/vmlinux" | awk '$1 == "LOAD" { print $4; exit }')
# The PVH entry point is the note of type 18 by "Xen": 4 or 8 bytes after its header.
objcopy -O binary --only-section=.notes "$tmp/vmlinux" "$tmp/notes"
entry=$(od -An -v -tx1 "$tmp/notes" | tr -d ' \n' |
    sed -n 's/.*040000000[48]0000001200000058656e00\(..\)\(..\)\(..\)\(..\).*/0x\4\3\2\1/p')
[[ -n $address && -n $entry ]] || die "this kernel has no PVH entry point"
printf 'kernel_address=%s\nkernel_entry=%s\n' "$((address))" "$((entry))" \
    >"$tmp/machine/kernel.conf"

gcc -std=gnu17 -O2 -Wall -Wextra -static "$init" -o "$tmp/machine/init"
rm -rf "$dir"
mv "$tmp/machine" "$dir"
echo "make-avx512-machine: $(du -sm "$dir" | cut -f1) MiB in $dir" >&2
