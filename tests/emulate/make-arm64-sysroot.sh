#!/usr/bin/env bash
# Makes a folder of Debian's arm64 development packages, for linking and for running programs with
# run-aarch64.sh. It does not need root and leaves dpkg's architectures and apt's lists alone.
#
# usage: make-arm64-sysroot.sh --dir DIR PACKAGE...
#
# The packages' dependencies are included, libc6-dev and libgomp1 always. Nothing is done if DIR
# already has all of them.
set -euo pipefail

die() {
    echo "make-arm64-sysroot: $*" >&2
    exit 1
}

[[ $# -gt 2 && $1 == --dir ]] || die "usage: make-arm64-sysroot.sh --dir DIR PACKAGE..."
dir=$2
shift 2
for tool in apt-get dpkg-deb realpath; do
    command -v "$tool" >/dev/null || die "$tool is missing"
done

want=$(printf '%s\n' libc6-dev libgomp1 "$@" | sort -u)
if [[ -f $dir/.packages ]] && [[ -z $(comm -23 <(echo "$want") "$dir/.packages") ]]; then
    exit 0
fi

# A separate apt: this machine's sources, but with lists, cache and an empty list of installed
# packages in a scratch folder. dpkg --add-architecture arm64 would tie each arm64 library to the
# installed amd64 version and let apt remove amd64 packages.
mkdir -p "$(dirname "$dir")"
dir=$(realpath -ms "$dir")
tmp=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp"/{root,lists/partial,cache/archives/partial}
: >"$tmp/status"
apt=(apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64
    -o "Dir::State=$tmp" -o "Dir::State::lists=$tmp/lists"
    -o "Dir::State::status=$tmp/status" -o "Dir::Cache=$tmp/cache"
    -o APT::Sandbox::User= -o APT::Get::List-Cleanup=false
    -o Debug::NoLocking=true -o Acquire::Languages=none)
"${apt[@]}" update >"$tmp/log" 2>&1 || true # a source without arm64 may fail
readarray -t packages <<<"$want"
"${apt[@]}" install -y --download-only --no-install-recommends "${packages[@]}" >>"$tmp/log" 2>&1 || {
    tail -n 20 "$tmp/log" >&2
    die "apt-get cannot download the packages"
}
for deb in "$tmp"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$tmp/unpacked"
done

# Absolute links would lead out of the folder.
while IFS= read -r -d '' link; do
    target=$(readlink "$link")
    ln -sfn "$(realpath -ms --relative-to="$(dirname "$link")" "$tmp/unpacked$target")" "$link"
done < <(find "$tmp/unpacked" -type l -lname '/*' -print0)
echo "$want" >"$tmp/unpacked/.packages"
rm -rf "$dir"
mv "$tmp/unpacked" "$dir"
echo "make-arm64-sysroot: $(du -sm "$dir" | cut -f1) MiB in $dir" >&2
