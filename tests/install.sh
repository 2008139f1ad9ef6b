#!/bin/sh
# Installs into a folder of its own and uses what came there from another one.
# usage: install.sh CMAKE BUILD_FOLDER [EMULATOR...]
set -eu
cmake=$1 build=$2
shift 2

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
DESTDIR=$stage "$cmake" --install "$build" --prefix /usr >/dev/null
cd /
"$@" "$stage/usr/bin/conv4" --version | grep -q '^conv4 [0-9]'
"$@" "$stage/usr/bin/conv4" help | grep -q '^Usage: conv4'
share=$stage/usr/share
grep -q '^\.TH CONV4 1' "$share/man/man1/conv4.1"
grep -q '^complete -F _conv4 conv4' "$share/bash-completion/completions/conv4"
grep -q '^#compdef conv4' "$share/zsh/site-functions/_conv4"
[ -s "$share/doc/conv4/LICENSE" ]
# Nothing is left that points to where it was built.
! grep -qrF "$build" "$share"
