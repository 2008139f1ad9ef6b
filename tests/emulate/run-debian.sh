#!/bin/sh
# Runs a command in a fresh clone of this repository on a bare Debian of another release: a root folder
# made by debootstrap, without compiler or CMake, with nothing from this machine but its apt sources,
# certificates and name resolution. Needs to be run as root.
#
# usage: run-debian.sh --suite NAME --dir DIR COMMAND [ARGUMENT...]
#
#   --suite NAME   trixie (13) or another release
#   --dir DIR      where the root folder is kept, some 400 MB; every run starts from a copy of it
#
# Exit status: the command's; 77 (skipped) if the root folder cannot be made; 2 wrong usage.
set -eu
suite='' dir=''
while [ $# -gt 0 ]; do
	case $1 in
	--suite) suite=$2 ;;
	--dir) dir=$2 ;;
	*) break ;;
	esac
	shift 2
done
if [ -z "$suite" ] || [ -z "$dir" ] || [ $# -eq 0 ]; then
	sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
	exit 2
fi

skip() {
	echo "skipped: $*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "only root can make another system"
command -v debootstrap >/dev/null || skip "debootstrap is missing"
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
base=$dir/$suite run=$dir/run.$$
# shellcheck disable=SC2016 # a field of apt-get's
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | head -n 1)

if [ ! -e "$base/made" ]; then
	rm -rf "$base"
	mkdir -p "$base/system"
	script=
	[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
	# shellcheck disable=SC2086 # two words or one
	debootstrap --variant=minbase --include=ca-certificates,git "$suite" "$base/system" ${mirror:+"$mirror"} $script \
		>"$dir/debootstrap.log" 2>&1 || skip "debootstrap failed: $(tail -n 1 "$dir/debootstrap.log")"
	rm -rf "$base/system/etc/apt/sources.list.d"
	mkdir -p "$base/system/etc/apt/sources.list.d"
	[ -z "$mirror" ] || echo "deb [trusted=yes] $mirror $suite main" >"$base/system/etc/apt/sources.list"
	for file in /etc/apt/auth.conf.d /etc/apt/apt.conf.d/99*; do
		[ ! -e "$file" ] || cp -R "$file" "$base/system$(dirname "$file")/"
	done
	cp -L /etc/ssl/certs/ca-certificates.crt "$base/system/etc/ssl/certs/"
	touch "$base/made"
fi

# shellcheck disable=SC2317 # called by a trap
finish() {
	for place in dev sys proc; do
		! mountpoint -q "$run/$place" || umount -R -l "$run/$place"
	done
	rm -rf --one-file-system "$run"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP
cp -a "$base/system" "$run"
cp -L /etc/resolv.conf /etc/hosts "$run/etc/"
git clone -q --no-hardlinks "$here" "$run/srv/conv4"
mount -t proc proc "$run/proc"
mount -t sysfs sysfs "$run/sys"
mount --rbind /dev "$run/dev"
status=0
chroot "$run" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	sh -c 'cd /srv/conv4 && exec "$@"' sh "$@" </dev/null || status=$?
exit $status
